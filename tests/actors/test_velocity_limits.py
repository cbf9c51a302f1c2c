"""Limits for every account: each begins to count for one, and stops when it is taken away."""

from __future__ import annotations

import asyncio

import pytest

from authorizer.actors.counting import GlobalCounting
from authorizer.actors.disk_room import DiskRoom
from authorizer.actors.velocity_limits import NotCountedError, VelocityLimits
from authorizer.domain.accounts.assessment_values import Assessment
from authorizer.domain.accounts.limits import (
    Counted,
    LimitMode,
    LimitScope,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.purchase_commands import Explain, SetAccountStatus
from authorizer.domain.accounts.purchase_events import LimitRemoved
from authorizer.domain.accounts.state import AccountStatus
from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Answered, Reason, Refusal, RefusalKind
from tests.support.house import House

pytestmark = pytest.mark.anyio

BY = "tests"
DAY = LimitTerms("day", None, 10_00, None, LimitScope(), LimitMode.ENFORCE)


class Limited:
    """A house whose accounts have limits; what was spent before is what the test says."""

    def __init__(self, max_resident: int = 1000) -> None:
        self.house = House(max_resident)
        self.spent: tuple[Counted, ...] = ()
        self.away = False
        self.look_ups = 0
        self.asked, self.seen = asyncio.Event(), asyncio.Event()
        self.seen.set()
        house = self.house
        self.limits = VelocityLimits(
            house.dispatcher, house.clock, house.around.context.window_of, self.history
        )

    async def history(self, account_id: str, since_us: int) -> tuple[Counted, ...]:
        if self.away:
            raise OSError("no read models")
        self.look_ups += 1
        self.asked.set()
        await self.seen.wait()
        return self.spent

    async def dry_run(self, amount_cents: int) -> Assessment:
        """How a purchase would be decided."""
        asked = Explain("a", None, amount_cents, "5999", "LOJA X", None, False, None)
        answer = await self.house.done(self.limits.explain(asked))
        assert not isinstance(answer, Refusal), answer
        assert isinstance(answer[0], Answered)
        found = answer[0].value
        assert isinstance(found, Assessment)
        return found

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


def spent(house: House, amount_cents: int) -> Counted:
    """A purchase of the past."""
    now_us = house.clock.now_us()
    return Counted("t", now_us, amount_cents, Spending("CASH", "5999", "LOJA X", None))


async def test_a_dry_run_under_a_new_limit_for_all_knows_what_was_spent_and_journals_nothing() -> (
    None
):
    limited = Limited()
    house = limited.house
    await house.open("a")
    limited.spent = (spent(house, 6_00),)
    await house.done(limited.limits.put_for_all("day", DAY, BY))
    before = house.appended
    assert (await limited.dry_run(4_01)).reason is Reason.AMOUNT_LIMIT
    found = await limited.dry_run(4_00)
    assert found.reason is Reason.APPROVED
    assert found.steps[-1].facts["used_cents"] == 6_00
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    assert (house.appended, actor.state.global_limits) == (before, {})


async def test_a_limit_whose_count_cannot_begin_holds_for_each_purchase_alone() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    limited.away = True
    await house.done(limited.limits.put_for_all("day", DAY, BY))
    found = await limited.dry_run(10_00)
    assert (found.reason, found.steps[-1].result) == (Reason.APPROVED, "counting")
    assert (await house.buy("a", 10_00)).reason is Reason.APPROVED
    beyond = await limited.dry_run(10_01)
    assert beyond.decided_by is not None
    assert (beyond.reason, beyond.decided_by.name) == (Reason.AMOUNT_LIMIT, "day")
    assert (await house.buy("a", 10_01)).reason is Reason.AMOUNT_LIMIT


async def test_a_shadow_whose_count_cannot_begin_declines_nothing() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    limited.away = True
    shadow = DAY._replace(mode=LimitMode.SHADOW)
    await house.done(limited.limits.put_for_all("day", shadow, BY))
    assert (await house.buy("a", 10_01)).reason is Reason.APPROVED


async def test_a_limit_is_put_on_an_account_that_does_not_rest() -> None:
    """What it spends while its past is looked up counts, and one look-up is enough."""
    limited = Limited()
    house = limited.house
    await house.open("a")
    limited.spent = (spent(house, 6_00),)
    limited.seen.clear()
    putting = asyncio.ensure_future(limited.limits.put("a", "mine", DAY, BY))
    await limited.asked.wait()
    assert (await house.buy("a", 3_00)).reason is Reason.APPROVED
    limited.seen.set()
    answer = await house.done(putting)
    assert not isinstance(answer, Refusal), answer
    assert (answer[1].used_cents, answer[1].used_count) == (9_00, 2)
    assert limited.look_ups == 1
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    await house.buy("a", 1)
    assert actor.state.spending_log is None


async def test_a_limit_is_put_on_an_account_that_falls_asleep_meanwhile() -> None:
    limited = Limited(max_resident=1)
    house = limited.house
    await house.open("a")
    await house.open("b")
    limited.spent = (spent(house, 6_00),)
    limited.seen.clear()
    putting = asyncio.ensure_future(limited.limits.put("a", "mine", DAY, BY))
    await limited.asked.wait()
    await house.buy("b")
    assert house.dispatcher.accounts.active("a") is None
    limited.seen.set()
    answer = await house.done(putting)
    assert not isinstance(answer, Refusal), answer
    assert (answer[1].used_cents, answer[1].used_count) == (6_00, 1)
    assert house.bugs == []


async def test_no_limit_is_put_on_an_account_that_is_broken() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    actor.broken = True
    answer = await house.done(limited.limits.put("a", "mine", DAY, BY))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.UNAVAILABLE


async def test_other_ceilings_are_put_without_a_look_up() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    await house.done(limited.limits.put("a", "mine", DAY, BY))
    limited.away = True
    lower = DAY._replace(max_amount_cents=1_00)
    assert not isinstance(await house.done(limited.limits.put("a", "mine", lower, BY)), Refusal)
    assert (await house.buy("a", 1_01)).reason is Reason.AMOUNT_LIMIT


async def test_a_limit_on_a_closed_account_is_refused_whether_or_not_the_past_is_known() -> None:
    limited = Limited()
    await limited.house.open("a", CASH=0)
    closing = SetAccountStatus("a", AccountStatus.CLOSED, "why", BY)
    assert not isinstance(await limited.house.done(limited.house.dispatcher.ask(closing)), Refusal)
    limited.away = True
    answer = await limited.house.done(limited.limits.put("a", "mine", DAY, BY))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.CONFLICT


async def test_a_closed_account_begins_to_count_for_nothing() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    counting = GlobalCounting(
        house.around.context.policy.global_limits, limited.limits.begin, DiskRoom(), 0.08
    )
    await house.done(limited.limits.put_for_all("day", DAY, BY))
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    assert counting.is_due(actor.state)
    actor.state.status = AccountStatus.CLOSED
    assert not counting.is_due(actor.state)


async def test_an_account_that_cannot_begin_to_count_says_why() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    actor.state.status = AccountStatus.CLOSED
    with pytest.raises(NotCountedError, match="closed"):
        await house.done(limited.limits.begin("a", "day", DAY))


async def test_a_window_that_no_purchase_has_seen_says_when_it_renews() -> None:
    limited = Limited()
    house = limited.house
    await house.open("a")
    await house.done(limited.limits.put("a", "mine", DAY, BY))
    house.wall_ns += 3 * DAY_US * 1000
    (view,) = await house.done(limited.limits.of_account("a"))  # type: ignore[misc] # no refusal
    assert view.renews_at_us == house.around.context.window_of("day", house.clock.now_us())[1]
