"""The short way of plain purchases against the rules: the same outcomes, events and state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts import idempotency, plain_purchases
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.plain_purchases import (
    Approving,
    PurchaseColumns,
    approve_plain,
    is_plain_account,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome
from authorizer.persistence.state.record import encode, encode_fields, head_of
from tests.support.builders import ACCOUNT, BY, NOW_US, context, deep, grown, opened

Asked = tuple[str, str | None, int, str, str] | Authorize
"""The account, the id, the centavos, the MCC, the merchant; or a command."""
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


def by_the_rules(account: Account, purchase: Any, rules: Policy) -> tuple[Outcome, list[bytes]]:
    account_id, key, amount_cents, mcc, merchant = purchase
    command = Authorize(account_id, key, amount_cents, mcc, merchant, None, 0, BY)
    outcome, event = authorize(account, command, context(rules), NOW_US, 0)
    if event is None:
        return outcome, []
    grown(account, event)
    return outcome, [encode(event)]


def row_of(purchases: Sequence[Asked], rules: Policy, encode: Any = encode_fields) -> Approving:
    columns = PurchaseColumns()
    for purchase in purchases:
        if isinstance(purchase, Authorize):
            columns.add(purchase)
            continue
        _, key, cents, mcc, merchant = purchase
        columns.ids.append(key)
        columns.amounts_cents.append(cents)
        columns.mccs.append(mcc)
        columns.merchants.append(merchant)
    row = Approving(columns, rules, BY, head_of(PurchaseApproved), encode)
    row.now_us, row.position = NOW_US, 1
    return row


def in_a_row(
    account: Account, purchases: Sequence[Asked], rules: Policy
) -> tuple[list[Any], list[bytes], int]:
    """The outcomes, the records, and how many were approved the short way."""
    row, records, short = row_of(purchases, rules), list[bytes](), 0
    places = list(range(len(purchases)))
    while None in row.outcomes:
        approve_plain(account, places[row.outcomes.index(None) :], row)
        short += len(row.records)
        records += row.records
        row.position += len(row.records)
        row.records = []
        if None in row.outcomes:
            place = row.outcomes.index(None)
            row.outcomes[place], more = by_the_rules(account, purchases[place], rules)
            records += more
            row.position += len(more)
    return row.outcomes, records, short


@given(PURCHASES, st.dictionaries(st.sampled_from(["FOOD", "MEAL", "CASH"]), st.integers(0, 99_99)))
def test_what_is_approved_the_short_way_is_what_the_rules_approve(
    purchases: list[Asked], wallets: dict[str, int]
) -> None:
    one, other, rules = opened(None, **wallets), opened(None, **wallets), policy()
    expected = [by_the_rules(one, purchase, rules) for purchase in purchases]
    assert is_plain_account(other, rules)
    outcomes, records, _ = in_a_row(other, purchases, rules)
    assert outcomes == [outcome for outcome, _ in expected]
    assert records == [record for _, records in expected for record in records]
    assert deep(other) == deep(one)


def test_the_short_way_is_the_usual_one() -> None:
    purchases: list[Asked] = [
        (ACCOUNT, f"id-{n}" if n % 2 else None, 1_00, "5999", "X") for n in range(6)
    ]
    assert in_a_row(opened(CASH=1000_00), purchases, policy())[2] == len(purchases)


def test_an_id_that_lies_in_a_sealed_page_is_known() -> None:
    account, rules = opened(CASH=1000_00), policy()
    purchases: list[Asked] = [(ACCOUNT, f"id-{n}", 1_00, "5999", "X") for n in range(4)]
    in_a_row(account, purchases, rules)
    assert account.purchase_keys.sealed_pages
    (again,), records, _ = in_a_row(account, purchases[:1], rules)
    assert (again.replayed, records) == (True, [])


def test_an_account_with_more_than_wallets_is_not_plain() -> None:
    account, rules = opened(), policy()
    assert is_plain_account(account, rules)
    terms = LimitTerms("day", None, 1, 1, LimitScope(), LimitMode.ENFORCE)
    rules.global_limits.terms = {"l": terms}
    assert not is_plain_account(account, rules)
    assert not is_plain_account(Account("new"), policy())
    account.special = True
    assert not is_plain_account(account, policy())


def test_it_ends_before_a_purchase_that_is_a_command() -> None:
    command = Authorize(ACCOUNT, "b", 1_00, "5999", "X", "card", 0, BY)
    row = row_of(
        [(ACCOUNT, "a", 1_00, "5999", "X"), command, (ACCOUNT, "c", 1, "5999", "X")], policy()
    )
    approve_plain(opened(), [0, 1, 2], row)
    assert len(row.records) == 1
    assert [outcome is None for outcome in row.outcomes] == [False, True, True]
    assert row.purchases.command(1, ACCOUNT, "other", 7) == command._replace(received_ns=7)
    assert row.purchases.command(2, ACCOUNT, BY, 7) == Authorize(
        ACCOUNT, "c", 1, "5999", "X", None, 7, BY
    )


def test_one_whose_record_cannot_be_made_changes_nothing() -> None:
    account = opened(CASH=10_00)

    def encode_once(fields: tuple[object, ...]) -> bytes:
        if "b" in fields:
            raise RuntimeError("on purpose")
        return repr(fields).encode()

    purchases: list[Asked] = [(ACCOUNT, key, 1_00, "5999", "X") for key in "abc"]
    row = row_of(purchases, policy(), encode_once)
    with pytest.raises(RuntimeError):
        approve_plain(account, [0, 1, 2], row)
    assert len(row.records) == 1
    assert row.outcomes[1:] == [None, None]
    assert account.wallets_cents == {"CASH": 9_00}
    assert account.position == 2
    assert not account.purchase_keys.holds("b")


@pytest.mark.parametrize("amount_cents", [2**63 - 1, 2**63, 10**27])
def test_an_amount_beyond_64_bits_is_never_approved_here(amount_cents: int) -> None:
    """So its record always holds a number."""
    row = row_of([(ACCOUNT, "a", amount_cents, "1", "X")], policy())
    approve_plain(opened(CASH=10**17), [0], row)
    assert (row.records, row.outcomes) == ([], [None])
