"""Which requests are plain beyond doubt, and that a head is read once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.http.connection import plain_heads
from authorizer.http.connection.plain_heads import END_OF_HEAD, PlainHead, PlainHeads

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
        (b"x-twice", b"1 "),
        (b"x-twice", b"2"),
    ]
    assert (plain.body_bytes, plain.request_id) == (2, b"mine")
    assert plain.foreign


def test_whose_page_sent_it_is_found_out_with_the_head(heads: PlainHeads) -> None:
    own = HEAD.replace(b"Host: a", b"Host: localhost:8080")
    for head, foreign in ((own, False), (own + b"\r\nOrigin: null", True)):
        plain = heads.find(head, b"{}")
        assert plain is not None
        assert plain.foreign is foreign


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
        assert heads.find(HEAD + b"\r\nX: %d" % number, b"{}") is not None
        assert len(heads) <= plain_heads.MAX_KNOWN


def test_a_head_that_comes_again_stays_known_however_many_others_come_once(
    heads: PlainHeads,
) -> None:
    first = heads.find(HEAD, b"{}")
    for number in range(3 * plain_heads.MAX_KNOWN):
        assert heads.find(HEAD + b"\r\nX: %d" % number, b"{}") is not None
        if number % (plain_heads.MAX_KNOWN // 2 - 1) == 0:
            assert heads.find(HEAD, b"{}") is first
    for number in range(plain_heads.MAX_KNOWN):
        heads.find(HEAD + b"\r\nY: %d" % number, b"{}")
    assert heads.find(HEAD, b"{}") is not first, "nobody has asked for it for long"


@pytest.mark.parametrize(
    "name",
    [b"Idempotency-Key", b"idempotency-key", b"X-REQUEST-ID", b"traceparent", b"Tracestate"],
)
@pytest.mark.parametrize("where", [b"\r\nHost: a", b"\r\nContent-Length: 2"])
def test_a_head_is_known_whatever_names_its_request(
    heads: PlainHeads, name: bytes, where: bytes
) -> None:
    for number in range(3 * plain_heads.MAX_KNOWN):
        line = b"\r\n%s: n-%d" % (name, number)
        plain = heads.find(HEAD.replace(where, where + line), b"{}")
        assert plain is not None
        said = (plain.request_id, plain.idempotency_keys)
        of_name = {
            b"x-request-id": (b"n-%d" % number, []),
            b"idempotency-key": (None, [b"n-%d" % number]),
        }
        assert said == of_name.get(name.lower(), (None, []))
    assert len(heads) == 1
    assert heads.find(HEAD, b"{}") is heads.find(HEAD, b"[]")


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        (b"Idempotency-Key: a", (b"a",)),
        (b"Idempotency-Key:a", (b"a",)),
        (b"Idempotency-Key: a\r\nIdempotency-Key: b", (b"a", b"b")),
        (b"Idempotency-Key: a\r\nidempotency-key:  b c ", (b"a", b"b c ")),
        (b"Idempotency-Key: \xc3\xa7", (b"\xc3\xa7",)),
        (b"Idempotency-Key:", (b"",)),
        (b"Idempotency-Key: " + b"k" * 300, (b"k" * 300,)),
        (b"Idempotency-Keys: a", ()),
        (b"X: Idempotency-Key: a", ()),
    ],
)
def test_the_keys_of_a_head_are_those_that_the_parser_reads(
    heads: PlainHeads, lines: bytes, keys: tuple[bytes, ...]
) -> None:
    for head in (HEAD, HEAD + b"\r\n" + lines, HEAD.replace(b"\r\n", b"\r\n" + lines + b"\r\n", 1)):
        plain = heads.find(head, b"{}")
        assert plain is not None
        assert sorted(plain.idempotency_keys) == sorted(keys if head is not HEAD else ())


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"\r\nIdempotency-Key: a\r\n b",
        HEAD + b"\r\nIdempotency-Key: a\r\n\tContent-Length: 2",
        HEAD + b"\n\r\nIdempotency-Key: a",
        b"POST /transactions HTTP/1.1\r\nIdempotency-Key: a",
        HEAD + b"\r\nIdempotency-Key : a",
        HEAD + b"\r\nX-Request-Id: " + b"x" * plain_heads.MAX_HEAD_BYTES,
    ],
)
def test_a_line_is_lifted_only_where_no_other_is_read_otherwise(
    heads: PlainHeads, head: bytes
) -> None:
    for body in (b"{}", b"\r\n"):
        assert heads.find(head, body) is None
        assert heads.find(HEAD, b"{}") is not None


LINES = st.sampled_from(
    (
        b"X-Request-Id: mine", b"x-request-id:other", b"X-REQUEST-ID: not fit",
        b"X-Request-Id: " + b"x" * 129, b"X-Request-Id:", b"Idempotency-Key: a",
        b"idempotency-key: b c", b"Idempotency-Key:  d ", b"traceparent: 00-1-2-01",
        b"tracestate: a=1, b=2", b"Tracestate:", b" folded", b"Authorization: Bearer x",
        b"Host: a", b"Origin: null", b"X: \xc3\xa7", b"X: y", b"no colon",
    )
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(LINES, max_size=6), st.lists(LINES, max_size=3))
def test_a_head_out_of_which_lines_are_lifted_says_what_the_parser_reads_of_it(
    lines: list[bytes], others: list[bytes]
) -> None:
    """Whatever was read before; `exact` lifts nothing."""
    heads, exact = (PlainHeads(frozenset(("/transactions",))) for _ in range(2))
    for chosen in (others, lines, lines):
        head = b"\r\n".join((HEAD, *chosen))
        seen = heads.find(head, b"{}")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(plain_heads, "_NAMING_LINE", re.compile(rb"(?!)"))
            read = exact.find(head, b"{}")
        assert told(seen) == told(read)


@settings(max_examples=300)
@given(
    st.lists(LINES, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(b"\r\n :ax-\x7f\xff\t"))),
)
def test_a_head_that_differs_somewhere_from_one_that_was_read_says_what_the_parser_reads_of_it(
    lines: list[bytes], changes: list[tuple[int, int]]
) -> None:
    heads, exact = (PlainHeads(frozenset(("/transactions",))) for _ in range(2))
    head = b"\r\n".join((HEAD, *lines))
    heads.find(head, b"{}")
    other = bytearray(head)
    for at, byte in changes:
        other[(len(HEAD) + at) % len(head)] = byte
    if END_OF_HEAD in other:
        return  # this is no head
    seen = heads.find(bytes(other), b"{}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain_heads, "_NAMING_LINE", re.compile(rb"(?!)"))
        assert told(seen) == told(exact.find(bytes(other), b"{}"))


def told(plain: PlainHead | None) -> object:
    """All that is told of a head, but for the headers that are lifted out."""
    if plain is None:
        return None
    headers = [each for each in plain.headers if each[0] not in plain_heads._NAMING]
    said = (plain.request_id, plain.foreign, plain.authorizations, *plain.idempotency_keys)
    return plain.body_bytes, headers, said
