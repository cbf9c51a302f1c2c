"""Live streams of events: they follow the journal, wait out what is away, and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from authorizer.followers.events.client import Events, EventsUnavailableError
from authorizer.followers.events.question import EventPage, Form, Gone, Question
from authorizer.http import event_streams as module
from authorizer.http.event_streams import EventStreams
from tests.support.waiting import in_time

ASKED = Question(0, 2, 500, ["card_opened"], "ana")
FIRST = EventPage("first", 2, 1)


class Journal(Events):
    """A journal of which pages are given, one after the other; and its events."""

    def __init__(self, *answers: EventPage | Gone | EventsUnavailableError) -> None:
        self.durable = 2
        self.chain = bytes(32)
        self.answers = list(answers)
        self.asked: list[Question] = []
        self.is_draining = False

    @override
    async def page(self, question: Question, form: Form) -> EventPage | Gone:
        assert form == "stream"
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, EventsUnavailableError):
            raise answer
        return answer

    def streams(self) -> EventStreams:
        return EventStreams(self, self, lambda: self.is_draining)


async def text_of(stream: AsyncIterator[str]) -> str:
    return "".join([said async for said in stream])


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


def test_a_stream_goes_on_where_a_page_ended_once_more_is_durable() -> None:
    async def test() -> None:
        journal = Journal(EventPage("second", 3, 1), EventPage("third", 9, 1))
        stream = journal.streams().stream(ASKED, FIRST)
        assert await anext(stream) == "retry: 1000\nfirst"
        journal.durable = 9
        assert [await anext(stream), await anext(stream)] == ["second", "third"]
        assert journal.asked == [
            ASKED._replace(after=2, until=9),
            ASKED._replace(after=3, until=9),
        ]
        journal.is_draining = True
        assert await text_of(stream) == ""

    in_time(test())


def test_a_stream_ends_after_as_many_as_were_asked_for() -> None:
    async def test() -> None:
        journal = Journal(EventPage("two", 5, 2), EventPage("one", 9, 1))
        journal.durable = 9
        stream = journal.streams().stream(ASKED, FIRST, 4)
        assert await text_of(stream) == "retry: 1000\nfirsttwoone"
        assert [each.limit for each in journal.asked] == [3, 1]
        assert await text_of(journal.streams().stream(ASKED, FIRST, 1)) == "retry: 1000\nfirst"

    in_time(test())


def test_what_cant_be_read_now_is_asked_for_again() -> None:
    async def test() -> None:
        journal = Journal(EventsUnavailableError(), EventsUnavailableError(), EventPage("x", 3, 1))
        stream = journal.streams().stream(ASKED, FIRST)
        await anext(stream)
        journal.durable = 3
        assert await anext(stream) == "x"
        assert [each.after for each in journal.asked] == [2, 2, 2]

    in_time(test())


def test_a_stream_ends_where_what_comes_next_was_moved_away() -> None:
    async def test() -> None:
        journal = Journal(Gone(7))
        journal.durable = 9
        assert await text_of(journal.streams().stream(ASKED, FIRST)) == "retry: 1000\nfirst"

    in_time(test())


def test_a_quiet_stream_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIVE_SECONDS", 0.0)

    async def test() -> None:
        stream = Journal().streams().stream(ASKED, FIRST)
        await anext(stream)
        assert [await anext(stream), await anext(stream)] == [":\n", ":\n"]

    in_time(test())


def test_a_stream_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_SECONDS", 0.001)

    async def test() -> None:
        assert await text_of(Journal().streams().stream(ASKED, FIRST))

    in_time(test())


def test_streams_are_counted_for_as_long_as_they_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)

    async def test() -> None:
        journal = Journal()
        streams = journal.streams()
        one, two = streams.stream(ASKED, FIRST), streams.stream(ASKED, FIRST)
        await anext(one)
        assert streams.has_room
        await anext(two)
        assert (len(streams), streams.has_room) == (2, False)
        leaving = asyncio.create_task(text_of(two))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert (len(streams), streams.has_room) == (1, True)
        journal.is_draining = True
        assert not streams.has_room
        await text_of(one)
        assert len(streams) == 0

    in_time(test())
