"""Sleeping and waking: whoever wakes is as they were, down to the last id."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts import state as accounts
from authorizer.domain.accounts.state import Account
from authorizer.domain.customers import state as customers
from authorizer.domain.customers.state import Customer, evolve
from authorizer.persistence.state.state import State
from tests.persistence.machine import account_contents, customer_contents
from tests.support.journal_v1 import BATCHES

ACCOUNT, CUSTOMER = "123", "777"


@pytest.fixture
def account() -> Account:
    """An account to which everything has happened."""
    made = Account(ACCOUNT)
    events = [event for batch in BATCHES for event in batch]
    for position, event in enumerate(events, start=1):
        if type(event) in accounts._APPLY and getattr(event, "account_id", None) == ACCOUNT:
            accounts.evolve(made, event, position)  # type: ignore[arg-type]
    return made


@pytest.fixture
def customer() -> Customer:
    """A customer to whom everything has happened."""
    made = Customer(CUSTOMER)
    events = [event for batch in BATCHES for event in batch]
    for position, event in enumerate(events, start=1):
        if type(event) in customers._APPLY:
            evolve(made, event, position)  # type: ignore[arg-type]
    return made


def test_an_account_wakes_as_it_fell_asleep(account: Account) -> None:
    """Wallets, cards as they were opened and as they are now, operations, ids, credits."""
    state = State()
    before = account_contents(account)
    used = [card for card in account.cards.values() if card.terms() != card.opening]
    assert used, "else its opening terms could be taken for its present ones"
    for _ in range(3):
        state.accounts.sleep(ACCOUNT, account)
        account = state.accounts.wake(ACCOUNT)
        assert account_contents(account) == before
        assert [type(one.at) for one in account.operations] == [
            type(one.at) for one in before["operations"]
        ]


def test_a_customer_wakes_as_they_fell_asleep(customer: Customer) -> None:
    """Person, cards, and the operations that documents brought, as they were written."""
    state = State()
    before = customer_contents(customer)
    for _ in range(3):
        state.customers.sleep(CUSTOMER, customer)
        customer = state.customers.wake(CUSTOMER)
        assert customer_contents(customer) == before
        assert customer.imported_operations[0].at.text == "2025-06-27T21:00:00-03:00"


def test_sealed_pages_sleep_too(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a state that wakes does not share the list of them with the one that sleeps."""
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    for number in range(9):
        account.remembered.add(f"id-{number}", number, "approved", "fields")
        account.credits.add(f"credit-{number}", number, "credited", "fields")
    before = account_contents(account)
    state = State()
    state.accounts.sleep(ACCOUNT, account)
    woken = state.accounts.wake(ACCOUNT)
    assert account_contents(woken) == before
    woken.remembered.add("more", 9, "approved", "fields")
    woken.remembered.add("and more", 9, "approved", "fields")
    assert account_contents(state.accounts.wake(ACCOUNT)) == before
    state.accounts.sleep(ACCOUNT, woken)
    assert account_contents(state.accounts.wake(ACCOUNT)) == account_contents(woken) != before


def test_what_never_existed_leaves_no_trace() -> None:
    """An account that was asked for and never opened is not there afterwards."""
    state = State()
    state.accounts.sleep("nobody", state.accounts.wake("nobody"))
    assert "nobody" not in state.accounts
    assert list(state.accounts) == []


def test_the_order_of_ids_is_that_of_their_coming(account: Account) -> None:
    """So that a snapshot can walk along them while more come."""
    state = State()
    for name in ("b", "a", "c"):
        state.accounts.admit(name)
    state.accounts.sleep("a", account)
    state.accounts.admit("b")
    assert list(state.accounts) == ["b", "a", "c"]
    assert len(state.accounts) == 3
