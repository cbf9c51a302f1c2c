"""The simulated machine, with the purchases that tests put to it, and what its states hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome
from authorizer.persistence.archive.protocol import Archive
from authorizer.persistence.archive.wholeness import make_whole
from authorizer.persistence.state.state import State
from authorizer.simulation import machine
from authorizer.simulation.machine import Task
from tests.support.builders import deep
from tests.support.purchases import decided


class Machine(machine.Machine):
    """A simulated machine on which purchases are put."""

    @property
    def wall_us(self) -> int:
        return self.wall_ns // 1000

    @wall_us.setter
    def wall_us(self, wall_us: int) -> None:
        self.wall_ns = wall_us * 1000

    def authorize(self, command: Authorize) -> Task:
        """Put a purchase."""
        return self.ask(self._authorize(command))

    def authorize_together(self, commands: Sequence[Authorize]) -> list[Task]:
        """Put purchases in one step of the loop."""
        return self.ask_together(*map(self._authorize, commands))

    async def _authorize(self, command: Authorize) -> Outcome:
        return await decided(self.dispatcher, command)


# --- what a state holds ------------------------------------------------------------------------


def contents(
    state: State,
    since_us: int = 0,
    archive: Archive | None = None,
    credits_since_us: int | None = None,
) -> dict[str, Any]:
    """Everything in a state, to be compared: no page of ids, no order of waking is seen in it.

    Ids that were answered before `since_us`, those of credits before `credits_since_us` if it is
    another time, are left out: when they go depends on restarts. What
    lies in the archive is taken for what is in memory.
    """
    return {
        **{
            aggregate.plural: {
                name: entity_contents(store.load(name), since_us, archive, credits_since_us)
                for name in store
            }
            for aggregate, store in state.stores.items()
        },
        **{index.name: dict(entries) for index, entries in state.indexes.items()},
        **{aggregate.plural: deep(single) for aggregate, single in state.singles.items()},
    }


def entity_contents(
    entity: Any,
    since_us: int = 0,
    archive: Archive | None = None,
    credits_since_us: int | None = None,
) -> dict[str, Any]:
    """Everything in an account, a customer or a ticket."""
    if isinstance(entity, Account):
        make_whole(entity, archive, since_us)
    found: dict[str, Any] = deep(entity)
    if not isinstance(entity, Account):
        return found
    found = account_contents(entity, since_us)
    if credits_since_us is not None:
        found |= {"credit_keys": all_ids(entity.credit_keys, credits_since_us)}
    return found


def account_contents(account: Account, since_us: int = 0) -> dict[str, Any]:
    """Everything in an account."""
    found: dict[str, Any] = deep(account)
    return found | {name: all_ids(getattr(account, name), since_us) for name in IDS}


IDS: Final = ("purchase_keys", "credit_keys", "adjustments")
"""Where an account remembers ids with what they were answered."""


def all_ids(remembered: IdempotencyKeys, since_us: int = 0) -> dict[str, str]:
    """Every remembered id with what is remembered of it, those that are older left out."""
    pages = (*remembered.sealed_pages, remembered.open_page)
    entries = (entry for page in pages for entry in page.items())
    return {key: text for key, text in entries if int(text.partition("\0")[0]) >= since_us}
