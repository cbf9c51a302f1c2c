"""Which requests are plain beyond doubt, and that a head is read once."""

from __future__ import annotations

import pytest

from authorizer.http import plain_heads
from authorizer.http.plain_heads import PlainHeads

HEAD = b"POST /transactions HTTP/1.1\r\nHost: a\r\nContent-Length: 2"


@pytest.fixture
def heads() -> PlainHeads:
    return PlainHeads(frozenset(("/transactions", "/authorize")))


def test_a_plain_head_is_told_as_in_an_asgi_scope(heads: PlainHeads) -> None:
    plain = heads.find(HEAD + b"\r\nX-Request-ID: mine\r\nX-TWICE:  1 \r\nX-Twice: 2", b"{}")
    assert plain is not None
    assert plain.headers == [
        (b"host", b"a"),
        (b"content-length", b"2"),
        (b"x-request-id", b"mine"),
        (b"x-twice", b"1 "),
        (b"x-twice", b"2"),
    ]
    assert (plain.body_bytes, plain.request_id) == (2, b"mine")


def test_a_head_that_is_known_is_not_read_again(heads: PlainHeads) -> None:
    first = heads.find(HEAD, b"{}")
    assert first is not None
    assert heads.find(HEAD, b"[]") is first
    assert heads.find(HEAD, b"") is None
    assert heads.find(HEAD, b"{} ") is None
    assert heads.find(HEAD, b"{}") is first


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"POST", b"PUT"),
        HEAD.replace(b"POST", b"post"),
        HEAD.replace(b"/transactions", b"/transactions?x=1"),
        HEAD.replace(b"/transactions", b"/transaction%73"),
        HEAD.replace(b"/transactions", b"/accounts"),
        HEAD.replace(b"/transactions", b"http://a/transactions"),
        HEAD.replace(b"1.1", b"1.0"),
        HEAD.replace(b"Content-Length: 2", b"Content-Length: 1"),
        HEAD.replace(b"Content-Length: 2", b"Content-Length: 3"),
        HEAD.replace(b"Content-Length: 2", b"Content-Length: +2"),
        HEAD.replace(b"Content-Length: 2", b"X: y"),
        HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        HEAD + b"\r\nContent-Length: 2",
        HEAD + b"\r\nTransfer-Encoding: identity",
        HEAD + b"\r\nConnection: close",
        HEAD + b"\r\nConnection: Upgrade\r\nUpgrade: h2c",
        HEAD + b"\r\nUpgrade: h2c",
        HEAD + b"\r\nExpect: 100-continue",
        HEAD + b"\r\nno colon",
        HEAD + b"\r\n folded: line",
        HEAD + b"\r\nX: " + b"x" * plain_heads.MAX_HEAD_BYTES,
        b"\r\n" + HEAD,
        b"",
    ],
)
def test_whatever_else_is_not_plain_and_leaves_no_trace(heads: PlainHeads, head: bytes) -> None:
    for _ in range(2):
        assert heads.find(head, b"{}") is None
        assert heads.find(HEAD, b"{}") is not None


def test_a_head_and_a_second_request_are_not_plain(heads: PlainHeads) -> None:
    assert heads.find(HEAD, b"{}" + HEAD + b"\r\n\r\n{}") is None
    assert heads.find(HEAD.replace(b"2", b"0"), b"{}") is None
    assert heads.find(HEAD, b"{}") is not None


def test_a_request_id_that_is_not_fit_is_none(heads: PlainHeads) -> None:
    plain = heads.find(HEAD + b"\r\nX-Request-Id: not fit", b"{}")
    assert plain is not None
    assert plain.request_id is None


def test_the_heads_that_are_known_are_bounded(heads: PlainHeads) -> None:
    for number in range(3 * plain_heads.MAX_KNOWN):
        assert heads.find(HEAD + b"\r\nX-Request-Id: %d" % number, b"{}") is not None
        assert len(heads._known) <= plain_heads.MAX_KNOWN
