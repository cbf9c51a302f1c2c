"""Pages of lists: made without keeping others from their turn."""

from __future__ import annotations

import asyncio

from authorizer.http.api.paging import SHOWN_AT_ONCE, shown


def test_rows_are_shown_in_order_and_others_get_their_turn_meanwhile() -> None:
    async def test() -> None:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        seen: list[int] = []

        def show(row: int) -> int:
            seen.append(turns)
            return -row

        at_work = asyncio.create_task(others())
        rows = list(range(3 * SHOWN_AT_ONCE))
        assert await shown(rows, show) == [-row for row in rows]
        at_work.cancel()
        assert max(map(seen.count, seen)) <= SHOWN_AT_ONCE

    asyncio.run(test())


def test_a_page_may_be_empty() -> None:
    assert asyncio.run(shown([], str)) == []
