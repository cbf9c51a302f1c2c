"""L4: however many purchases come at once, each is decided on what those before it have left."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pykka
import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome, Reason
from tests.actors.harness import PATIENCE_SECONDS
from tests.support.builders import NOW_US, context, opened, words
from tests.support.commands import purchase
from tests.support.house import House, begun, everything

pytestmark = pytest.mark.anyio

CONTEXT = context()
EXPECTED = {Reason.APPROVED: 400, Reason.INSUFFICIENT_FUNDS: 600}


async def test_of_1000_concurrent_purchases_with_money_for_400_exactly_400_are_approved() -> None:
    house = House()
    await house.open("a", CASH=400_00)
    answers = [begun(house.purchase("a", 1_00)) for _ in range(1000)]
    await house.settle()
    while house.commit():
        await house.settle()
    assert Counter(answer.result().reason for answer in answers) == EXPECTED
    assert await house.cash("a") == 0
    counted = Counter(words(house.journal.events()))
    assert counted == {"AccountOpened": 1, "PurchaseApproved": 400, "PurchaseDeclined": 600}


async def test_all_sources_of_funds_together_pay_for_exactly_what_they_hold() -> None:
    house = House()
    await house.open("a", FOOD=100_00, CASH=200_00)
    await house.open("b", FOOD=100_00, CASH=200_00)
    answers = [
        begun(house.purchase(account_id, 1_00, mcc="5411"))
        for _ in range(500)
        for account_id in ("a", "b")
    ]
    await house.settle()
    house.commit()
    await house.settle()
    wallets = Counter(answer.result().wallet for answer in answers)
    assert wallets == {"FOOD": 200, "CASH": 400, None: 400}


async def test_of_1000_copies_of_one_purchase_one_is_paid() -> None:
    house = House()
    await house.open("a", CASH=400_00)
    answers = [begun(house.purchase("a", 1_00, transaction_id="t")) for _ in range(1000)]
    await house.settle()
    house.commit()
    await house.settle()
    assert Counter(answer.result().replayed for answer in answers) == {False: 1, True: 999}
    assert await house.cash("a") == 399_00
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)


class ThreadedAccount(pykka.ThreadingActor):
    """An account with a thread of its own, of the same `authorize` and `evolve`."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account

    def on_receive(self, command: Authorize) -> Outcome:
        """Decide, then evolve."""
        outcome, event = authorize(self._account, command, CONTEXT, NOW_US, 0)
        if event is not None:
            ACCOUNTS.evolve(self._account, event, self._account.position + 1)
        return outcome


def test_the_same_rules_approve_exactly_400_on_a_thread_too() -> None:
    account = opened(CASH=400_00)
    ref = ThreadedAccount.start(account)
    futures: list[list[pykka.Future[Any]]] = [[] for _ in range(8)]

    def send(mine: list[pykka.Future[Any]]) -> None:
        mine += [ref.ask(purchase(1_00), block=False) for _ in range(125)]

    try:
        threads = [threading.Thread(target=send, args=(mine,)) for mine in futures]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes = [future.get(timeout=PATIENCE_SECONDS) for mine in futures for future in mine]
    finally:
        ref.stop(timeout=PATIENCE_SECONDS)
    assert Counter(outcome.reason for outcome in outcomes) == EXPECTED
    assert account.wallets_cents == {"CASH": 0}
