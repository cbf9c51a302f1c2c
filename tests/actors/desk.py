"""A house that takes batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from authorizer.actors.admission import Admission
from authorizer.actors.batch_shares import Window
from authorizer.actors.batch_turns import Turn
from authorizer.actors.batches import Batches
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Outcome
from tests.support.builders import BY
from tests.support.house import House

DEADLINE_NS = 80_000_000
Asked = tuple[str, str | None, int, str, str] | Authorize
"""The account, the id, the centavos, the MCC, the merchant; or a command."""


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
        self.yielded_at: list[int] = []
        """What was appended each time that the loop's core was yielded."""
        self.batches = Batches(self.purchases, house.dispatcher, house.around, self._yield_core)

    def _yield_core(self) -> None:
        self.yielded_at.append(self.house.commits.appended)

    async def decide(self, *purchases: Asked) -> list[Outcome]:
        """Decide a window, and be there when it is durable."""
        window = window_of(purchases)
        async with Turn(self.batches.turns) as turn:
            outcomes = await self.batches.decide(window, BY, turn)
        while self.house.commit():
            await self.house.settle()
        return outcomes


def window_of(purchases: Sequence[Asked]) -> Window:
    window = Window()
    for place, asked in enumerate(purchases):
        window.shares.setdefault(asked[0], []).append(place)
        if isinstance(asked, Authorize):
            window.purchases.add(asked)
            continue
        _, key, cents, mcc, merchant = asked
        for column, value in (
            (window.purchases.ids, key),
            (window.purchases.amounts_cents, cents),
            (window.purchases.mccs, mcc),
            (window.purchases.merchants, merchant),
        ):
            column.append(value)  # type: ignore[arg-type]
    return window


def plain(account: str, key: str | None = None, cents: int = 1_00) -> Asked:
    return account, key, cents, "5999", "LOJA X"
