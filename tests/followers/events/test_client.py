"""The events as the server asks for them: one page at a time, and no answer in words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.followers.events import client as module
from authorizer.followers.events.client import EventsProcess, EventsUnavailableError
from authorizer.followers.events.question import EventPage, Gone, Question
from authorizer.followers.open_queries import MAX_QUERIES, NoAnswerError
from authorizer.followers.wire import NoAnswer
from tests.support.waiting import in_time

ASKED = Question(3, 7, 100, ["card_opened"], None)


class Process:
    """A process that answers when it is let, and counts what it is asked at once."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer or {"text": "[]", "next": 7, "events": 0}
        self.asked: list[tuple[str, Any]] = []
        self.let = asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def ask(self, query: str, params: Any) -> Any:
        self.asked.append((query, params))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            await self.let.wait()
        finally:
            self.at_once -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def events_of(process: Process) -> EventsProcess:
    return EventsProcess(process)  # type: ignore[arg-type]


def test_pages_are_read_one_after_the_other() -> None:
    async def test() -> None:
        process = Process()
        process.let.set()
        events = events_of(process)
        pages = await asyncio.gather(*(events.page(ASKED, "json") for _ in range(5)))
        assert pages == [EventPage("[]", 7, 0)] * 5
        assert process.most_at_once == 1
        assert process.asked[0] == ("page", {**ASKED._asdict(), "form": "json"})

    in_time(test())


def test_what_is_not_there_any_more_is_told() -> None:
    async def test() -> None:
        process = Process({"oldest": 9})
        process.let.set()
        assert await events_of(process).page(ASKED, "stream") == Gone(9)

    in_time(test())


def test_more_than_may_wait_are_refused_at_once() -> None:
    async def test() -> None:
        process = Process()
        events = events_of(process)
        waiting = [asyncio.create_task(events.page(ASKED, "json")) for _ in range(MAX_QUERIES)]
        await asyncio.sleep(0)
        with pytest.raises(EventsUnavailableError, match="too many"):
            await events.page(ASKED, "json")
        process.let.set()
        await asyncio.gather(*waiting)
        await events.page(ASKED, "json")

    in_time(test())


def test_whoever_waits_too_long_for_a_turn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        process = Process()
        events = events_of(process)
        first = asyncio.create_task(events.page(ASKED, "json"))
        await asyncio.sleep(0)
        monkeypatch.setattr(module, "LONGEST_SECONDS", 0.001)
        with pytest.raises(EventsUnavailableError, match="takes too long"):
            await events.page(ASKED, "json")
        process.let.set()
        await first

    in_time(test())


@pytest.mark.parametrize("reason", NoAnswer)
def test_why_there_is_no_answer_is_told_in_words(reason: NoAnswer) -> None:
    async def test() -> None:
        process = Process(NoAnswerError(reason))
        process.let.set()
        with pytest.raises(EventsUnavailableError, match=" "):
            await events_of(process).page(ASKED, "json")

    in_time(test())
