"""The answers to a batch: lines as bytes, and their way to the client."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from authorizer.domain.outcomes import Outcome, Reason

MEDIA_TYPE: Final = "application/x-ndjson"
TOO_LONG: Final = "batch_too_long"
"""The reason of the last line of a batch that had more than it may; no purchase has it."""
MAX_UNREAD_BYTES: Final = 2 << 20
"""Answers that may wait for a client to read them before nothing more of its batch is read."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def _rest(code: str, reason: str) -> str:
    return f'"code":"{code}","reason":"{reason}"}}\n'


_REST: Final = {reason: _rest(reason.answer_code, reason.name_on_wire) for reason in Reason}
LINE_TOO_LONG: Final = ("{" + _rest(Reason.MALFORMED.answer_code, TOO_LONG)).encode()
"""Says that nothing was looked at from the line on that it stands for."""


def answer_lines(heads: Sequence[str], outcomes: Sequence[Outcome]) -> bytes:
    """The answers, a line each."""
    rest = _REST
    lines = [head + rest[outcome[0]] for head, outcome in zip(heads, outcomes, strict=True)]
    return "".join(lines).encode()


class Outbox:
    """The answers of one batch on their way: written as they become durable, in order.

    Answers wait here for a client that does not read them, so that the rest of its body is read all
    the same: most clients send everything before they read anything.
    """

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, whole: bool) -> None:
        """`whole`: write all of it in one piece, with its length, as HTTP/1.0 has it."""
        self._send = send
        self._headers = headers
        self._whole = whole
        self._pieces: list[bytes] = []
        self._changed = asyncio.Event()
        self._due = 0
        self._is_last = False
        self.has_begun = False
        """Whether anything was written."""
        self._unread_bytes = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    def expect(self) -> None:
        """Expect a piece more: it will be `set`."""
        self._due += 1

    def set(self, piece: bytes, /) -> None:
        """Have a piece written."""
        self._due -= 1
        self._pieces.append(piece)
        self._unread_bytes += len(piece)
        if self._unread_bytes > MAX_UNREAD_BYTES:
            self._has_room.clear()
        self._changed.set()

    def end(self) -> None:
        """Expect no more pieces than are due."""
        self._is_last = True
        self._changed.set()

    async def room(self) -> None:
        """Return once not too many answers wait for the client."""
        await self._has_room.wait()

    async def write(self) -> None:
        """Write everything, as it comes; return when the last of it is written."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            ended = self._is_last and not self._due
            if self._whole and not ended:
                continue
            piece = b"".join(self._pieces)
            self._pieces.clear()
            if self._whole:
                self._headers.append((b"content-length", str(len(piece)).encode()))
            if not self.has_begun:
                self.has_begun = True
                start = {"type": "http.response.start", "status": 200, "headers": self._headers}
                await self._send(start)
            if piece or ended:
                body = {"type": "http.response.body", "body": piece, "more_body": not ended}
                await self._send(body)
            self._unread_bytes -= len(piece)
            self._has_room.set()
            if ended:
                return
