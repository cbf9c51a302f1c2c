"""Requests that are plain: whole, one at a time, with nothing in the head that needs HTTP's rules.

Clients send the same head with nearly every request, so a head is read once and known from then on.
It is read by the very parser that reads all others, never by rules of our own; what is not plain
beyond doubt is nobody's here, and goes the ordinary way. The two headers that name one request are
lifted out of a head before it is looked for, so that it is known whatever they say.
"""

import re
from typing import Final, NamedTuple

import httptools

from authorizer.http.access.origin import is_foreign
from authorizer.http.connection.request_id import given_id, idempotency_keys

MAX_HEAD_BYTES: Final = 2048
"""The longest head that may be plain."""
MAX_KNOWN: Final = 1024
"""Heads that are known at a time; one more, and all are read anew."""
END_OF_HEAD: Final = b"\r\n\r\n"

_NAMING: Final = (b"\r\nx-request-id", b"\r\nidempotency-key")
"""The headers that name one request, where a line begins with them."""
_VALUE: Final = re.compile(rb":[ ]?([!-~]{1,256})")
_NO_END: Final = frozenset((b"\r", b"\n"))
_FOLDED: Final = frozenset((b" ", b"\t"))
_NEVER_PLAIN: Final = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class PlainHead(NamedTuple):
    """A head, read."""

    headers: list[tuple[bytes, bytes]]
    """As in an ASGI scope: names in lower case."""
    body_bytes: int
    request_id: bytes | None
    """The id that the client gave the request, if it is fit."""
    foreign: bool
    """Whether a page of another origin sent it (`is_foreign`)."""
    idempotency_keys: tuple[bytes, ...] = ()
    """The values of `Idempotency-Key`."""


class PlainHeads:
    """The heads of plain POST requests at some targets."""

    def __init__(self, targets: frozenset[str]) -> None:
        self._request_lines = {b"POST %s HTTP/1.1" % target.encode() for target in targets}
        self._known: dict[bytes, PlainHead] = {}
        self._reader = _Reader()

    def find(self, head: bytes, body: bytes) -> PlainHead | None:
        """The head, if it and the body, with an empty line between them, are one plain request.

        The head alone decides that, but for the body's length: so it holds for the next body too.
        """
        known = self._known.get(head)
        if known is None:
            known = self._find_unnamed(head, body)
        return known if known is not None and known.body_bytes == len(body) else None

    def _find_unnamed(self, head: bytes, body: bytes) -> PlainHead | None:
        """The head, known or read without the headers that name this request alone."""
        if head.partition(b"\r\n")[0] not in self._request_lines or len(head) > MAX_HEAD_BYTES:
            return None
        lifted = _lifted(head)
        if lifted is None:
            return self._read(head, body)
        rest, own = lifted
        plain = self._known.get(rest)
        if plain is None:
            plain = self._read(rest, body)
            if plain is None:
                return None
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[rest] = plain
        if not own:
            return plain
        headers = plain.headers + own
        return PlainHead(
            headers,
            plain.body_bytes,
            given_id(headers),
            plain.foreign,
            idempotency_keys(headers),
        )

    def _read(self, head: bytes, body: bytes) -> PlainHead | None:
        """A head, read by the parser."""
        headers = self._reader.read(head, body)
        if headers is None:
            self._reader.renew()
            return None
        return PlainHead(
            headers,
            len(body),
            given_id(headers),
            is_foreign(headers),
            idempotency_keys(headers),
        )


def _lifted(head: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]] | None:
    """A head without the headers that name its request, and those headers.

    None where one of them is there twice, or is no plain line that can be taken out and put in
    without any other being read otherwise.
    """
    own: list[tuple[bytes, bytes]] = []
    low = head.lower()
    for name in _NAMING:
        at = low.find(name)
        if at < 0:
            continue
        end = low.find(b"\r\n", at + 2)
        if end < 0:
            end = len(head)
        value = _VALUE.fullmatch(head, at + len(name), end)
        if (
            value is None
            or low.find(name, end) >= 0
            or head[at - 1 : at] in _NO_END
            or head[end + 2 : end + 3] in _FOLDED
        ):
            return None
        own.append((name[2:], value[1]))
        head = head[:at] + head[end:]
        low = low[:at] + low[end:]
    return head, own


class _Reader:
    """Reads one request after the other, as long as each is whole and plain."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""
        self._begun = self._ended = 0
        self._keeps_alive = False

    def renew(self) -> None:
        """Read on after what was not plain; the spent parser, which refers to this, goes."""
        self._parser = httptools.HttpRequestParser(self)

    def read(self, head: bytes, body: bytes) -> list[tuple[bytes, bytes]] | None:
        """The headers; None where this is not one plain request, and the parser is spent."""
        self._headers, self._body, self._begun, self._ended = [], b"", 0, 0
        try:
            self._parser.feed_data(head + END_OF_HEAD)
            if len(body) != self._declared_bytes():
                return None  # and what may be a thousand requests is not read
            self._parser.feed_data(body)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        whole = self._begun == self._ended == 1 and self._body == body
        if not (whole and self._keeps_alive):
            return None
        if any(name in _NEVER_PLAIN for name, _ in self._headers):
            return None
        return self._headers

    def _declared_bytes(self) -> int:
        """How long the body is to be; the parser has seen that it is a number, if it is there."""
        return sum(int(value) for name, value in self._headers if name == b"content-length")

    def on_message_begin(self) -> None:
        """Count it: the parser calls this, and all that follow, by these names."""
        self._begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep it."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Ask what only the parser knows."""
        self._keeps_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Join the parts."""
        self._body += body

    def on_message_complete(self) -> None:
        """Count it."""
        self._ended += 1
