"""What declined a purchase is in its event, and which limits in the shadow would have."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.deciders import Decider, LimitHit, LimitName, limit_hits
from authorizer.domain.accounts.holds import authorize_hold, increment_hold
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, IncrementHold
from authorizer.domain.accounts.purchase_events import CardControlsPut, LimitPut
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.messages import Event
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    NOW_US,
    apply,
    context,
    grown,
    opened,
    with_card,
)

ENFORCE, SHADOW = LimitMode.ENFORCE, LimitMode.SHADOW
SHOP = "LOJA"


def limit(name: str, most_cents: int, mode: LimitMode, is_global: bool = False) -> LimitPut:
    head = (NOW_US, BY, ACCOUNT, name, is_global, "transaction", None, most_cents, None)
    return LimitPut(*head, LimitScope(), mode.value, 0, 0, 0, 0, ())


def policy_with(*limits: LimitPut) -> Policy:
    """With the limits for every account that are among these."""
    of_all = GlobalLimits()
    for one in limits:
        if one.is_global:
            terms = LimitTerms(*one[5:10], LimitMode(one.mode))
            of_all.terms = {**of_all.terms, one.name: terms}
    return Policy(global_limits=of_all)


def bought(way: str, cents: int, *limits: LimitPut, account: Account | None = None) -> Any:
    """The event that a purchase, a hold or an increment becomes."""
    account = account or opened()
    around = context(policy_with(*limits))
    if way == "increment":
        first = AuthorizeHold(ACCOUNT, "h", 1, "5411", SHOP, CARD, False, None, None, 0, BY)
        if not account.cards:
            with_card(account)
        apply(account, authorize_hold(account, first, around, NOW_US))
    grown(account, *limits)
    card = CARD if account.cards else None
    found: tuple[Event, ...] | Any
    match way:
        case "purchase":
            command = Authorize(ACCOUNT, "t", cents, "5411", SHOP, card, 0, BY)
            _, found = authorize_by_all_rules(account, command, around, NOW_US, 0)
        case "hold":
            held = AuthorizeHold(ACCOUNT, "t", cents, "5411", SHOP, card, False, None, None, 0, BY)
            found = authorize_hold(account, held, around, NOW_US).events
        case _:
            more = IncrementHold(ACCOUNT, "h", "i", cents, 0, BY)
            found = increment_hold(account, more, around, NOW_US).events
    return found[-1]


each_way = pytest.mark.parametrize("way", ["purchase", "hold", "increment"])


@each_way
@pytest.mark.parametrize(("is_global", "level"), [(False, "account"), (True, "global")])
def test_a_decline_says_which_limit_it_was(way: str, is_global: bool, level: str) -> None:
    event = bought(way, 30_00, limit("x", 9_00, ENFORCE, is_global))
    assert event.reason == "amount_limit"
    assert event.decided_by == Decider("limit", "x", level)
    assert event.shadow == ()
    assert list(limit_hits(event)) == [LimitHit("x", level, ENFORCE)]


@each_way
def test_an_account_s_own_limit_and_one_for_all_of_the_same_name_are_told_apart(way: str) -> None:
    event = bought(way, 30_00, limit("x", 99_00, ENFORCE), limit("x", 9_00, ENFORCE, True))
    assert event.decided_by == Decider("limit", "x", "global")


@each_way
def test_an_approval_says_which_limits_in_the_shadow_would_have_declined(way: str) -> None:
    shadow = (limit("x", 9_00, SHADOW), limit("y", 99_00, SHADOW), limit("z", 9_00, SHADOW, True))
    event = bought(way, 30_00, *shadow)
    assert not hasattr(event, "reason")
    assert event.shadow == (LimitName("x", "account"), LimitName("z", "global"))
    assert list(limit_hits(event)) == [
        LimitHit("x", "account", SHADOW),
        LimitHit("z", "global", SHADOW),
    ]


@each_way
def test_a_decline_says_so_too(way: str) -> None:
    event = bought(way, 30_00, limit("x", 9_00, SHADOW), limit("y", 9_00, ENFORCE))
    assert event.decided_by == Decider("limit", "y", "account")
    assert event.shadow == (LimitName("x", "account"),)


@each_way
def test_a_decline_says_which_control_it_was(way: str) -> None:
    account = with_card(opened())
    put = CardControlsPut(NOW_US, BY, ACCOUNT, CARD, CardControls(max_amount_cents=5_00))
    event = bought(way, 30_00, account=grown(account, put))
    assert event.reason == "card_control"
    assert event.decided_by == Decider("controls", "valor_maximo", None)
    assert list(limit_hits(event)) == []


@each_way
def test_a_decline_for_want_of_funds_has_no_more_to_say(way: str) -> None:
    event = bought(way, 10**9, limit("x", 9_00, SHADOW))
    assert event.reason == "insufficient_funds"
    assert (event.decided_by, event.shadow) == (None, ())
