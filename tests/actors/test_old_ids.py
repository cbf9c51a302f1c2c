"""Ids past their retention leave memory, of whoever is awake or asleep, and no answer changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.actors import old_ids
from authorizer.actors.old_ids import OldIds, Round
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Reason
from authorizer.settings.loading import load_settings
from tests.support.house import House

pytestmark = pytest.mark.anyio
RETENTION = load_settings().id_retention
RETENTION_US = RETENTION.purchases_us


def remembered(house: House) -> dict[str, set[str]]:
    """The ids in memory, of purchases and of credits, by account."""
    found = {}
    for account_id in house.state[ACCOUNTS]:
        actor = house.dispatcher.accounts.active(account_id)
        account = actor.state if actor else house.state[ACCOUNTS].load(account_id)
        pages = [account.purchase_keys.open_page, account.credit_keys.open_page]
        pages += [*account.purchase_keys.sealed_pages, *account.credit_keys.sealed_pages]
        found[account_id] = {key for page in pages for key in page}
    return found


async def used_house(accounts: int = 6, max_resident: int = 2) -> House:
    """Most accounts sleep; each has an old id of both kinds, and half of them a young one."""
    house = House(max_resident)
    for number in range(accounts):
        await house.open(f"a{number}")
        await house.buy(f"a{number}", 1, transaction_id="old")
        await house.credit(f"a{number}", "old credit", 1)
    house.let_pass((RETENTION_US + 1_000_000) * 1000)
    house.clock.confirm()
    for number in range(0, accounts, 2):
        await house.buy(f"a{number}", 1, transaction_id="young")
    return house


def walker(house: House, monkeypatch: pytest.MonkeyPatch) -> OldIds:
    monkeypatch.setattr(old_ids, "PAUSE_SECONDS", 0)
    ticks = iter(range(10**9))
    return OldIds(
        house.around, house.dispatcher.accounts, house.archiving, lambda: float(next(ticks))
    )


async def test_old_ids_leave_whoever_is_awake_and_whoever_sleeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = await used_house()
    resident = house.dispatcher.accounts.resident
    assert 0 < resident < 6
    assert await walker(house, monkeypatch).round() == Round(6, 12)
    young = {f"a{number}": {"young"} if number % 2 == 0 else set() for number in range(6)}
    assert remembered(house) == young
    assert house.dispatcher.accounts.resident == resident
    assert await walker(house, monkeypatch).round() == Round(6, 0)


async def test_a_young_id_is_answered_as_before_and_an_old_one_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = await used_house()
    await walker(house, monkeypatch).round()
    for number in range(0, 6, 2):
        again = await house.buy(f"a{number}", 1, transaction_id="young")
        assert (again.reason, again.replayed) == (Reason.APPROVED, True)
        old = await house.buy(f"a{number}", 1, transaction_id="old")
        assert (old.reason, old.replayed) == (Reason.APPROVED, False)


async def test_an_id_stays_for_its_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has happened since. That of a credit is shorter than that of a purchase."""
    house = House()
    await house.open("a")
    await house.buy("a", 1, transaction_id="t")
    await house.credit("a", "c", 1)
    passing: list[tuple[int, set[str]]] = [
        (RETENTION.credits_us, {"t", "c"}),
        (1, {"t"}),
        (RETENTION_US - RETENTION.credits_us - 1, {"t"}),
        (1, set()),
    ]
    for number, (passed_us, left) in enumerate(passing):
        house.let_pass(passed_us * 1000)
        house.clock.confirm()
        await house.open(f"later {number}")
        await walker(house, monkeypatch).round()
        assert remembered(house)["a"] == left


async def test_no_id_is_forgotten_because_a_clock_has_jumped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newest event tells the time."""
    house = House()
    await house.open("a")
    await house.buy("a", 1, transaction_id="t")
    house.wall_ns += 40 * DAY_US * 1000
    await house.read("a")
    assert await walker(house, monkeypatch).round() == Round(1, 0)
    assert remembered(house) == {"a": {"t"}}


async def test_a_broken_account_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await used_house(accounts=1)
    actor = house.dispatcher.accounts.find("a0")
    assert actor is not None
    actor.broken = True
    assert await walker(house, monkeypatch).round() == Round(1, 0)


async def test_the_loop_goes_on_between_two_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice ends when its time is over, and an account that is opened meanwhile is no harm."""
    house = await used_house()
    walking = asyncio.ensure_future(walker(house, monkeypatch).round())
    steps = 0
    while not walking.done():
        steps += 1
        if steps == 2:
            house.state[ACCOUNTS].register("late")
        await asyncio.sleep(0)
    assert steps > 6
    assert walking.result().accounts == 6


async def test_round_follows_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a part of the time between them that closed purchases stay in memory."""
    house = await used_house()
    slept: list[float] = []
    rounds: list[Any] = []
    real = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    walking = walker(house, monkeypatch)
    monkeypatch.setattr(asyncio, "sleep", note)
    task = asyncio.ensure_future(walking.run(rounds.append))
    while len(rounds) < 3:
        await real(0)
    task.cancel()
    assert rounds[:2] == [Round(6, 12), Round(6, 0)]
    assert (walking.forgotten, walking.rounds) == (12, len(rounds))
    assert max(slept) == pytest.approx(86_400 / 4, abs=60)
