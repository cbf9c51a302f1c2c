"""The event stream of the queue: no change of a ticket is missed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any
from unittest.mock import patch

from authorizer.console import live
from authorizer.console.live import Live
from authorizer.http.endless import EndlessResponse

CHANGED = b"event: fila\ndata: 1\n\n"


class Tables:
    """The read models, as far as the stream asks."""

    def __init__(self) -> None:
        self.newest = 7

    async def query(self, name: str) -> int:
        assert name == "newest_ticket_change"
        return self.newest


def stream_of(tables: Any) -> Live:
    return Live(tables, lambda: False)


def test_a_stream_begins_with_an_event() -> None:
    """What changed between the page and the stream would never be told else."""

    async def first() -> bytes:
        async with aclosing(stream_of(Tables()).events()) as events:  # type: ignore[type-var]
            return await anext(events)

    assert asyncio.run(first()).endswith(CHANGED)


def test_each_change_is_told_once() -> None:
    async def told() -> list[bytes]:
        tables = Tables()
        async with aclosing(stream_of(tables).events()) as events:  # type: ignore[type-var]
            await anext(events)
            tables.newest = 8
            return [await anext(events), await anext(events)]

    with patch.object(live, "LOOK_SECONDS", 0.0):
        assert asyncio.run(told()) == [CHANGED, b": \n\n"]


def test_streams_are_bounded_and_who_leaves_is_not_counted() -> None:
    is_draining = False
    with patch.object(live, "MAX_LISTENERS", 2):
        streams = Live(Tables(), lambda: is_draining)  # type: ignore[arg-type]
    first, second = streams.answer({}), streams.answer({})
    assert first is not None
    assert second is not None
    assert streams.answer({}) is None
    asyncio.run(left(second))
    assert streams.answer({}) is not None
    assert streams.answer({}) is None
    asyncio.run(left(first))
    is_draining = True
    assert streams.answer({}) is None


async def left(answer: EndlessResponse) -> None:
    """The client of a stream leaves at once."""

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        pass

    await answer({"type": "http", "method": "GET"}, receive, send)
