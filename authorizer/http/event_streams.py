"""Live streams of events: server-sent events (HTML Living Standard, 9.2), as they happen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from math import inf
from typing import Final, Protocol

from authorizer.followers.events.client import Events, EventsUnavailableError
from authorizer.followers.events.question import EventPage, Gone, Question
from authorizer.http.endless import EndlessResponse, Slots

STREAM_EVENTS: Final = 500
"""Events that a stream reads at a time."""
MAX_STREAMS: Final = 50
"""Streams at a time; one more is answered 503."""
LOOK_SECONDS: Final = 0.1
"""How often a stream looks whether there is more."""
LONGEST_PAUSE_SECONDS: Final = 5.0
"""How long it waits at the most where what comes next can't be read."""
LONGEST_SECONDS: Final = 300.0
"""How long a stream lasts. Its client comes again, and is asked for its key again."""
ALIVE_SECONDS: Final = 15.0
"""A stream with nothing to tell says so, for proxies end what is quiet."""
RETRY_MS: Final = 1_000
"""When a client comes again after its stream's end."""
_ALIVE: Final = ":\n"
"""A comment, and no empty line behind it: some clients make an event of any block of lines."""


class JournalEnd(Protocol):
    """The journal's durable end."""

    @property
    def durable(self) -> int:
        """The position of the newest record that is on disk."""

    @property
    def chain(self) -> bytes:
        """The head of the hash chain there."""


class EventStreams:
    """The streams that are open, of the events of one journal."""

    def __init__(
        self, events: Events, journal: JournalEnd, is_draining: Callable[[], bool]
    ) -> None:
        self.events = events
        self.journal = journal
        self._is_draining = is_draining
        self._slots = Slots(MAX_STREAMS)

    def __len__(self) -> int:
        return len(self._slots)

    async def open(self, question: Question, limit: int | None) -> EndlessResponse | Gone:
        """A stream of the events that a question asks for, `limit` at the most.

        Raises:
            EventsUnavailableError: too many are open, the server drains, or can't read them now.
        """
        if self._is_draining():
            raise EventsUnavailableError("the server is about to end")
        if not self._slots.take():
            raise EventsUnavailableError("too many streams are open")
        opened = False
        try:
            first = await self.events.page(question, "stream")
            if isinstance(first, Gone):
                return first
            opened = True
            stream = self.stream(question, first, limit)
            return EndlessResponse(stream, self._slots, {"Vary": "Accept"})
        finally:
            if not opened:
                self._slots.free()

    async def stream(
        self, question: Question, first: EventPage, limit: int | None = None
    ) -> AsyncIterator[str]:
        """Events from a first page on, `limit` at the most.

        It ends with a drain, after a while, and with its client; and where what comes next was
        moved to an archive: whoever asks again is told.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        left = inf if limit is None else limit
        yield f"retry: {RETRY_MS}\n{first.text}"
        after, told_at, pause = first.next, loop.time(), LOOK_SECONDS
        left -= first.events
        while left and loop.time() < until and not self._is_draining():
            if self.journal.durable > after:
                page = await self._page(question, after, left)
                if isinstance(page, Gone):
                    return
                if page is not None:
                    yield page.text
                    after, told_at, pause = page.next, loop.time(), LOOK_SECONDS
                    left -= page.events
                    continue
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            if loop.time() - told_at >= ALIVE_SECONDS:
                yield _ALIVE
                told_at = loop.time()
            await self._rest(pause)

    async def _page(self, question: Question, after: int, most: float) -> EventPage | Gone | None:
        """The events behind a position, so many at most; None where they can't be had now."""
        limit = int(min(most, STREAM_EVENTS))
        asked = question._replace(after=after, until=self.journal.durable, limit=limit)
        with suppress(EventsUnavailableError):
            return await self.events.page(asked, "stream")
        return None

    async def _rest(self, seconds: float) -> None:
        """Wait, in steps: a drain ends a stream at once."""
        while True:
            await asyncio.sleep(min(seconds, LOOK_SECONDS))
            seconds -= LOOK_SECONDS
            if seconds <= 0 or self._is_draining():
                return
