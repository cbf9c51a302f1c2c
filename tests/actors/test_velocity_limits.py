"""Limits for every account: each begins to count for one, and stops when it is taken away."""

from __future__ import annotations

import pytest

from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.domain.accounts.limits import (
    Counted,
    LimitMode,
    LimitScope,
    LimitTerms,
)
from authorizer.domain.accounts.purchase_events import LimitRemoved
from tests.support.house import House

pytestmark = pytest.mark.anyio

BY = "tests"
DAY = LimitTerms("day", None, 10_00, None, LimitScope(), LimitMode.ENFORCE)


class Limited:
    """A house whose accounts have limits; what was spent before is what the test says."""

    def __init__(self) -> None:
        self.house = House()
        self.spent: tuple[Counted, ...] = ()
        self.away = False
        house = self.house
        self.limits = VelocityLimits(
            house.dispatcher, house.clock, house.around.context.window_of, self.history
        )

    async def history(self, account_id: str, since_us: int) -> tuple[Counted, ...]:
        if self.away:
            raise OSError("no read models")
        return self.spent

    async def counts(self, name: str, terms: LimitTerms = DAY) -> None:
        """Put a limit for every account, and have the account `a` begin to count."""
        house = self.house
        await house.done(self.limits.put_for_all(name, terms, BY))
        await house.done(self.limits.begin("a", name, terms))


async def test_parts_of_a_limit_that_was_taken_away_go_with_the_next_purchase() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    await limited.counts("one")
    await limited.counts("other")
    await house.done(limited.limits.remove_for_all("one", BY))
    await house.buy("a")
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    assert list(actor.state.global_limits) == ["other"]
    removed = [one for one in house.journal.events() if isinstance(one, LimitRemoved)]
    assert [(one.by, one.name, one.is_global) for one in removed] == [("limits", "one", True)]
    await house.buy("a")
    assert house.journal.events().count(removed[0]) == 1
