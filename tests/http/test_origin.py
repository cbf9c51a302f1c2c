"""Which requests come through a web page of somebody else."""

from __future__ import annotations

import pytest

from authorizer.http.access.origin import is_foreign

Headers = list[tuple[bytes, bytes]]


def headers(**named: str) -> Headers:
    return [(name.replace("_", "-").encode(), text.encode()) for name, text in named.items()]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LocalHost:8080",
        "localhost:",
        "127.0.0.1",
        "127.0.0.1:65535",
        "127.8.8.8:1",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]:8080",
    ],
)
def test_loopback_names_are_our_own(host: str) -> None:
    assert not is_foreign(headers(host=host))
    assert not is_foreign(headers(host=host, origin=f"http://{host.lower()}"))


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8080",
        "localhost.example",
        "evil.localhost",
        "127.0.0.1.example",
        "127.0.0.1@example",
        "example@127.0.0.1",
        "10.0.0.1:8080",
        "0.0.0.0:8080",
        "[::]:8080",
        "[fe80::1]",
        "::1",
        "[localhost]",
        "localhost:8080:8080",
        "localhost:x",
        "localhost/",
        " localhost",
        "127.0.0.1, rebound.example",
        "",
        "\u0131ocalhost",
        "\uff11\uff12\uff17.0.0.1",
        "[::1%25lo]",
    ],
)
def test_no_other_name_is(host: str) -> None:
    assert is_foreign(headers(host=host))


def test_two_hosts_are_none() -> None:
    assert is_foreign([(b"host", b"localhost"), (b"host", b"localhost")])


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "https://localhost:8080",
        "http://localhost",
        "http://localhost:80801",
        "localhost:8080",
        "chrome-extension://abcdefgh",
    ],
)
def test_another_origin_is_foreign(origin: str) -> None:
    assert is_foreign(headers(host="localhost:8080", origin=origin))


def test_an_origin_without_a_host_is_foreign() -> None:
    assert is_foreign(headers(origin="http://localhost:8080"))


def test_a_default_port_may_be_left_out() -> None:
    assert not is_foreign(headers(host="localhost:80", origin="http://localhost"))
    assert not is_foreign(headers(host="localhost", origin="http://localhost:80"))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin", "none, cross-site"])
def test_another_site_is_foreign(site: str) -> None:
    assert is_foreign(headers(host="localhost:8080", sec_fetch_site=site))


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_pages_and_the_address_bar_are_not(site: str) -> None:
    assert not is_foreign(headers(host="localhost:8080", sec_fetch_site=site))


def test_what_comes_from_no_browser_is_not() -> None:
    assert not is_foreign([])
    assert not is_foreign(headers(accept="*/*", referer="http://evil.example/", cookie="a=b"))
