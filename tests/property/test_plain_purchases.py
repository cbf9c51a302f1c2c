"""The short way of plain purchases against the rules: the same outcomes, events and state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.accounts import idempotency, plain_purchases
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.plain_purchases import (
    Approved,
    Approving,
    PlainPurchase,
    approve_plain,
    is_plain_account,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome
from authorizer.persistence.state.record import encode, encoder_of
from tests.support.builders import ACCOUNT, BY, NOW_US, context, deep, grown, opened

PURCHASES = st.lists(
    st.tuples(
        st.just(ACCOUNT),
        st.none() | st.sampled_from([f"id-{number}" for number in range(12)]),
        st.integers(1, 60_00),
        st.sampled_from(["5411", "5812", "5999", " 5811", "x"]),
        st.sampled_from(["PADARIA DO ZE", "UBER EATS SP", "uber  trip", "é"]),
    ),
    max_size=40,
)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ids are full soon."""
    for module in (idempotency, plain_purchases):
        monkeypatch.setattr(module, "PAGE_ENTRIES", 3)


def policy() -> Policy:
    made = Policy()
    made.merchants.register("UBER EATS SP", "5812")
    made.merchants.register("UBER*", "5411")
    return made


def by_the_rules(
    account: Account, purchase: PlainPurchase, rules: Policy
) -> tuple[Outcome, list[bytes]]:
    account_id, key, amount_cents, mcc, merchant = purchase
    command = Authorize(account_id, key, amount_cents, mcc, merchant, None, 0, BY)
    outcome, event = authorize(account, command, context(rules), NOW_US, 0)
    if event is None:
        return outcome, []
    grown(account, event)
    return outcome, [encode(event)]


def in_a_row(
    account: Account, purchases: Sequence[PlainPurchase], rules: Policy
) -> tuple[list[Outcome], list[bytes], int]:
    """The outcomes, the records, and how many were approved the short way."""
    outcomes, records, short = list[Outcome](), list[bytes](), 0
    while len(outcomes) < len(purchases):
        left, before = purchases[len(outcomes) :], len(records)
        approving = Approving(rules, NOW_US, BY, encoder_of(PurchaseApproved))
        approve_plain(account, left, approving, Approved(records, outcomes))
        account.position += len(records) - before
        short += len(records) - before
        if len(outcomes) < len(purchases):
            outcome, more = by_the_rules(account, purchases[len(outcomes)], rules)
            outcomes.append(outcome)
            records += more
    return outcomes, records, short


@settings(deadline=None)
@given(PURCHASES, st.dictionaries(st.sampled_from(["FOOD", "MEAL", "CASH"]), st.integers(0, 99_99)))
def test_what_is_approved_the_short_way_is_what_the_rules_approve(
    purchases: list[PlainPurchase], wallets: dict[str, int]
) -> None:
    one, other, rules = opened(None, **wallets), opened(None, **wallets), policy()
    expected = [by_the_rules(one, purchase, rules) for purchase in purchases]
    assert is_plain_account(other, rules)
    outcomes, records, _ = in_a_row(other, purchases, rules)
    assert outcomes == [outcome for outcome, _ in expected]
    assert records == [record for _, records in expected for record in records]
    assert deep(other) == deep(one)


def test_the_short_way_is_the_usual_one() -> None:
    account = opened(CASH=1000_00)
    purchases = [(ACCOUNT, f"id-{n}" if n % 2 else None, 1_00, "5999", "X") for n in range(6)]
    assert in_a_row(account, purchases, policy())[2] == len(purchases)


def test_it_ends_before_a_purchase_that_was_made_a_command() -> None:
    account, command = opened(), Authorize(ACCOUNT, "b", 1_00, "5999", "X", "card", 0, BY)
    approved = Approved([], [])
    row: list[Any] = [(ACCOUNT, "a", 1_00, "5999", "X"), command, (ACCOUNT, "c", 1, "5999", "X")]
    encoder = encoder_of(PurchaseApproved)
    approve_plain(account, row, Approving(policy(), NOW_US, BY, encoder), approved)
    assert len(approved.records) == len(approved.outcomes) == 1


def test_one_whose_record_cannot_be_made_changes_nothing() -> None:
    account, approved = opened(CASH=10_00), Approved([], [])

    def encode_once(fields: tuple[object, ...]) -> bytes:
        if approved.records:
            raise RuntimeError("on purpose")
        return repr(fields).encode()

    row = [(ACCOUNT, "a", 1_00, "5999", "X"), (ACCOUNT, "b", 1_00, "5999", "X")]
    with pytest.raises(RuntimeError):
        approve_plain(account, row, Approving(policy(), NOW_US, BY, encode_once), approved)
    assert len(approved.records) == 1
    assert account.wallets_cents == {"CASH": 9_00}
    assert not account.purchase_keys.holds("b")


@pytest.mark.parametrize("amount_cents", [2**63 - 1, 2**63, 10**27])
def test_an_amount_beyond_64_bits_is_never_approved_here(amount_cents: int) -> None:
    """So its record always holds a number."""
    approved = Approved([], [])
    approving = Approving(policy(), NOW_US, BY, encoder_of(PurchaseApproved))
    approve_plain(
        opened(CASH=10**17), [(ACCOUNT, "a", amount_cents, "1", "X")], approving, approved
    )
    assert approved == ([], [])
