"""An account begins to count for the limits of all with its next purchase, which waits a little."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from authorizer.actors.counting import GlobalCounting
from authorizer.actors.disk_room import DiskRoom
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.state import Account
from authorizer.domain.limits.state import GlobalLimits

pytestmark = pytest.mark.anyio

TERMS = LimitTerms("day", None, 1_00, None, LimitScope(), LimitMode.ENFORCE)


class Counts:
    """Begins the count of an account when the test says so."""

    def __init__(self, deadline_s: float = 60.0) -> None:
        self.limits = GlobalLimits()
        self.limits.terms = {"day": TERMS}
        self.asked: list[str] = []
        self.go_on = asyncio.Event()
        self.fails_for: set[str] = set()
        self.accounts: dict[str, Account] = {}
        self.room = DiskRoom(reserve_bytes=100)
        self.counting = GlobalCounting(self.limits, self.begin, self.room, deadline_s)

    async def begin(self, account_id: str, name: str, terms: LimitTerms) -> None:
        self.asked.append(account_id)
        await self.go_on.wait()
        if name in self.fails_for:
            raise OSError("no read models")
        self.accounts[account_id].global_limits[name] = Limit(name, terms)

    def account(self, account_id: str) -> Account:
        return self.accounts.setdefault(account_id, Account(account_id))


async def steps() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_purchases_of_an_account_keep_their_order_while_it_is_looked_up() -> None:
    counts, happened = Counts(), list[Any]()
    account = counts.account("a")
    assert counts.counting.is_due(account)
    for number in range(3):
        counts.counting.first("a", partial(happened.append, number))
    await steps()
    assert (counts.asked, happened) == (["a"], [])
    counts.go_on.set()
    await steps()
    assert happened == [0, 1, 2]
    assert not counts.counting.is_due(account)


async def test_nobody_begins_to_count_while_the_disk_is_short() -> None:
    """A purchase would wait for an event that can't be. Those that wait keep their order."""
    counts = Counts()
    waiting, other = counts.account("a"), counts.account("b")
    counts.counting.first("a", lambda: None)
    counts.room.look(99, now_s=1.0)
    assert counts.counting.is_due(waiting)
    assert not counts.counting.is_due(other)
    counts.room.go_on()
    assert counts.counting.is_due(other)
    counts.go_on.set()
    await steps()


async def test_the_patience_of_one_wait_does_not_cut_the_next_one_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends: list[asyncio.TimerHandle] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def noted(*call: Any) -> asyncio.TimerHandle:
        ends.append(call_later(*call))
        return ends[-1]

    monkeypatch.setattr(loop, "call_later", noted)
    counts = Counts(deadline_s=0.08)
    counts.account("a")
    counts.go_on.set()
    began_s = loop.time()
    counts.counting.first("a", lambda: None)
    await steps()
    assert [end.cancelled() for end in ends] == [True]
    assert ends[0].when() - began_s >= 0.04
    assert ends[0].when() - loop.time() <= 0.04, "half of the deadline"


async def test_another_account_is_looked_up_by_itself() -> None:
    counts = Counts()
    counts.account("a"), counts.account("b")
    for name in ("a", "b"):
        counts.counting.first(name, lambda: None)
    await steps()
    assert counts.asked == ["a", "b"]
    counts.go_on.set()
    await steps()


async def test_past_the_patience_a_purchase_goes_on() -> None:
    counts = Counts(deadline_s=0.0)
    await asyncio.wait_for(counts.counting.wait(counts.account("a")), 10)
    assert not counts.account("a").global_limits
    counts.go_on.set()
    await steps()
    assert counts.account("a").global_limits, "the count begins a little later"


async def test_an_account_whose_look_up_failed_is_let_alone_for_a_while() -> None:
    counts, happened = Counts(), list[Any]()
    counts.fails_for = {"day"}
    counts.go_on.set()
    counts.counting.first("a", lambda: happened.append(1))
    await steps()
    assert happened == [1]
    assert not counts.counting.is_due(counts.account("a"))
    assert counts.counting.is_due(counts.account("b"))


async def test_a_limit_that_cannot_begin_keeps_no_other_from_it() -> None:
    counts = Counts()
    each = TERMS._replace(window="transaction")
    counts.limits.terms = {"day": TERMS, "each": each}
    counts.account("a")
    counts.fails_for = {"day"}
    counts.go_on.set()
    counts.counting.first("a", lambda: None)
    await steps()
    assert list(counts.account("a").global_limits) == ["each"]


async def test_without_limits_for_all_nothing_is_due() -> None:
    counts = Counts()
    counts.limits.terms = {}
    assert not counts.counting.is_due(counts.account("a"))
    await counts.counting.wait(counts.account("a"))
    assert counts.asked == []
