"""What of an account's purchases may leave memory, and what comes back."""

import json
from typing import Any

import pytest

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.leaving import (
    ClosedPurchases,
    closed_purchases,
    in_memory,
    is_over,
    let_go,
    recalled,
)
from authorizer.domain.accounts.purchase_lookup import find_purchase, purchase_view
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import DAY_US
from tests.domain.lives import Life

HOUR_US = DAY_US // 24
MANY = 1000


def a_life() -> Life:
    life = Life(MEAL=100_00)
    life.buy("t", 1_00)
    life.hold("closed", 2_00)
    life.capture("closed", "c")
    life.hold("open", 3_00)
    return life


def names(closed: ClosedPurchases | None) -> list[str]:
    return [] if closed is None else [each.purchase_id for each in closed.leaving()]


def test_what_is_old_and_closed_may_leave_and_an_open_hold_stays() -> None:
    life = a_life()
    assert names(closed_purchases(life.account, life.now_us, MANY)) == []
    assert names(closed_purchases(life.account, life.now_us + 1, MANY)) == ["t", "closed"]


def test_past_the_number_that_stays_the_oldest_leave_however_young(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 2)
    life = Life(MEAL=100_00)
    for number in range(5):
        life.buy(f"t{number}", 1)
        life.hold(f"h{number}", 1)
        life.capture(f"h{number}", "c")
    assert is_over(life.account, 2)
    assert names(closed_purchases(life.account, 0, 2)) == ["t0", "t1", "t2", "t3", "h0", "h1", "h2"]


def test_a_purchase_of_several_messages_stays_while_its_id_is_among_those_of_one() -> None:
    """Or the state that it had before would be found. The entry leaves, and is not archived."""
    life = a_life()
    life.refund("t", "r", 50)
    found = closed_purchases(life.account, life.now_us + 1, MANY)
    assert names(found) == ["closed"]
    assert found is not None
    assert found.total == 2
    let_go(life.account, found)
    assert life.account.purchases["t"].refunded_cents == 50
    assert names(closed_purchases(life.account, life.now_us + 1, MANY)) == ["t"]


def test_what_was_archived_goes_unless_it_has_changed_meanwhile() -> None:
    life = a_life()
    life.hold("later", 4_00)
    life.capture("later", "c")
    closed = closed_purchases(life.account, life.now_us + 1, MANY)
    assert names(closed) == ["t", "closed", "later"]
    assert closed is not None
    life.refund("closed", "r", 1)
    assert let_go(life.account, closed) == 2
    assert [in_memory(life.account, name) for name in ("t", "closed", "later", "open")] == [
        False,
        True,
        False,
        True,
    ]


def test_a_page_that_was_sealed_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 2)
    life = Life(MEAL=100_00)
    life.buy("t0", 1)
    closed = closed_purchases(life.account, life.now_us + 1, MANY)
    assert names(closed) == ["t0"]
    assert closed is not None
    life.buy("t1", 1)
    life.buy("t2", 1)
    let_go(life.account, closed)
    assert in_memory(life.account, "t0")
    assert names(closed_purchases(life.account, life.now_us + 1, MANY)) == ["t0", "t1", "t2"]


@pytest.mark.parametrize("name", ["t", "closed"])
def test_what_comes_back_is_what_has_left(name: str) -> None:
    life = a_life()
    before = purchase_view(life.account, name)
    account = gone(life.account, life.now_us + 1)
    assert find_purchase(account.account, name) is None
    account.account.recalled = recalled(name, account.forms[name])
    assert purchase_view(account.account, name) == before


def test_money_goes_back_to_its_source_after_the_purchase_has_left() -> None:
    life = a_life()
    without = gone(life.account, life.now_us + 1)
    for name, cents in (("t", 1_00), ("closed", 2_00)):
        life.account.recalled = recalled(name, without.forms[name])
        life.refund(name, "r", cents)
        life.account.recalled = None
    assert life.account.wallets_cents["MEAL"] == 97_00
    assert life.account.purchases["t"].refunded_cents == 1_00
    assert life.account.purchases["closed"].refunded_cents == 2_00


class Gone:
    """An account, and the forms of what has left it, after a way through JSON."""

    def __init__(self, account: Account, forms: dict[str, Any]) -> None:
        self.account = account
        self.forms = forms


def gone(account: Account, before_us: int) -> Gone:
    closed = closed_purchases(account, before_us, MANY)
    assert closed is not None
    let_go(account, closed)
    forms = {each.purchase_id: json.loads(json.dumps(each.form)) for each in closed.leaving()}
    return Gone(account, forms)
