"""A house that takes batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from authorizer.actors.admission import Admission
from authorizer.actors.batch_shares import BatchPurchase, Window
from authorizer.actors.batch_turns import Turn
from authorizer.actors.batches import Batches
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.domain.outcomes import Outcome
from tests.support.builders import BY
from tests.support.house import House

DEADLINE_NS = 80_000_000


class Desk:
    """A house that takes batches."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.bugs: list[BaseException] = []
        self.disk_ns = 0
        self.admission = Admission(DEADLINE_NS, lambda: self.disk_ns)
        loop = asyncio.get_running_loop()
        self.purchases = Purchases(
            house.dispatcher, self.admission, InFlight(1000), house.clock, loop.call_soon,
            self.bugs.append,
        )  # fmt: skip
        self.batches = Batches(self.purchases, house.dispatcher, house.clock, house.commits)

    async def decide(self, *purchases: BatchPurchase) -> list[Outcome]:
        """Decide a window, and be there when it is durable."""
        window = window_of(purchases)
        async with Turn(self.batches.turns) as turn:
            await self.batches.decide(window, BY, turn)
        while self.house.commit():
            await self.house.settle()
        return window.outcomes


def window_of(purchases: Sequence[BatchPurchase]) -> Window:
    window = Window()
    window.purchases += purchases
    for place, purchase in enumerate(purchases):
        window.shares.setdefault(purchase[0], []).append(place)
    return window


def plain(account: str, key: str | None = None, cents: int = 1_00) -> BatchPurchase:
    return account, key, cents, "5999", "LOJA X"
