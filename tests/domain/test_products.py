"""Which wallet pays for a product, and which one pays where a wallet does not."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import PRODUCTS, CategoryTable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.deciders import Decider
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.mcc_ranges import parse_ranges
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    Explain,
    IncrementHold,
    Reverse,
)
from authorizer.domain.accounts.purchase_lookup import purchase_view
from authorizer.domain.accounts.purchases import authorize, authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Refusal
from authorizer.http.api.fields import Product
from tests.support.builders import ACCOUNT, BY, NOW_US, context, grown, merchants, terms, with_card

FOOD, MEAL, CASH = "5411", "5812", "5999"
BOUND = Policy(
    wallet_by_product={"01": "MEAL", "02": "FOOD", "03": None},
    fallback_of={"MEAL": None, "FOOD": "GIFT"},
    merchants=merchants(("UBER EATS", "5812")),
)
FREE = Policy()
WALLETS = {"FOOD": 50_00, "MEAL": 100_00, "CASH": 500_00, "GIFT": 200_00}


class Case(NamedTuple):
    """A purchase of so much at an MCC, with a product and perhaps a card, and who pays."""

    cents: int
    mcc: str
    product: str | None
    source: str
    """Or the reason for none."""
    policy: Policy = BOUND
    card: bool = False
    merchant: str = "LOJA X"


CASES = [
    # a product that a wallet is named for: that wallet alone, at its own MCCs
    Case(100_00, MEAL, "01", "MEAL"),
    Case(100_01, MEAL, "01", "insufficient_funds"),
    Case(100_01, MEAL, "01", "insufficient_funds", card=True),
    Case(1_00, FOOD, "01", "merchant_not_eligible"),
    Case(1_00, CASH, "01", "merchant_not_eligible"),
    Case(1_00, CASH, "01", "merchant_not_eligible", card=True),
    Case(50_00, FOOD, "02", "FOOD"),
    Case(50_01, FOOD, "02", "insufficient_funds"),
    Case(1_00, MEAL, "02", "merchant_not_eligible"),
    # by the override's MCC, as everything that goes by MCC
    Case(1_00, CASH, "01", "MEAL", merchant="UBER EATS"),
    Case(1_00, FOOD, "02", "merchant_not_eligible", merchant="UBER EATS"),
    # a product for which there is no wallet at all
    Case(1_00, MEAL, "03", "merchant_not_eligible"),
    Case(1_00, CASH, "03", "merchant_not_eligible", card=True),
    # a product that no setting speaks of changes nothing, and no product neither
    Case(100_00, MEAL, "04", "MEAL"),
    Case(100_00, MEAL, None, "MEAL"),
    Case(100_01, MEAL, "05", "insufficient_funds"),
    # the wallets that pay in the place of others
    Case(100_01, MEAL, None, "insufficient_funds"),
    Case(100_01, MEAL, None, "credit_limit", card=True),
    Case(200_00, FOOD, None, "GIFT"),
    Case(200_01, FOOD, None, "insufficient_funds"),
    Case(200_01, FOOD, None, "credit_limit", card=True),
    Case(500_00, CASH, None, "CASH"),
    Case(500_01, CASH, None, "insufficient_funds"),
    Case(500_01, CASH, None, "credit_limit", card=True),
    # nothing is set
    *(Case(500_00, MEAL, product, "CASH", FREE) for product in (None, *PRODUCTS)),
    *(Case(500_01, FOOD, product, "credit_limit", FREE, card=True) for product in PRODUCTS),
    Case(500_01, MEAL, "01", "insufficient_funds", FREE),
    # one step, not a chain; and the fallback's own fallback is that of other MCCs
    Case(150_00, FOOD, None, "insufficient_funds",
         Policy(fallback_of={"FOOD": "MEAL", "MEAL": "CASH"})),
    Case(600_00, CASH, None, "insufficient_funds", Policy(fallback_of={"CASH": "GIFT"})),
    Case(150_00, CASH, None, "GIFT",
         Policy(CategoryTable({MEAL: "MEAL"}, "FOOD"), fallback_of={"FOOD": "GIFT"})),
    Case(150_00, MEAL, None, "insufficient_funds",
         Policy(CategoryTable({MEAL: "MEAL"}, "FOOD"), fallback_of={"FOOD": "GIFT"})),
    # the wallet of all other MCCs may be a product's own
    Case(1_00, "7995", "02", "CASH", Policy(wallet_by_product={"02": "CASH"})),
    Case(1_00, FOOD, "02", "merchant_not_eligible", Policy(wallet_by_product={"02": "CASH"})),
]  # fmt: skip
cases = pytest.mark.parametrize("case", CASES)


def account(card: bool) -> Account:
    made = grown(Account(ACCOUNT), AccountOpened(NOW_US, BY, ACCOUNT, dict(WALLETS), None))
    return with_card(made, terms("k", 1000_00)) if card else made


def purchase(case: Case) -> Authorize:
    card = "k" if case.card else None
    return Authorize(ACCOUNT, "t", case.cents, case.mcc, case.merchant, card, 0, BY, case.product)


def hold(case: Case, partial: bool = False, name: str = "h") -> AuthorizeHold:
    card = "k" if case.card else None
    said = (case.cents, case.mcc, case.merchant, card, partial, None, case.product)
    return AuthorizeHold(ACCOUNT, name, *said, 0, BY)


def ask(made: Account, command: Any, policy: Policy, now_us: int = NOW_US) -> Any:
    """The outcome of a command whose events have happened."""
    decision = ACCOUNTS.decide(made, command, context(policy), now_us)
    grown(made, *decision.events)
    return decision.outcome


@cases
def test_a_purchase_is_paid_by(case: Case) -> None:
    _, event = authorize(account(case.card), purchase(case), context(case.policy), NOW_US, 0)
    assert told(event) == case.source
    assert event is not None
    assert event.product == case.product
    if isinstance(event, PurchaseDeclined):
        named = case.source == "merchant_not_eligible" and case.product
        assert event.decided_by == (Decider("product", named, None) if named else None)


def told(event: Any) -> str:
    """The source that paid, or the reason for none."""
    if isinstance(event, PurchaseApproved):
        return event.wallet or "credit_limit"
    assert isinstance(event, PurchaseDeclined)
    return event.reason


@cases
def test_all_rules_say_what_the_short_way_says(case: Case) -> None:
    made = account(case.card)
    short = authorize(made, purchase(case), context(case.policy), NOW_US, 0)
    outcome, events = authorize_by_all_rules(made, purchase(case), context(case.policy), NOW_US, 0)
    assert (outcome, events) == (short[0], (short[1],))


@cases
def test_a_hold_is_decided_alike(case: Case) -> None:
    made = account(case.card)
    ask(made, hold(case), case.policy)
    view = purchase_view(made, "h")
    assert (view.source or view.reason.name_on_wire) == case.source
    assert view.terms.product == case.product


@cases
def test_a_dry_run_tells_it_and_why(case: Case) -> None:
    card = "k" if case.card else None
    said = (case.cents, case.mcc, case.merchant, card, False, case.product)
    found = ask(account(case.card), Explain(ACCOUNT, None, *said), case.policy).value
    assert (found.source or found.reason.name_on_wire) == case.source
    steps = {step.rule: step for step in found.steps}
    named = case.product is not None and case.product in case.policy.wallet_by_product
    if case.product is None:
        assert "product" not in steps
    elif named:
        wallet = case.policy.wallet_by_product[case.product]
        eligible = case.source != "merchant_not_eligible"
        assert steps["product"].result == ("pass" if eligible else "decline")
        assert steps["product"].facts == {"product": case.product, "wallet": wallet}
        assert "fallback" not in steps
    else:
        assert steps["product"].result == "free"
    if not named:
        asked = [step.facts["source"] for step in found.steps if step.rule == "source"]
        fallback = steps["fallback"].result
        assert steps["fallback"].facts == {"wallet": asked[0]}
        assert fallback == "none" or len(asked) == 1 or asked[1] == fallback


def test_a_hold_in_part_is_of_the_products_own_wallet() -> None:
    made = account(card=True)
    ask(made, hold(Case(300_00, MEAL, "01", "MEAL", card=True), partial=True), BOUND)
    view = purchase_view(made, "h")
    assert (view.source, view.amount_cents) == ("MEAL", 100_00)
    ask(made, hold(Case(300_00, MEAL, "01", "", card=True), partial=True, name="i"), BOUND)
    assert purchase_view(made, "i").reason.name_on_wire == "insufficient_funds"
    ask(made, hold(Case(300_00, FOOD, "01", "", card=True), partial=True, name="j"), BOUND)
    assert purchase_view(made, "j").reason.name_on_wire == "merchant_not_eligible"


@pytest.mark.parametrize("product", [None, "02"])
def test_an_increment_stays_on_its_source(product: str | None) -> None:
    """Whatever the rules say by then: none falls back, and none asks for the product again."""
    made = account(card=False)
    ask(made, hold(Case(40_00, FOOD, product, "FOOD")), BOUND)
    ask(made, IncrementHold(ACCOUNT, "h", "i", 10_00, 0, BY), Policy(wallet_by_product={"02": "X"}))
    ask(made, IncrementHold(ACCOUNT, "h", "j", 1, 0, BY), BOUND)
    last, before = purchase_view(made, "h").operations[-1], purchase_view(made, "h").operations[-2]
    assert before.reason.name_on_wire == "approved"
    assert last.reason.name_on_wire == "insufficient_funds"
    assert made.held_cents == {"FOOD": 50_00}


def test_a_repeat_says_the_same_product() -> None:
    made, case = account(card=False), Case(1_00, MEAL, "01", "MEAL")
    _, event = authorize(made, purchase(case), context(BOUND), NOW_US, 0)
    assert event is not None
    grown(made, event)
    again, nothing = authorize(made, purchase(case), context(BOUND), NOW_US, 0)
    assert (again.replayed, nothing) == (True, None)
    for other in (None, "02"):
        odd, declined = authorize(
            made, purchase(case)._replace(product=other), context(BOUND), NOW_US, 0
        )
        assert odd.reason.name_on_wire == "duplicate_mismatch"
        assert declined is not None
    view = purchase_view(made, "t")
    assert (view.terms.product, view.terms.merchant, view.source) == ("01", "LOJA X", "MEAL")


@pytest.mark.parametrize(
    ("mcc", "source", "owed"),
    [
        (MEAL, "MEAL", {"MEAL": 50_00}),  # though CASH, to which MEAL falls back, would have it
        (FOOD, "CASH", {}),  # no meal: as any purchase there
    ],
)
def test_money_that_is_forced_is_taken_where_the_product_says(
    mcc: str, source: str, owed: dict[str, int]
) -> None:
    """A declined purchase that the network forces all the same keeps its product."""
    policy = Policy(wallet_by_product={"01": "MEAL"})
    made = account(card=False)
    ask(made, hold(Case(150_00, mcc, "01", "")), policy)
    assert purchase_view(made, "h").source is None
    forced = Capture(ACCOUNT, "h", "c", 150_00, True, True, None, None, None, BY)
    ask(made, forced, policy)
    view = purchase_view(made, "h")
    assert (view.source, view.terms.product) == (source, "01")
    assert made.owed_cents == owed


def test_an_account_has_the_wallets_that_pay_in_the_place_of_others() -> None:
    assert BOUND.wallets() == ("FOOD", "MEAL", "CASH", "GIFT")
    assert FREE.wallets() == ("FOOD", "MEAL", "CASH")


def test_the_products_of_documents_are_those_of_transactions() -> None:
    assert get_args(Product) == PRODUCTS


# --- captures ------------------------------------------------------------------------------------

TIPS = Policy(over_capture_percent=parse_ranges({"5812": 20, "4000-4999": 50}))


def captured(made: Account, policy: Policy, cents: int, days: int = 0) -> Any:
    command = Capture(ACCOUNT, "h", f"c{cents}", cents, True, False, None, None, None, BY)
    return ask(made, command, policy, NOW_US + days * DAY_US)


@pytest.mark.parametrize(
    ("mcc", "merchant", "most"),
    [
        ("5812", "LOJA X", 12_00), ("5811", "LOJA X", 10_00), ("4111", "LOJA X", 15_00),
        ("4111", "UBER EATS", 12_00), ("5812", "METRO", 15_00), ("5812", "LOJA 1", 10_00),
    ],
)  # fmt: skip
def test_more_than_is_held_is_captured_by_the_effective_mcc(
    mcc: str, merchant: str, most: int
) -> None:
    table = merchants(("UBER EATS", "5812"), ("METRO", "4111"), ("LOJA 1", "9999"))
    policy = Policy(merchants=table, over_capture_percent=TIPS.over_capture_percent)
    for cents in (most + 1, most):
        made = account(card=False)
        ask(made, hold(Case(10_00, mcc, None, "", merchant=merchant)), policy)
        refused = isinstance(captured(made, policy, cents), Refusal)
        assert refused == (cents > most)


@pytest.mark.parametrize(
    ("before", "most"),
    [
        (Capture(ACCOUNT, "h", "p", 4_00, False, False, None, None, None, BY), 8_00),
        (Reverse(ACCOUNT, "h", "r", 4_00, None, BY), 7_20),
        (IncrementHold(ACCOUNT, "h", "i", 10_00, 0, BY), 24_00),
    ],
)
def test_more_is_a_part_of_what_is_authorized_still(before: Any, most: int) -> None:
    """What was captured of it is; what was reversed is not."""
    made = account(card=False)
    ask(made, hold(Case(10_00, MEAL, None, "")), TIPS)
    ask(made, before, TIPS)
    assert isinstance(captured(made, TIPS, most + 1), Refusal)
    assert not isinstance(captured(made, TIPS, most), Refusal)


@pytest.mark.parametrize(("kept", "in_time"), [(0, None), (1, 1), (7, 7), (30, 30)])
def test_what_was_let_go_is_captured_in_time(kept: int, in_time: int | None) -> None:
    policy = Policy(late_capture_us=kept * DAY_US)
    for days, taken in ((in_time or 0, in_time is not None), (kept + 1, False)):
        made = account(card=False)
        ask(made, hold(Case(10_00, MEAL, None, "")), policy)
        expired_at_us = purchase_view(made, "h").expires_at_us
        assert expired_at_us is not None
        assert ACCOUNTS.overdue is not None
        grown(made, *ACCOUNTS.overdue(made, context(), expired_at_us))
        command = Capture(ACCOUNT, "h", "c", None, True, False, None, None, None, BY)
        outcome = ask(made, command, policy, expired_at_us + days * DAY_US)
        assert isinstance(outcome, Refusal) != taken
