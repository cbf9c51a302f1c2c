"""What is due by itself: holds end when their time has come, on accounts that nobody asks for too.

A timer wheel of quarter-second slots on the injected clock. An account is in the slot of its next
hold to run out. What is overdue on it ends before any command on it is decided, so a slot that is
late loses nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from heapq import heappop, heappush
from typing import Final

from authorizer.actors.clock import Clock
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import has_more
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import NEVER_US, SECOND_US
from authorizer.persistence.state.state import State

SLOT_US: Final = SECOND_US // 4
SLICE: Final = 32
"""Accounts that are asked at a time: purchases get their turn in between."""


class Timers:
    """Knows when the next hold of each account runs out, and asks the accounts that are due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slots: dict[int, set[str]] = {}
        self._coming: list[int] = []
        """A heap of the slots."""
        self._slot_of: dict[str, int] = {}

    def __len__(self) -> int:
        """How many accounts have open holds."""
        return len(self._slot_of)

    def note(self, account_id: str, next_expiry_us: int | None) -> None:
        """Note when the next hold of an account runs out; None: it has none."""
        slot = None if next_expiry_us is None else -(-next_expiry_us // SLOT_US)
        before = self._slot_of.get(account_id)
        if slot == before:
            return
        if before is not None:
            self._slots[before].discard(account_id)
        if slot is None:
            self._slot_of.pop(account_id, None)
            return
        self._slot_of[account_id] = slot
        if slot not in self._slots:
            self._slots[slot] = set()
            heappush(self._coming, slot)
        self._slots[slot].add(account_id)

    @property
    def has_due(self) -> bool:
        """Whether the slot of any account has come."""
        return bool(self._coming) and self._coming[0] <= self._clock.now_us() // SLOT_US

    def due(self) -> list[str]:
        """The accounts whose slot has come, taken out of it."""
        now = self._clock.now_us() // SLOT_US
        found: list[str] = []
        while self._coming and self._coming[0] <= now:
            for account_id in self._slots.pop(heappop(self._coming)):
                del self._slot_of[account_id]
                found.append(account_id)
        return found

    async def run(
        self, ask: Callable[[str], Awaitable[object]], must_wait: Callable[[], bool]
    ) -> None:
        """Look every quarter of a second, and ask the accounts that are due; see `work`.

        Nothing is done while it `must_wait`.
        """
        while True:
            await asyncio.sleep(SLOT_US / SECOND_US)
            if not must_wait():
                await self.work(ask, must_wait)

    async def work(
        self, ask: Callable[[str], Awaitable[object]], must_stop: Callable[[], bool]
    ) -> None:
        """Ask the accounts that are due.

        `ask` sends an account the command that ends its overdue holds. A few are asked, and the
        next once these have answered: where very many are due at once, they must not stand in
        front of the purchases that come meanwhile. Those that are left when it `must_stop` are due
        the next time.
        """
        due = self.due()
        for at in range(0, len(due), SLICE):
            if must_stop():
                for account_id in due[at:]:
                    self.note(account_id, self._clock.now_us() - SLOT_US)
                return
            for asked in [ask(account_id) for account_id in due[at : at + SLICE]]:
                await asked
            await asyncio.sleep(0)


def accounts_with_holds(state: State) -> Iterator[Account]:
    """The accounts that have open holds, as they are kept."""
    store = state[ACCOUNTS]
    for account_id in store:
        if has_more(store.packed(account_id).data):
            account = store.load(account_id)
            if account.next_expiry_us != NEVER_US:
                yield account
