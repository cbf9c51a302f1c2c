"""Sleeping and waking: whoever wakes is as they were, down to the last id."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.state import Account
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import Customer
from authorizer.persistence.state.state import State
from tests.support.builders import deep
from tests.support.journal_v1 import BATCHES
from tests.support.machine import account_contents

ACCOUNT, CUSTOMER = "123", "777"


@pytest.fixture
def account() -> Account:
    """An account to which everything has happened."""
    made = Account(ACCOUNT)
    events = [event for batch in BATCHES for event in batch]
    for position, event in enumerate(events, start=1):
        if type(event) in ACCOUNTS.apply and ACCOUNTS.id_of(event) == ACCOUNT:
            ACCOUNTS.evolve(made, event, position)
    return made


@pytest.fixture
def customer() -> Customer:
    """A customer to whom everything has happened."""
    made = Customer(CUSTOMER)
    events = [event for batch in BATCHES for event in batch]
    for position, event in enumerate(events, start=1):
        if type(event) in CUSTOMERS.apply:
            CUSTOMERS.evolve(made, event, position)
    return made


def test_an_account_wakes_as_it_fell_asleep(account: Account) -> None:
    """Wallets, cards as they were opened and as they are now, operations, ids, credits."""
    state = State()
    before = account_contents(account)
    used = [card for card in account.cards.values() if card.terms() != card.opening]
    assert used, "else its opening terms could be taken for its present ones"
    for _ in range(3):
        state[ACCOUNTS].put(ACCOUNT, account)
        account = state[ACCOUNTS].load(ACCOUNT)
        assert account_contents(account) == before
        assert [type(one.at) for one in account.operations] == [
            type(one.at) for one in before["operations"]
        ]


def test_a_customer_wakes_as_they_fell_asleep(customer: Customer) -> None:
    """Person, cards, and the operations that documents brought, as they were written."""
    state = State()
    before = deep(customer)
    for _ in range(3):
        state[CUSTOMERS].put(CUSTOMER, customer)
        customer = state[CUSTOMERS].load(CUSTOMER)
        assert deep(customer) == before
        assert customer.imported_operations[0].at.text == "2025-06-27T21:00:00-03:00"


def test_sealed_pages_sleep_too(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a state that wakes does not share the list of them with the one that sleeps."""
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    for number in range(9):
        account.purchase_keys.add(f"id-{number}", number, "approved", "fields")
        account.credit_keys.add(f"credit-{number}", number, "credited", "fields")
    before = account_contents(account)
    state = State()
    state[ACCOUNTS].put(ACCOUNT, account)
    woken = state[ACCOUNTS].load(ACCOUNT)
    assert account_contents(woken) == before
    woken.purchase_keys.add("more", 9, "approved", "fields")
    woken.purchase_keys.add("and more", 9, "approved", "fields")
    assert account_contents(state[ACCOUNTS].load(ACCOUNT)) == before
    state[ACCOUNTS].put(ACCOUNT, woken)
    assert account_contents(state[ACCOUNTS].load(ACCOUNT)) == account_contents(woken) != before


def test_what_never_existed_leaves_no_trace() -> None:
    """An account that was asked for and never opened is not there afterwards."""
    state = State()
    state[ACCOUNTS].put("nobody", state[ACCOUNTS].load("nobody"))
    assert "nobody" not in state[ACCOUNTS]
    assert list(state[ACCOUNTS]) == []


def test_the_order_of_ids_is_that_of_their_coming(account: Account) -> None:
    """So that a snapshot can walk along them while more come."""
    state = State()
    for name in ("b", "a", "c"):
        state[ACCOUNTS].register(name)
    state[ACCOUNTS].put("a", account)
    state[ACCOUNTS].register("b")
    assert list(state[ACCOUNTS]) == ["b", "a", "c"]
    assert len(state[ACCOUNTS]) == 3
