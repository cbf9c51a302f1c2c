"""Requests that are plain: whole, one at a time, with nothing in the head that needs HTTP's rules.

Clients send the same head with nearly every request, so a head is read once and known from then on.
It is read by the very parser that reads all others, never by rules of our own; what is not plain
beyond doubt is nobody's here, and goes the ordinary way. The headers that say which request it is
are lifted out of a head before it is looked for, so that it is known whatever they say.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import httptools

from authorizer.http.access.credentials import authorizations
from authorizer.http.access.origin import is_foreign
from authorizer.http.connection.request_id import fit_id, given_id, idempotency_keys

MAX_HEAD_BYTES: Final = 2048
"""The longest head that may be plain."""
MAX_KNOWN: Final = 1024
"""Heads that are known at a time; one more, and all are read anew."""
END_OF_HEAD: Final = b"\r\n\r\n"

_NAMING: Final = (b"x-request-id", b"idempotency-key", b"traceparent", b"tracestate")
"""The headers that say which request it is: each may say something else every time."""
_NAMING_LINE: Final = re.compile(
    rb"\r\n(?=[itx])(?<![\r\n]\r\n)"  # behind a line that is not empty
    rb"(%s):[ ]?([!-~][ -~]{0,255})"
    rb"(?=\r\n[^ \t]|\Z)" % b"|".join(_NAMING),  # before one that does not go on with it
    re.IGNORECASE,
)
_NEVER_PLAIN: Final = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class PlainHead(NamedTuple):
    """A head, read."""

    headers: list[tuple[bytes, bytes]]
    """As in an ASGI scope: names in lower case. Those that were lifted out are not among them."""
    body_bytes: int
    request_id: bytes | None
    """The id that the client gave the request, if it is fit."""
    foreign: bool
    """Whether a page of another origin sent it (`is_foreign`)."""
    authorizations: tuple[bytes, ...]
    """The values of `Authorization`."""
    idempotency_keys: Sequence[bytes]
    """The values of `Idempotency-Key`."""
    is_named: bool
    """Whether there is a header that says which request it is (`_NAMING`)."""


class PlainHeads:
    """The heads of plain POST requests at some targets.

    Known heads are kept in two generations. When the young one is full it becomes the old one, and
    what that held and nobody has asked for since is forgotten; so heads that never come again, of
    however many clients, push none out that does.
    """

    def __init__(self, targets: frozenset[str]) -> None:
        self._request_lines = {b"POST %s HTTP/1.1" % target.encode() for target in targets}
        self._known: dict[bytes, PlainHead] = {}
        self._known_before: dict[bytes, PlainHead] = {}
        self._reader = _Reader()

    def __len__(self) -> int:
        """How many heads are known."""
        return len(self._known) + len(self._known_before)

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
        parts = _NAMING_LINE.split(head)  # between them name and value of each line
        rest = b"".join(parts[::3])
        plain = self._known.get(rest)
        if plain is None:
            plain = self._known_before.get(rest) or self._read(rest, body)
            if plain is None:
                return None
            self._keep(rest, plain)
        if len(parts) == 1:
            return plain
        if plain.is_named:
            return self._read(head, body)  # the order of those that were lifted and others counts
        ids, keys = [], []
        for at in range(1, len(parts), 3):
            name = parts[at].lower()
            if name == b"x-request-id":
                ids.append(parts[at + 1])
            elif name == b"idempotency-key":
                keys.append(parts[at + 1])
        headers, body_bytes, _, foreign, given, _, _ = plain
        request_id = fit_id(ids[0]) if ids else None
        fields = (headers, body_bytes, request_id, foreign, given, keys, False)
        return tuple.__new__(PlainHead, fields)  # its own `__new__` is in Python, and slower

    def _keep(self, head: bytes, plain: PlainHead) -> None:
        if len(self._known) >= MAX_KNOWN // 2:
            self._known_before, self._known = self._known, {}
        self._known[head] = plain

    def _read(self, head: bytes, body: bytes) -> PlainHead | None:
        """A head, read by the parser."""
        if head.partition(b"\r\n")[0] not in self._request_lines or len(head) > MAX_HEAD_BYTES:
            return None
        headers = self._reader.read(head, body)
        if headers is None:
            self._reader.renew()
            return None
        return PlainHead(
            headers,
            len(body),
            given_id(headers),
            is_foreign(headers),
            authorizations(headers),
            idempotency_keys(headers),
            any(name in _NAMING for name, _ in headers),
        )


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
