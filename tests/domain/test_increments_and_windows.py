"""Increments on holds of a window that is over: limits look at the purchase as it will stand."""

from __future__ import annotations

from typing import Any, Final

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    IncrementHold,
    PutLimit,
    Reverse,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import DAY_US, HOUR_US
from tests.support.builders import ACCOUNT, BY, NOW_US, apply, context, opened

AROUND: Final = context(Policy())
DAY: Final = LimitTerms("day", None, 100_00, None, LimitScope(), LimitMode.ENFORCE)
TRAILING: Final = DAY._replace(window="P1D", trailing_us=DAY_US)
HOLD: Final = AuthorizeHold(ACCOUNT, "h", 60_00, "5811", "LOJA X", None, False, None, None, 0, BY)


def ask(account: Account, command: Any, now_us: int) -> None:
    apply(account, ACCOUNTS.decide(account, command, AROUND, now_us))


def more(account: Account, name: str, cents: int, now_us: int) -> str:
    """Add to the hold: the reason of the answer."""
    ask(account, IncrementHold(ACCOUNT, "h", name, cents, 0, BY), now_us)
    return account.purchases["h"].operations[-1].reason.name_on_wire


@pytest.fixture(params=[DAY, TRAILING], ids=["day", "trailing"])
def account(request: pytest.FixtureRequest) -> Account:
    account = opened(MEAL=1000_00)
    put = PutLimit(ACCOUNT, "most", False, request.param, (), None, NOW_US, BY)
    ask(account, put, NOW_US)
    ask(account, HOLD, NOW_US)
    return account


def test_in_the_window_of_the_hold_it_is_counted_once(account: Account) -> None:
    assert more(account, "a", 40_00, NOW_US) == "approved"
    assert more(account, "b", 1, NOW_US) == "amount_limit"


@pytest.mark.parametrize("days", [1, 2, 5])
def test_later_a_hold_grows_to_the_ceiling_and_no_further(account: Account, days: int) -> None:
    later_us = NOW_US + days * DAY_US
    assert more(account, "a", 40_01, later_us) == "amount_limit"
    assert more(account, "b", 30_00, later_us) == "approved"
    assert more(account, "c", 10_01, later_us) == "amount_limit"
    assert more(account, "d", 10_00, later_us) == "approved"


def test_what_was_given_back_makes_room(account: Account) -> None:
    later_us = NOW_US + 2 * DAY_US
    ask(account, Reverse(ACCOUNT, "h", "r", 50_00, None, BY), later_us)
    assert more(account, "a", 90_01, later_us) == "amount_limit"
    assert more(account, "b", 90_00, later_us) == "approved"


def test_what_is_used_in_the_window_of_now_is_beside_it(account: Account) -> None:
    later_us = NOW_US + 2 * DAY_US
    ask(account, HOLD._replace(purchase_id="i", amount_cents=30_00), later_us)
    assert more(account, "a", 10_01, later_us + HOUR_US) == "amount_limit"
    assert more(account, "b", 10_00, later_us + HOUR_US) == "approved"
