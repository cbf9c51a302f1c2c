"""Live streams of events: they follow the journal, wait out what is away, and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from typing_extensions import override

from authorizer.followers.events.client import Events, EventsUnavailableError
from authorizer.followers.events.question import EventPage, Form, Gone, Question
from authorizer.http import event_streams as module
from authorizer.http.endless import EndlessResponse
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


def test_what_cant_be_read_is_asked_for_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.004)
    rests: list[float] = []

    async def test() -> None:
        away = EventsUnavailableError()
        journal = Journal(*[away] * 4, EventPage("x", 3, 1), away, Gone(9))
        journal.durable = 3
        streams = journal.streams()
        monkeypatch.setattr(streams, "_rest", lambda seconds: _noted(rests, seconds))
        stream = streams.stream(ASKED, FIRST)
        assert [await anext(stream), await anext(stream)] == ["retry: 1000\nfirst", "x"]
        journal.durable = 9
        assert await text_of(stream) == ""

    in_time(test())
    assert rests == [0.002, 0.004, 0.004, 0.004, 0.002]


async def _noted(rests: list[float], seconds: float) -> None:
    rests.append(seconds)


def test_a_stream_lives_where_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIVE_SECONDS", 0.0)

    async def test() -> None:
        journal = Journal(*[EventsUnavailableError()] * 3)
        journal.durable = 3
        stream = journal.streams().stream(ASKED, FIRST)
        await anext(stream)
        assert [await anext(stream), await anext(stream)] == [":\n", ":\n"]

    in_time(test())


def test_it_says_that_it_lives_no_more_often_than_it_should() -> None:
    """By the clock of the loop, which this one moves by itself."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        journal = Journal()
        streams = journal.streams()
        began, moved = loop.time(), 0.0

        async def rest(_: float) -> None:
            nonlocal moved
            moved += 1.0

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(streams, "_rest", rest)
            patched.setattr(loop, "time", lambda: began + moved)
            stream = streams.stream(ASKED, FIRST)
            await anext(stream)
            said = []
            for _ in range(3):
                assert await anext(stream) == ":\n"
                said.append(moved)
        assert said == [15.0, 30.0, 45.0]

    in_time(test())


def test_a_rest_ends_with_a_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)

    async def test() -> None:
        journal = Journal()
        resting = asyncio.create_task(journal.streams()._rest(3600.0))
        await asyncio.sleep(0)
        journal.is_draining = True
        await resting

    in_time(test())


# --- how many ------------------------------------------------------------------------------------


async def left(answer: EndlessResponse, method: str = "GET") -> list[Any]:
    """What is sent of a stream whose client leaves."""
    sent = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await answer({"type": "http", "method": method}, receive, send)
    return sent


def test_no_more_are_open_than_may_be_however_many_ask_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)

    async def test() -> None:
        journal = Journal(FIRST, FIRST, FIRST)
        streams = journal.streams()
        asked = await asyncio.gather(
            *(streams.open(ASKED, None) for _ in range(5)), return_exceptions=True
        )
        opened = [one for one in asked if isinstance(one, EndlessResponse)]
        assert [len(opened), len(streams)] == [2, 2]
        assert {str(one) for one in asked if isinstance(one, Exception)} == {
            "too many streams are open"
        }
        await left(opened[0])
        assert len(streams) == 1
        assert isinstance(await streams.open(ASKED, None), EndlessResponse)
        journal.is_draining = True
        with pytest.raises(EventsUnavailableError, match="about to end"):
            await streams.open(ASKED, None)

    in_time(test())


def test_a_stream_that_does_not_begin_is_not_counted() -> None:
    async def test() -> None:
        journal = Journal(Gone(7), EventsUnavailableError("away"))
        streams = journal.streams()
        assert await streams.open(ASKED, None) == Gone(7)
        with pytest.raises(EventsUnavailableError, match="away"):
            await streams.open(ASKED, None)
        assert len(streams) == 0

    in_time(test())


def test_a_head_alone_ends() -> None:
    async def test() -> None:
        streams = Journal(FIRST).streams()
        answer = await streams.open(ASKED, None)
        assert isinstance(answer, EndlessResponse)
        start, body = await left(answer, "HEAD")
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
        assert b"content-length" not in dict(start["headers"]), "nor has the answer to GET one"
        assert body["body"] == b""
        assert len(streams) == 0

    in_time(test())
