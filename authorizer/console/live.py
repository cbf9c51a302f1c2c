"""Tells pages that a ticket has changed: one look at the tables for all who listen."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Final

from authorizer.followers.reports.client import Reports, ReportsUnavailableError
from authorizer.http.endless import EndlessResponse, Slots

MAX_LISTENERS: Final = 100
"""Event streams at a time; one more is refused, and its page asks again by itself."""
LOOK_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 300.0
"""How long a stream lasts; its browser opens another one."""
_HELLO: Final = b"retry: 3000\n\n"
_CHANGED: Final = b"event: fila\ndata: 1\n\n"
_ALIVE: Final = b": \n\n"
_BEATS: Final = 10
"""A sign of life comes after so many looks without a change."""


class Live:
    """The event streams of the queue."""

    def __init__(self, reports: Reports, is_draining: Callable[[], bool]) -> None:
        self._reports = reports
        self._is_draining = is_draining
        self._slots = Slots(MAX_LISTENERS)
        self._newest = 0
        self._next_look = 0.0
        self._looking: asyncio.Task[None] | None = None

    def answer(self, headers: Mapping[str, str]) -> EndlessResponse | None:
        """A stream as an answer; None where as many as may listen do, and while draining."""
        if self._is_draining() or not self._slots.take():
            return None
        return EndlessResponse(self.events(), self._slots, headers)

    async def events(self) -> AsyncIterator[bytes]:
        """A stream: an event whenever a ticket has changed. It ends with a drain, or after a while.

        It begins with one: a ticket may have changed after its page was made, or while no stream
        was open.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        await self._look()
        seen, quiet = self._newest, 0
        yield _HELLO + _CHANGED
        while loop.time() < until and not self._is_draining():
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()
            quiet += 1
            if self._newest != seen:
                seen, quiet = self._newest, 0
                yield _CHANGED
            elif quiet >= _BEATS:
                quiet = 0
                yield _ALIVE

    async def _look(self) -> None:
        """Look at the tables, or wait for the look that is under way."""
        loop = asyncio.get_running_loop()
        is_due = loop.time() >= self._next_look
        if self._looking is None or (self._looking.done() and is_due):
            self._next_look = loop.time() + LOOK_SECONDS / 2
            self._looking = loop.create_task(self._ask())
        await asyncio.shield(self._looking)

    async def _ask(self) -> None:
        with suppress(ReportsUnavailableError):
            self._newest = await self._reports.query("newest_ticket_change")
