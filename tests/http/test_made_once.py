"""What takes long is made off the loop, once for all who ask, and again where it failed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.http.api.made_once import MadeOnce
from tests.support.waiting import in_time


def test_what_could_not_be_made_is_tried_again_for_the_next_who_asks() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("tried")
        if len(made) == 1:
            raise OSError("no file handle is left")
        return "made"

    async def job() -> None:
        once = MadeOnce(asyncio.to_thread, make)
        with pytest.raises(OSError, match="no file handle"):
            await once.get()
        assert await once.get() == "made"
        assert await once.get() == "made"
        assert made == ["tried"] * 2

    in_time(job())


def test_all_who_ask_meanwhile_get_the_same_and_one_who_goes_takes_it_from_nobody() -> None:
    async def job() -> None:
        go_on, begun = asyncio.Event(), []

        async def beside(make: Any) -> Any:
            begun.append(make)
            await go_on.wait()
            return make()

        once = MadeOnce(beside, object)
        first, second, third = (asyncio.create_task(once.get()) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        go_on.set()
        assert await second is await third
        assert await once.get() is await second
        assert len(begun) == 1

    in_time(job())
