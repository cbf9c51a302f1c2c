"""Answers that clients do not read: bounded in time, and in bytes over all connections."""

import asyncio
from typing import Any, Final, NamedTuple, Protocol

UNREAD_SECONDS: Final = 30.0
"""How long an answer may wait for a client that reads next to nothing of it."""
MAX_UNREAD_BYTES: Final = 128 << 20
"""What may wait for all clients; beyond that the one that has waited longest is cut off."""
LEAST_READ_BYTES: Final = 32_768
"""Who reads less than this in `UNREAD_SECONDS`, and not all, is cut off."""


class Sending(Protocol):
    """What is asked of a transport."""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait until the client reads."""

    def abort(self) -> None:
        """End the connection at once."""


class _Watched(NamedTuple):
    bytes_left: int
    timer: asyncio.TimerHandle


class Unread:
    """The connections whose clients don't keep up with their answers; one such for all of them."""

    def __init__(self, seconds: float = UNREAD_SECONDS, max_bytes: int = MAX_UNREAD_BYTES) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._watched: dict[Sending, _Watched] = {}
        self.cut_off = 0
        """How many clients were cut off."""
        self.bytes_left = 0
        """What waited when it was looked at last, over all."""

    def __len__(self) -> int:
        return len(self._watched)

    def watch(self, transport: Sending, loop: Any) -> None:
        """Look after a connection until `forget`, or until nothing is left to send on it."""
        self.forget(transport)
        left = transport.get_write_buffer_size()
        if not left:
            return
        timer = loop.call_later(self._seconds, lambda: self._look(transport, loop))
        self._watched[transport] = _Watched(left, timer)
        self.bytes_left += left
        while self.bytes_left > self._max_bytes and len(self._watched) > 1:
            self._cut_off(next(iter(self._watched)))

    def forget(self, transport: Sending) -> None:
        """Look after it no longer."""
        watched = self._watched.pop(transport, None)
        if watched is not None:
            self.bytes_left -= watched.bytes_left
            watched.timer.cancel()

    def _look(self, transport: Sending, loop: Any) -> None:
        watched = self._watched[transport]
        left = transport.get_write_buffer_size()
        if left and watched.bytes_left - left < LEAST_READ_BYTES:
            self._cut_off(transport)
        else:
            self.watch(transport, loop)

    def _cut_off(self, transport: Sending) -> None:
        self.forget(transport)
        self.cut_off += 1
        transport.abort()
