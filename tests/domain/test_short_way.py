"""Which purchases on special accounts are decided without looking at all rules."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import PutLimit
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.short_way import authorize_shortly
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import limits_to_count, put_limit
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.moments import DAY_US, HOUR_US
from tests.support.builders import ACCOUNT, BY, NOW_US, apply, context, grown, opened

HOUR = LimitTerms("PT1H", HOUR_US, 10_00, 3, LimitScope(), LimitMode.ENFORCE)
LIMITS = {
    "each": HOUR._replace(window="transaction", trailing_us=None),
    "day": HOUR._replace(window="day", trailing_us=None),
    "hour": HOUR,
    "others": HOUR._replace(max_amount_cents=0, scope=LimitScope(mccs=("5411",))),
}
PURCHASE = Authorize(ACCOUNT, None, 4_00, "5811", "LOJA X", None, 0, BY)
AROUND = context(Policy())


def limited(**limits: LimitTerms) -> Account:
    account = opened(MEAL=100_00)
    for name, terms in limits.items():
        put = PutLimit(ACCOUNT, name, False, terms, (), None, NOW_US, BY)
        apply(account, put_limit(account, put, AROUND, NOW_US))
    return account


def shortly(account: Account, asked: Authorize = PURCHASE, around: Any = AROUND) -> Any:
    return authorize_shortly(account, asked, around, NOW_US, 0)


def test_a_purchase_that_every_limit_lets_pass_goes_the_short_way() -> None:
    assert shortly(limited(**LIMITS)) is not None


@pytest.mark.parametrize("mode", LimitMode)
@pytest.mark.parametrize("name", LIMITS)
def test_one_that_a_limit_does_not_let_pass_goes_along_all_rules(
    name: str, mode: LimitMode
) -> None:
    account = limited(**{name: LIMITS[name]._replace(mode=mode)})
    asked = PURCHASE._replace(amount_cents=10_01, mcc="5411", merchant="LOJA Y")
    account.wallets_cents["CASH"] = 100_00
    assert shortly(account, asked) is None


def test_a_limit_for_all_that_has_not_begun_holds_for_each_purchase_alone() -> None:
    of_all = GlobalLimits()
    around = context(Policy(global_limits=of_all))
    account = limited()
    assert shortly(account, around=around) is not None
    of_all.terms = {"most": LIMITS["each"]._replace(max_amount_cents=3_99)}
    assert shortly(account, around=around) is None
    of_all.terms = {"most": LIMITS["each"]}
    assert shortly(account, around=around) is not None


def test_an_account_that_has_begun_to_count_for_all_is_told_at_once() -> None:
    of_all = {"all": LIMITS["day"]}
    around = context(Policy(global_limits=of_all_limits(of_all)))
    account = limited()
    shortly(account, around=around)
    assert limits_to_count(account, around.policy.global_limits.terms)
    put = PutLimit(ACCOUNT, "all", True, LIMITS["day"], (), None, NOW_US, BY)
    apply(account, put_limit(account, put, around, NOW_US))
    assert not limits_to_count(account, around.policy.global_limits.terms)
    shortly(account, around=around)
    account.global_limits.clear()
    assert not limits_to_count(account, around.policy.global_limits.terms), "it was looked up"
    assert limits_to_count(account, dict(of_all)), "other limits, whatever they are"


def test_once_a_window_has_begun_the_short_way_is_open_again() -> None:
    account = limited(day=LIMITS["day"])
    tomorrow_us = NOW_US + DAY_US
    assert authorize_shortly(account, PURCHASE, AROUND, tomorrow_us, 0) is None
    _, events = authorize_by_all_rules(account, PURCHASE, AROUND, tomorrow_us, 0)
    grown(account, *events)
    assert authorize_shortly(account, PURCHASE, AROUND, tomorrow_us, 0) is not None


@pytest.mark.parametrize("shop_count", [1, 20])
def test_all_that_passed_is_counted_once_somebody_looks(shop_count: int) -> None:
    """More than may wait, or of more kinds than are remembered."""
    most = HOUR._replace(max_amount_cents=1_000_00, max_count=1_000)
    shops = [f"LOJA {number}" for number in range(shop_count)]
    account = limited(
        hour=most,
        day=most._replace(window="day", trailing_us=None),
        one=most._replace(scope=LimitScope(merchants=(shops[-1],))),
    )
    for number in range(100):
        decided = shortly(
            account, PURCHASE._replace(amount_cents=1, merchant=shops[number % shop_count])
        )
        grown(account, decided[1])
    used = {name: limit.used(NOW_US) for name, limit in account.limits.items()}
    assert used == {
        "hour": (100, 100),
        "day": (100, 100),
        "one": (100 // shop_count, 100 // shop_count),
    }
    assert len(list(account.limits["hour"].entries())) == 100


def of_all_limits(terms: dict[str, LimitTerms]) -> GlobalLimits:
    limits = GlobalLimits()
    limits.terms = terms
    return limits
