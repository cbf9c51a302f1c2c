"""Who pays, under settings by chance: the short way, all rules, holds and dry runs say the same.

The reference is the sentences of the contract, over plain dictionaries.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import PRODUCTS, CategoryTable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, Explain
from authorizer.domain.accounts.purchase_lookup import purchase_view
from authorizer.domain.accounts.purchases import authorize, authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from tests.support.builders import (
    ACCOUNT,
    BY,
    NOW_US,
    context,
    grown,
    merchants,
    terms,
    with_card,
)

NAMES = ("FOOD", "MEAL", "CASH", "BUS")
OVERRIDES = {"UBER EATS": "5812", "METRO": "4111"}
WALLETS = st.sampled_from(NAMES)
MCCS = st.sampled_from(("5411", "5812", "4111", "9"))
CENTS = st.integers(1, 9)

TABLES = st.dictionaries(MCCS, WALLETS, max_size=4)
FALLBACKS = st.dictionaries(WALLETS, st.none() | WALLETS, max_size=4)
OWN_WALLETS = st.dictionaries(st.sampled_from(PRODUCTS[:3]), st.none() | WALLETS, max_size=3)
POLICIES = st.builds(
    lambda table, fallback, fallbacks, own: Policy(
        CategoryTable(table, fallback),
        merchants(*OVERRIDES.items()),
        fallback_of=fallbacks,
        wallet_by_product=own,
    ),
    TABLES,
    WALLETS,
    FALLBACKS,
    OWN_WALLETS,
)
BALANCES = st.dictionaries(WALLETS, st.integers(0, 9), max_size=4)
PURCHASES = st.builds(
    Authorize,
    st.just(ACCOUNT),
    st.just("t"),
    CENTS,
    MCCS,
    st.sampled_from((*OVERRIDES, "LOJA X")),
    st.none() | st.just("k"),
    st.just(0),
    st.just(BY),
    st.none() | st.sampled_from(PRODUCTS[:4]),
)


def expected(policy: Policy, there: dict[str, int], limit: int, asked: Authorize) -> str:
    """The source that pays, or the reason for none."""
    table, usual = policy.categories.wallet_by_mcc, policy.categories.fallback
    first = table.get(OVERRIDES.get(asked.merchant, asked.mcc), usual)
    if asked.product is not None and asked.product in policy.wallet_by_product:
        if policy.wallet_by_product[asked.product] != first:
            return "merchant_not_eligible"
        return first if there.get(first, 0) >= asked.amount_cents else "insufficient_funds"
    for wallet in (first, policy.fallback_of.get(first, usual)):
        if wallet is not None and there.get(wallet, 0) >= asked.amount_cents:
            return wallet
    is_covered = asked.card_id is not None and limit >= asked.amount_cents
    return "credit_limit" if is_covered else "insufficient_funds"


@settings(max_examples=400)
@given(POLICIES, BALANCES, st.integers(0, 9), PURCHASES)
def test_every_way_says_who_pays(
    policy: Policy, balances: dict[str, int], limit: int, asked: Authorize
) -> None:
    around = context(policy)
    account = grown(Account(ACCOUNT), AccountOpened(NOW_US, BY, ACCOUNT, balances, None))
    with_card(account, terms("k", limit))
    source = expected(policy, balances, limit, asked)

    outcome, event = authorize(account, asked, around, NOW_US, 0)
    assert authorize_by_all_rules(account, asked, around, NOW_US, 0) == (outcome, (event,))
    assert event is not None
    if isinstance(event, PurchaseApproved):
        assert (event.wallet or "credit_limit") == source
    else:
        assert event.reason == source == outcome.reason.name_on_wire
    assert event.product == asked.product

    said = (asked.amount_cents, asked.mcc, asked.merchant, asked.card_id, False)
    dry: Any = ACCOUNTS.decide(
        account, Explain(ACCOUNT, None, *said, asked.product), around, NOW_US
    ).outcome
    assert (dry.value.source or dry.value.reason.name_on_wire) == source
    paying = [step.facts["source"] for step in dry.value.steps if step.result == "pays"]
    assert paying == ([dry.value.source] if dry.value.source else [])

    hold = AuthorizeHold(ACCOUNT, "h", *said, None, asked.product, 0, BY)
    held = grown(deepcopy(account), *ACCOUNTS.decide(account, hold, around, NOW_US).events)
    view = purchase_view(held, "h")
    assert (view.source or view.reason.name_on_wire) == source

    grown(account, event)
    single = purchase_view(account, "t")
    assert (single.source or single.reason.name_on_wire) == source
    assert single.terms.product == asked.product
    again, nothing = authorize(account, asked, around, NOW_US, 0)
    assert (again.reason, again.replayed, nothing) == (outcome.reason, True, None)
