"""The body of a batch, read ahead of what is decided.

While some of its lines are decided more come in, and are decided together next.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from authorizer.http.batch_lines import BatchLines

MAX_AHEAD_BYTES: Final = 1 << 20
"""What may have come in that is not yet looked at before no more is read."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BatchBody:
    """Takes lines from an ASGI body as they come in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._lines = BatchLines()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._is_over = False
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def is_too_long(self) -> bool:
        """Whether more has come than a batch may have. What was within the bound is to be taken."""
        return self._lines.is_too_long

    async def read(self) -> None:
        """Read it to its end, or until the client left, or more came than may.

        What had come of a line when the client left is not looked at.
        """
        try:
            while not self._is_over:
                await self._has_room.wait()
                self._take(await self._receive())
        finally:
            self._is_over = True
            self._changed.set()

    def _take(self, message: MutableMapping[str, Any]) -> None:
        part = message.get("body", b"")
        self._waiting += self._lines.feed(part)
        self._waiting_bytes += len(part)
        if self._waiting_bytes > MAX_AHEAD_BYTES:
            self._has_room.clear()
        if not message.get("more_body", False):
            self._is_over = True
            if message["type"] == "http.request":
                self._waiting += self._lines.end()
        elif self._lines.is_too_long:
            self._is_over = True
        self._changed.set()

    async def lines(self, most: int) -> list[bytes]:
        """The lines that have come in, up to so many; none once there are no more to come."""
        while not self._waiting and not self._is_over:
            self._changed.clear()
            await self._changed.wait()
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        if not self._waiting:
            self._waiting_bytes = 0
            self._has_room.set()
        return taken
