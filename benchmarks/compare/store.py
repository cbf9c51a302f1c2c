"""What a front asks of the store behind it, and how requests are gathered for one that likes many.

A store decides a purchase, has it on disk, and then says the answer's code. ``Gatherer`` hands a
store all that came while its last statement was under way, so no request waits for a timer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from benchmarks.compare.purchases import Purchase

Balances = dict[str, int]
"""Centavos by wallet."""


class Store(Protocol):
    """Where a peer keeps accounts, as its front sees it."""

    async def open(self) -> None:
        """Connect, or read what is on disk."""

    def decide(self, purchase: Purchase) -> Awaitable[str]:
        """Decide and record a purchase; the code of its answer, once that is durable."""

    async def balances(self, account: str) -> Balances | None:
        """The wallets of an account; None: there is none."""

    async def close(self) -> None:
        """Leave nothing running."""


class Gatherer:
    """Has many purchases decided by one call at a time of ``decide_all``, in their order."""

    def __init__(self, decide_all: Callable[[list[Purchase]], Awaitable[Sequence[str]]]) -> None:
        self._decide_all = decide_all
        self._waiting: list[tuple[Purchase, asyncio.Future[str]]] = []
        self._running: asyncio.Task[None] | None = None

    def decide(self, purchase: Purchase) -> asyncio.Future[str]:
        """The code of a purchase, in time."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((purchase, future))
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        return future

    async def _run(self) -> None:
        """Decide until nobody waits; a task begins in the next turn of the loop, so it gathers."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._decide(batch)
        finally:
            self._running = None

    async def _decide(self, batch: list[tuple[Purchase, asyncio.Future[str]]]) -> None:
        futures = [future for _, future in batch]
        try:
            codes = await self._decide_all([purchase for purchase, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, each request fails with it
            for future in futures:
                if not future.done():
                    future.set_exception(error)
            return
        for future, code in zip(futures, codes, strict=True):
            if not future.done():
                future.set_result(code)
