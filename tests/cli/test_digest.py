"""The digest by which `verify` compares states."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import Customer
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import Ticket
from authorizer.persistence.state.digest import state_digest
from authorizer.persistence.state.state import State

Ids = Iterable[tuple[str, int]]
"""Ids with the times of their answers."""


def account(
    account_id: str, *pages: Ids, cents: int = 100, owner: str = "purchase_keys"
) -> Account:
    """An account whose ids lie in these pages, the last one open."""
    made = Account(account_id)
    made.position = 1
    made.wallets_cents = {"CASH": cents}
    ids = getattr(made, owner)
    made_pages = [{key: f"{at_us}\0approved\0x" for key, at_us in page} for page in pages]
    if made_pages:
        ids.open_page = made_pages.pop()
    ids.sealed_pages = tuple(made_pages)
    return made


def state(*accounts: Account) -> State:
    made = State()
    for one in accounts:
        made[ACCOUNTS].put(one.account_id, one)
    return made


def digest(*accounts: Account, since_us: int = 0) -> bytes:
    return state_digest(state(*accounts), since_us)


def test_the_order_of_accounts_makes_no_difference() -> None:
    one, other = account("1"), account("2")
    assert digest(one, other) == digest(other, one)


@pytest.mark.parametrize("owner", ["purchase_keys", "credit_keys"])
def test_how_ids_are_split_into_pages_makes_no_difference(owner: str) -> None:
    ids = [(f"t{number}", number) for number in range(10)]
    whole = digest(account("1", ids, owner=owner))
    assert digest(account("1", ids[:3], ids[3:], owner=owner)) == whole
    assert digest(account("1", ids[:1], ids[1:9], ids[9:], owner=owner)) == whole
    assert digest(account("1", ids[:9], owner=owner)) != whole


def test_the_newest_answer_under_an_id_counts() -> None:
    assert digest(account("1", [("t", 1)], [("t", 2)])) == digest(account("1", [("t", 2)]))
    assert digest(account("1", [("t", 1)], [("t", 2)])) != digest(account("1", [("t", 1)]))


def test_older_ids_make_no_difference() -> None:
    young = account("1", [("b", 10)])
    both = account("1", [("a", 9)], [("b", 10)])
    assert digest(both, since_us=10) == digest(young, since_us=10)
    assert digest(both, since_us=9) != digest(young, since_us=9)


def test_looking_changes_nothing() -> None:
    looked_at = state(account("1", [("a", 1)], [("b", 2)]))
    before = looked_at[ACCOUNTS].packed("1")
    assert state_digest(looked_at, 2) == state_digest(looked_at, 2)
    assert looked_at[ACCOUNTS].packed("1") == before


def test_everything_else_makes_a_difference() -> None:
    found = {digest(), digest(account("1")), digest(account("1"), account("2"))}
    found.add(digest(account("1", cents=101)))
    later = account("1")
    later.position = 2
    found.add(digest(later))
    with_customer = state(account("1"))
    customer = Customer("1")
    customer.position = 1
    with_customer[CUSTOMERS].put("1", customer)
    found.add(state_digest(with_customer, 0))
    with_card = state(account("1"))
    with_card.indexes[ACCOUNT_OF_CARD].add("k", "1")
    found.add(state_digest(with_card, 0))
    with_merchant = state(account("1"))
    with_merchant.single(MERCHANTS).register("SHOP", "5811")
    found.add(state_digest(with_merchant, 0))
    for attendant in ("Ana", "Rui"):
        with_ticket = state(account("1"))
        ticket = Ticket("20250224000001")
        ticket.position = 1
        ticket.attendant = attendant
        with_ticket[TICKETS].put(ticket.ticket_id, ticket)
        found.add(state_digest(with_ticket, 0))
    assert len(found) == 10
