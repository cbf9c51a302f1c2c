"""A purchase of one message that was worked on stays what it was, once its id is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from authorizer.domain.accounts.purchase_commands import Capture, ReadPurchase, Refund, Reverse
from authorizer.domain.accounts.purchase_state import PurchaseView
from authorizer.domain.moments import DAY_US
from tests.support.builders import ACCOUNT, BY
from tests.support.commands import opening, purchase
from tests.support.machine import Machine, contents

FORCED = Capture(ACCOUNT, "t", "k", 2_00, True, True, None, None, None, BY)
OPERATIONS: dict[str, Any] = {
    "refund": Refund(ACCOUNT, "t", "f", None, BY),
    "refund of a part": Refund(ACCOUNT, "t", "f", 1_00, BY),
    "reversal": Reverse(ACCOUNT, "t", "r", None, None, BY),
    "forced capture": FORCED,
}


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    made.start()
    ask(made, opening(ACCOUNT, CASH=100_00))
    yield made
    made.close()


def ask(machine: Machine, command: Any) -> Any:
    return machine.answer(machine.ask(machine.dispatcher.ask(command)))


def buy(machine: Machine, purchase_id: str, cents: int) -> None:
    machine.answer(machine.authorize(purchase(cents, transaction_id=purchase_id)))


def pass_days(machine: Machine, days: int) -> None:
    machine.wall_us += days * DAY_US
    machine.monotonic_ns += days * DAY_US * 1000


def seen(machine: Machine) -> PurchaseView:
    view: PurchaseView = ask(machine, ReadPurchase(ACCOUNT, "t"))[1]
    return view


@pytest.mark.parametrize("days", [0, 40])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_outlives_its_purchases_id(machine: Machine, name: str, days: int) -> None:
    """However long after the purchase, and however long before the start."""
    buy(machine, "t", 5_00)
    pass_days(machine, days)
    ask(machine, OPERATIONS[name])
    check_starts(machine)


def test_a_forced_capture_of_a_decline_outlives_its_purchases_id(machine: Machine) -> None:
    buy(machine, "t", 200_00)
    ask(machine, FORCED)
    assert check_starts(machine).requested_cents == 200_00


def check_starts(machine: Machine) -> PurchaseView:
    """A start after the id is forgotten, from the journal alone, has the purchase as it was."""
    before = seen(machine)
    assert len(before.operations) == 2
    pass_days(machine, 40)
    buy(machine, "another", 1_00)
    machine.take_snapshot()
    machine.kill()
    alone, taken = machine.recover(use_snapshots=False).state, machine.recover().state
    since_us = taken.at_us - DAY_US
    assert contents(alone, since_us) == contents(taken, since_us)
    machine.start()
    assert seen(machine) == before
    return before
