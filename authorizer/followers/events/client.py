"""The events as the server asks for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from typing_extensions import override

from authorizer.followers.events.question import PAGE, EventPage, Form, Gone, Question
from authorizer.followers.open_queries import MAX_QUERIES, NoAnswerError
from authorizer.followers.process import FollowerProcess
from authorizer.followers.wire import NoAnswer

LONGEST_SECONDS: Final = 8.0
"""How long a question may take, with the wait for its turn."""


class EventsUnavailableError(Exception):
    """There is no answer now; the same question may be asked again in a while."""


class Events(Protocol):
    """The events of the journal."""

    async def page(self, question: Question, form: Form) -> EventPage | Gone:
        """The events that a question asks for, as many as make a page.

        Raises:
            EventsUnavailableError: there is no answer now.
        """


class EventsProcess(Events):
    """The events as a process beside the server reads them. It starts when first asked."""

    def __init__(self, process: FollowerProcess) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        """One page at a time: the process has one interpreter, and purchases a break between."""
        self._waiting = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["EventsProcess"]:
        """Keep the process ready for as long as the context lasts."""
        async with self._process.at_work():
            yield self

    @override
    async def page(self, question: Question, form: Form) -> EventPage | Gone:
        if self._waiting >= MAX_QUERIES:
            raise EventsUnavailableError(_DETAIL[NoAnswer.BUSY])
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST_SECONDS), self._turn:
                found: dict[str, Any] = await self._process.ask(
                    PAGE, {**question._asdict(), "form": form}
                )
        except TimeoutError as error:
            raise EventsUnavailableError(_DETAIL[NoAnswer.SLOW]) from error
        except NoAnswerError as error:
            raise EventsUnavailableError(_DETAIL[error.reason]) from error
        finally:
            self._waiting -= 1
        return Gone(**found) if "oldest" in found else EventPage(**found)


_DETAIL: Final = {
    NoAnswer.BEHIND: "the events can't be read in time",
    NoAnswer.UNAVAILABLE: "the journal can't be read now",
    NoAnswer.BUG: "these events can't be told",
    NoAnswer.BUSY: "too many ask for events",
    NoAnswer.SLOW: "reading the events takes too long",
    NoAnswer.RESTARTED: "the events' process is being restarted",
}
