"""What is counted of purchases of several messages: gauges are those of a walk along accounts."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from authorizer.actors.life_counts import (
    MAX_LIMIT_NAMES,
    OTHER_LIMITS,
    REPLAYED,
    CountedHit,
    LifeCounts,
    Operation,
)
from authorizer.actors.timers import accounts_with_holds
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    ExpireHolds,
    IncrementHold,
    PutLimit,
    Refund,
    RemoveLimit,
    Reverse,
)
from authorizer.domain.moments import HOUR_US
from tests.support.builders import BY
from tests.support.house import House

pytestmark = pytest.mark.anyio

A = "a"
MCCS = ("5411", "5812", "5999")


def hold(name: str, cents: int, mcc: str = "5999", hours: int = 1, partial: bool = False) -> Any:
    return AuthorizeHold(A, name, cents, mcc, "LOJA", None, partial, hours, None, 0, BY)


def capture(
    name: str, by_id: str, cents: int | None, force: bool = False, final: bool = True
) -> Any:
    return Capture(A, name, by_id, cents, final, force, None, None, None, BY)


async def done(house: House, command: Any) -> None:
    await house.done(house.dispatcher.ask(command))


def recovered(house: House) -> LifeCounts:
    """What a start would count of the state that the journal makes."""
    counts = LifeCounts()
    for account in accounts_with_holds(house.replayed()):
        counts.recovered(account)
    return counts


def held(counts: LifeCounts) -> tuple[int, Counter[str]]:
    return counts.open_holds, +counts.held_cents


@pytest.mark.parametrize("seed", range(12))
async def test_gauges_are_those_of_the_state_after_anything(seed: int) -> None:
    chance, house = Random(seed), House()
    await house.open(A, CASH=100_00, MEAL=50_00, FOOD=50_00)
    for step in range(80):
        name, cents = f"h{chance.randrange(8)}", chance.choice((1_00, 7_50, 20_00))
        command = chance.choice(
            (
                hold(name, cents, chance.choice(MCCS), chance.randint(1, 3), partial=True),
                IncrementHold(A, name, f"i{step}", cents, 0, BY),
                capture(name, f"c{step}", chance.choice((None, cents)), final=step % 3 > 0),
                capture(name, f"f{step}", cents, force=True),
                Reverse(A, name, f"r{step}", chance.choice((None, cents)), "decline", BY),
                Refund(A, name, f"b{step}", chance.choice((None, cents)), BY),
            )
        )
        if chance.random() < 0.1:
            micros = HOUR_US * chance.randint(1, 2)
            house.wall_ns += micros * 1000
            house.monotonic_ns += micros * 1000
            command = ExpireHolds(A)
        await done(house, command)
        assert held(house.around.lives) == held(recovered(house))
    assert not house.bugs


async def test_what_became_of_operations_is_counted() -> None:
    house = House()
    await house.open(A, CASH=100_00)
    for command in (
        hold("h", 60_00),
        hold("h", 60_00),
        hold("big", 60_00),
        hold("part", 60_00, partial=True),  # 40.00
        IncrementHold(A, "h", "i", 1_00, 0, BY),
        capture("h", "over", 90_00),
        capture("h", "c", None),
        capture("h", "again", None),
        Refund(A, "h", "b", 1_00, BY),
        Refund(A, "h", "b", 1_00, BY),
        Reverse(A, "part", "r", None, None, BY),
        capture("part", "late", None),
        capture("h", "f", 5_00, force=True),
        Reverse(A, "unknown", "r", None, None, BY),
    ):
        await done(house, command)
    lives = house.around.lives
    assert lives.operations == {
        Operation("authorization", "approved"): 1,
        Operation("authorization", REPLAYED): 1,
        Operation("authorization", "insufficient_funds"): 1,
        Operation("authorization", "partially_approved"): 1,
        Operation("increment", "insufficient_funds"): 1,
        Operation("capture", "over_capture"): 1,
        Operation("capture", "approved"): 3,
        Operation("capture", "wrong_state"): 1,
        Operation("refund", "approved"): 1,
        Operation("refund", REPLAYED): 1,
        Operation("reversal", "approved"): 1,
        Operation("reversal", "not_found"): 1,
    }
    assert (lives.late_captures, lives.forced_captures, lives.expired) == (1, 1, 0)


async def test_hits_of_limits_are_counted_by_name_and_mode() -> None:
    house = House()
    await house.open(A, CASH=100_00)

    async def put(name: str, mode: LimitMode) -> None:
        terms = LimitTerms("transaction", None, 0, None, LimitScope(), mode)
        await done(house, PutLimit(A, name, False, terms, (), None, 0, BY))

    await put("watch", LimitMode.SHADOW)
    await house.buy(A)
    await done(house, hold("h", 1_00))
    await put("stop", LimitMode.ENFORCE)
    await house.buy(A)
    hits = house.around.lives.limit_hits
    assert hits == {
        CountedHit("watch", "account", "shadow"): 3,
        CountedHit("stop", "account", "enforce"): 1,
    }
    await done(house, RemoveLimit(A, "stop", BY))
    await done(house, RemoveLimit(A, "watch", BY))
    for number in range(MAX_LIMIT_NAMES + 5):
        await put(f"n{number}", LimitMode.SHADOW)
    await house.buy(A)
    assert len({hit.name for hit in hits}) == MAX_LIMIT_NAMES + 1
    assert hits[CountedHit(OTHER_LIMITS, "account", "shadow")] == 7
