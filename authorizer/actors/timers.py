"""What is due by itself: holds end and tickets escalate when their time has come, unasked.

A timer wheel of quarter-second slots on the injected clock, for accounts and for tickets each. An
account is in the slot of its next hold to run out, a ticket in that of its next escalation. What is
overdue happens before any command is decided, so a slot that is late loses nothing.
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
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.at_rest import is_over
from authorizer.domain.tickets.state import Ticket
from authorizer.persistence.state.state import State

SLOT_US: Final = SECOND_US // 4
SLICE: Final = 32
"""Entities that are asked at a time: purchases get their turn in between."""


class Timers:
    """Knows when something of each entity is due next, and asks those that are."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slots: dict[int, set[str]] = {}
        self._coming: list[int] = []
        """A heap of the slots."""
        self._slot_of: dict[str, int] = {}

    def __len__(self) -> int:
        """How many entities have something to come."""
        return len(self._slot_of)

    def note(self, entity_id: str, next_due_us: int | None) -> None:
        """Note when something of an entity is due next; None: nothing is."""
        slot = None if next_due_us is None else -(-next_due_us // SLOT_US)
        before = self._slot_of.get(entity_id)
        if slot == before:
            return
        if before is not None:
            self._slots[before].discard(entity_id)
        if slot is None:
            self._slot_of.pop(entity_id, None)
            return
        self._slot_of[entity_id] = slot
        if slot not in self._slots:
            self._slots[slot] = set()
            heappush(self._coming, slot)
        self._slots[slot].add(entity_id)

    @property
    def has_due(self) -> bool:
        """Whether the slot of any entity has come."""
        return bool(self._coming) and self._coming[0] <= self._clock.now_us() // SLOT_US

    def due(self) -> list[str]:
        """The entities whose slot has come, taken out of it."""
        now = self._clock.now_us() // SLOT_US
        found: list[str] = []
        while self._coming and self._coming[0] <= now:
            for entity_id in self._slots.pop(heappop(self._coming)):
                del self._slot_of[entity_id]
                found.append(entity_id)
        return found

    async def run(
        self, ask: Callable[[str], Awaitable[object]], must_wait: Callable[[], bool]
    ) -> None:
        """Look every quarter of a second, and ask the entities that are due; see `work`.

        Nothing is done while it `must_wait`.
        """
        while True:
            await asyncio.sleep(SLOT_US / SECOND_US)
            if not must_wait():
                await self.work(ask, must_wait)

    async def work(
        self, ask: Callable[[str], Awaitable[object]], must_stop: Callable[[], bool]
    ) -> None:
        """Ask the entities that are due.

        `ask` sends an account the command that ends its overdue holds. A few are asked, and the
        next once these have answered: where very many are due at once, they must not stand in
        front of the purchases that come meanwhile. Those that are left when it `must_stop` are due
        the next time.
        """
        due = self.due()
        for at in range(0, len(due), SLICE):
            if must_stop():
                for entity_id in due[at:]:
                    self.note(entity_id, self._clock.now_us() - SLOT_US)
                return
            for asked in [ask(entity_id) for entity_id in due[at : at + SLICE]]:
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


def tickets_at_work(state: State) -> Iterator[Ticket]:
    """The tickets that are neither resolved nor closed, as they are kept."""
    store = state[TICKETS]
    for ticket_id in store:
        if not is_over(store.packed(ticket_id).data):
            yield store.load(ticket_id)
