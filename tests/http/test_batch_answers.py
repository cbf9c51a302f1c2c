"""The answers of a batch on their way: in order, as they become durable, in one stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.http import batch_answers
from authorizer.http.batch_answers import Outbox, answer_lines


class Reader:
    """A client that reads when the test says so."""

    def __init__(self, *, whole: bool = False) -> None:
        self.messages: list[Any] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.outbox = Outbox(self.send, [(b"content-type", b"x")], whole=whole)
        self.writing = asyncio.get_running_loop().create_task(self.outbox.write())

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.messages.append(message)

    async def set(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.outbox.expect()
            self.outbox.set(piece)
        for _ in range(4):
            await asyncio.sleep(0)

    @property
    def bodies(self) -> list[bytes]:
        return [one["body"] for one in self.messages[1:]]


def at(story: Callable[[Reader], Coroutine[Any, Any, None]], **more: Any) -> None:
    async def told() -> None:
        reader = Reader(**more)
        await asyncio.wait_for(story(reader), 30)
        reader.writing.cancel()

    asyncio.run(told())


@pytest.mark.parametrize("reason", Reason)
def test_a_line_has_code_and_reason_of_its_outcome(reason: Reason) -> None:
    code, word = reason.answer_code, reason.name_on_wire
    expected = (
        f'{{"id":"a","code":"{code}","reason":"{word}"}}\n{{"code":"{code}","reason":"{word}"}}\n'
    )
    outcomes = [OUTCOMES[reason], Outcome(reason, replayed=True)]
    assert answer_lines(['{"id":"a",', "{"], outcomes) == expected.encode()


def test_nothing_is_written_before_there_is_something_to_write() -> None:
    async def story(reader: Reader) -> None:
        await reader.set()
        assert (reader.messages, reader.outbox.has_begun) == ([], False)
        await reader.set(b"a")
        assert reader.messages[0]["status"] == 200
        assert reader.bodies == [b"a"]
        reader.outbox.end()
        await reader.writing
        assert reader.bodies == [b"a", b""]
        assert [one["more_body"] for one in reader.messages[1:]] == [True, False]

    at(story)


def test_the_end_waits_for_what_is_due() -> None:
    async def story(reader: Reader) -> None:
        reader.outbox.expect()
        reader.outbox.end()
        await reader.set()
        assert not reader.writing.done()
        reader.outbox.set(b"a")
        await reader.writing
        assert reader.bodies == [b"a"]

    at(story)


def test_what_comes_while_a_client_does_not_read_is_written_together() -> None:
    async def story(reader: Reader) -> None:
        await reader.set(b"a")
        reader.reads.clear()
        await reader.set(b"b")
        await reader.set(b"c", b"d")
        reader.reads.set()
        await reader.set()
        assert reader.bodies == [b"a", b"b", b"cd"]

    at(story)


def test_there_is_room_again_once_the_client_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_answers, "MAX_UNREAD_BYTES", 4)

    async def story(reader: Reader) -> None:
        reader.reads.clear()
        await reader.set(b"aaa")
        await reader.outbox.room()
        await reader.set(b"bbb")
        waiting = asyncio.ensure_future(reader.outbox.room())
        await reader.set()
        assert not waiting.done()
        reader.reads.set()
        await waiting

    at(story)


def test_in_one_piece_with_its_length() -> None:
    async def story(reader: Reader) -> None:
        await reader.set(b"a", b"bc")
        assert reader.messages == []
        reader.outbox.end()
        await reader.writing
        assert (b"content-length", b"3") in reader.messages[0]["headers"]
        assert reader.bodies == [b"abc"]

    at(story, whole=True)
