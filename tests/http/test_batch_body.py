"""A batch's body is read ahead of what is decided, and no further than it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from authorizer.http import batch_body, batch_lines
from authorizer.http.batch_body import BatchBody

DISCONNECT = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Sender:
    """A client whose parts come when the test says so."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.body = BatchBody(self.coming.get)
        self.reading = asyncio.get_running_loop().create_task(self.body.read())

    async def come(self, *parts: dict[str, Any]) -> None:
        for one in parts:
            self.coming.put_nowait(one)
        for _ in range(3):
            await asyncio.sleep(0)


def at(story: Callable[[Sender], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        sender = Sender()
        await asyncio.wait_for(story(sender), 30)
        sender.reading.cancel()

    asyncio.run(told())


def test_lines_are_taken_as_they_come_and_none_once_there_are_no_more() -> None:
    async def story(sender: Sender) -> None:
        await sender.come(part(b"a\nb\nc"))
        assert await sender.body.lines(10) == [b"a", b"b"]
        taking = asyncio.ensure_future(sender.body.lines(10))
        await sender.come(part(b""))
        assert not taking.done()
        await sender.come(part(b"c\nd", more=False))
        assert await taking == [b"cc", b"d"]
        assert await sender.body.lines(10) == []
        await sender.reading

    at(story)


def test_what_came_meanwhile_is_taken_together_up_to_so_many() -> None:
    async def story(sender: Sender) -> None:
        await sender.come(part(b"a\nb\n"), part(b"c\nd\n"), part(b"e\n", more=False))
        assert await sender.body.lines(3) == [b"a", b"b", b"c"]
        assert await sender.body.lines(3) == [b"d", b"e"]
        assert await sender.body.lines(3) == []

    at(story)


def test_of_a_client_that_left_the_whole_lines_are_taken() -> None:
    async def story(sender: Sender) -> None:
        await sender.come(part(b"a\nb"), DISCONNECT)
        assert await sender.body.lines(3) == [b"a"]
        assert await sender.body.lines(3) == []

    at(story)


def test_it_is_not_read_on_where_too_much_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_body, "MAX_AHEAD_BYTES", 10)

    async def story(sender: Sender) -> None:
        await sender.come(part(b"aaaaa\n"), part(b"bbbbb\n"), part(b"c\n"), part(b"d\n"))
        assert sender.coming.qsize() == 2
        assert await sender.body.lines(1) == [b"aaaaa"]
        await sender.come()
        assert sender.coming.qsize() == 2
        assert await sender.body.lines(1) == [b"bbbbb"]
        await sender.come()
        assert sender.coming.qsize() == 0

    at(story)


def test_more_than_a_batch_may_have_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_lines, "MAX_LINES", 2)

    async def story(sender: Sender) -> None:
        await sender.come(part(b"a\nb\nc\n"), part(b"d\n"))
        assert await sender.body.lines(10) == [b"a", b"b"]
        assert await sender.body.lines(10) == []
        assert sender.body.is_too_long
        assert sender.coming.qsize() == 1
        await sender.reading

    at(story)


def test_a_bug_in_reading_ends_the_lines() -> None:
    async def story(sender: Sender) -> None:
        await sender.come({"type": "http.request", "body": 7})
        assert await sender.body.lines(10) == []
        with pytest.raises(TypeError):
            await sender.reading

    at(story)
