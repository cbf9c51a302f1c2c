"""Holds end by themselves: exactly at their time, and before anything else on their account."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.actors.clock import Clock
from authorizer.actors.timers import SLICE, SLOT_US, Timers, accounts_with_holds
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    ExpireHolds,
    ReadPurchase,
    Reverse,
)
from authorizer.domain.accounts.purchase_events import HoldExpired
from authorizer.domain.accounts.purchase_state import PurchaseStatus, PurchaseView
from authorizer.domain.moments import HOUR_US
from authorizer.domain.outcomes import Reason, Refusal
from tests.support.builders import BY
from tests.support.house import House

pytestmark = pytest.mark.anyio

A, H = "a", "h"


def hold(cents: int = 60_00, purchase_id: str = H, hours: int = 1, account: str = A) -> Any:
    return AuthorizeHold(
        account, purchase_id, cents, "5999", "LOJA", None, False, hours, None, 0, BY
    )


async def asked(house: House, command: Any) -> PurchaseView:
    answer = await house.done(house.dispatcher.ask(command))
    assert not isinstance(answer, Refusal), answer
    view: PurchaseView = answer[1]
    return view


async def begun(*accounts: str) -> House:
    """Accounts with CASH 100.00, each with an hour's hold of 60.00."""
    house = House()
    for account in accounts:
        await house.open(account, CASH=100_00)
        held = await asked(house, hold(account=account))
        assert held.status is PurchaseStatus.PENDING
    return house


def pass_us(house: House, micros: int) -> None:
    house.wall_ns += micros * 1000
    house.monotonic_ns += micros * 1000


async def expire_due(house: House) -> list[str]:
    """What the wheel does every quarter of a second."""
    due = house.around.timers.due()
    for account_id in due:
        await house.done(house.dispatcher.send(ExpireHolds(account_id)))
    return due


async def test_a_hold_is_there_up_to_its_last_microsecond() -> None:
    house = await begun(A)
    expires_at_us = (await asked(house, ReadPurchase(A, H))).expires_at_us
    assert expires_at_us is not None
    pass_us(house, expires_at_us - house.clock.now_us() - 1)
    assert (await asked(house, ReadPurchase(A, H))).status is PurchaseStatus.PENDING
    pass_us(house, 1)
    expired = await asked(house, ReadPurchase(A, H))
    assert (expired.status, expired.held_cents) == (PurchaseStatus.EXPIRED, 0)
    assert expired.released_cents == 60_00
    (event,) = [event for event in house.journal.events() if isinstance(event, HoldExpired)]
    assert event.at_us == expires_at_us


async def test_what_is_overdue_ends_before_a_purchase_is_decided() -> None:
    house = await begun(A)
    assert (await house.buy(A, 50_00)).reason is Reason.INSUFFICIENT_FUNDS
    pass_us(house, HOUR_US)
    assert (await house.buy(A, 100_00)).reason is Reason.APPROVED


async def test_what_is_overdue_can_not_be_reversed_any_more() -> None:
    house = await begun(A)
    pass_us(house, HOUR_US)
    answer = await house.done(house.dispatcher.ask(Reverse(A, H, "r", None, None, BY)))
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.state) == ("wrong_state", "expired")


async def test_a_hold_that_was_captured_in_part_is_closed_when_it_ends() -> None:
    house = await begun(A)
    await asked(house, Capture(A, H, "c", 10_00, False, False, None, None, None, BY))
    pass_us(house, HOUR_US)
    ended = await asked(house, ReadPurchase(A, H))
    assert (ended.status, ended.captured_cents) == (PurchaseStatus.CLOSED, 10_00)
    assert await house.cash(A) == 90_00


async def test_an_account_that_nobody_asks_for_is_asked_by_the_wheel() -> None:
    house = await begun(A, "b")
    assert await expire_due(house) == []
    pass_us(house, HOUR_US + SLOT_US)
    assert sorted(await expire_due(house)) == [A, "b"]
    assert await expire_due(house) == []
    assert [type(event) for event in house.journal.events()].count(HoldExpired) == 2
    assert await house.cash(A) == 100_00


async def test_a_hold_that_ended_otherwise_leaves_the_wheel() -> None:
    house = await begun(A)
    assert len(house.around.timers) == 1
    await asked(house, Reverse(A, H, "r", None, None, BY))
    assert len(house.around.timers) == 0
    pass_us(house, 2 * HOUR_US)
    assert await expire_due(house) == []


async def test_the_wheel_waits_for_the_next_of_several() -> None:
    house = await begun(A)
    await asked(house, hold(10_00, "later", 2))
    pass_us(house, HOUR_US + SLOT_US)
    assert await expire_due(house) == [A]
    assert (await asked(house, ReadPurchase(A, "later"))).status is PurchaseStatus.PENDING
    assert len(house.around.timers) == 1
    pass_us(house, HOUR_US)
    assert await expire_due(house) == [A]
    assert await house.cash(A) == 100_00


async def test_several_that_are_due_end_in_the_order_of_their_times() -> None:
    house = await begun(A)
    await asked(house, hold(10_00, "third", 3))
    await asked(house, hold(10_00, "second", 2))
    pass_us(house, 4 * HOUR_US)
    await house.buy(A)
    ended = [e.purchase_id for e in house.journal.events() if isinstance(e, HoldExpired)]
    assert ended == [H, "second", "third"]


async def test_accounts_with_open_holds_are_found_after_a_recovery() -> None:
    """At rest, without being read where they have none."""
    house = await begun(A, "b")
    await house.open("none")
    await asked(house, Reverse("b", H, "r", None, None, BY))
    state = house.replayed()
    expires_at_us = (await asked(house, ReadPurchase(A, H))).expires_at_us
    (account,) = accounts_with_holds(state)
    assert (account.account_id, account.next_expiry_us) == (A, expires_at_us)
    assert state[ACCOUNTS].load(A).next_expiry_us == expires_at_us


def test_a_slot_is_due_when_its_end_has_come() -> None:
    now_ns = [10 * 10**9]
    clock = Clock(lambda: now_ns[0], lambda: now_ns[0])
    timers = Timers(clock)
    timers.note("a", 10 * 10**6 + 1)
    timers.note("b", 10 * 10**6 + 1)
    timers.note("b", None)
    assert timers.due() == []
    now_ns[0] += SLOT_US * 1000
    assert timers.due() == ["a"]
    assert timers.due() == []


async def test_very_many_that_are_due_do_not_stand_in_front_of_a_purchase() -> None:
    """No more are asked at a time than a slice: a purchase waits for these at most."""
    now_ns = [10 * 10**9]
    timers = Timers(Clock(lambda: now_ns[0], lambda: now_ns[0]))
    for number in range(3 * SLICE):
        timers.note(f"a{number}", 10 * 10**6)
    asked: list[asyncio.Future[None]] = []

    def ask(_: str) -> asyncio.Future[None]:
        asked.append(asyncio.get_running_loop().create_future())
        return asked[-1]

    running = asyncio.ensure_future(timers.run(ask, lambda: False))
    for slices in (1, 2, 3):
        deadline = asyncio.get_running_loop().time() + 30
        while len(asked) < slices * SLICE:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(asked) == slices * SLICE
        for one in asked[-SLICE:]:
            one.set_result(None)
    running.cancel()
