"""The state of an account or a customer ⇄ bytes: how it sleeps in memory and lies in a snapshot.

Unlike records these bytes are a shortcut, never the truth: a snapshot of another `STATE_VERSION` is
passed over, and the journal makes the state anew.
"""

from typing import Any, Final

import orjson

from authorizer.domain.accounts.cards import BlockReason, Card, CardStatus, CardTerms
from authorizer.domain.accounts.state import Account
from authorizer.domain.customers.state import Customer
from authorizer.domain.moments import WrittenTime
from authorizer.persistence.state.record import revive_operation, revive_terms

STATE_VERSION: Final = 3

Page = dict[str, str]
"""A sealed page of remembered ids; it never changes."""


def encode_account(account: Account) -> bytes:
    """An account without its sealed pages, which are shared and never encoded again."""
    return orjson.dumps(
        (
            account.account_id,
            account.position,
            account.customer_id,
            account.opening_cents,
            account.wallets_cents,
            [_card(card) for card in account.cards.values()],
            [
                (operation[0], operation[1], tuple(operation[2]), *operation[3:])
                for operation in account.operations
            ],
            account.remembered.open_page,
            account.credits.open_page,
        )
    )


def decode_account(data: bytes) -> Account:
    """The account that `encode_account` made bytes of, without its sealed pages."""
    account_id, position, customer_id, opening, wallets, cards, operations, ids, credited = (
        orjson.loads(data)
    )
    account = Account(account_id)
    account.position = position
    account.customer_id = customer_id
    account.opening_cents = opening
    account.wallets_cents = wallets
    for fields in cards:
        card = _revive_card(*fields)
        account.cards[card.card_id] = card
    account.operations = [revive_operation(operation) for operation in operations]
    account.remembered.open_page = ids
    account.credits.open_page = credited
    return account


def encode_customer(customer: Customer) -> bytes:
    """A customer, whole."""
    return orjson.dumps(
        (
            customer.customer_id,
            customer.position,
            customer.account_id,
            customer.names_account,
            customer.card_ids,
            [
                (operation[0], operation[1], tuple(operation[2]), *operation[3:])
                for operation in customer.imported_operations
            ],
            customer.personal,
            customer.was_plain,
            customer.erased,
        )
    )


def decode_customer(data: bytes) -> Customer:
    """The customer that `encode_customer` made bytes of."""
    (customer_id, position, account_id, names_account, card_ids, operations, *person) = (
        orjson.loads(data)
    )
    customer = Customer(customer_id)
    customer.position = position
    customer.account_id = account_id
    customer.names_account = names_account
    customer.card_ids = tuple(card_ids)
    customer.imported_operations = tuple(map(revive_operation, operations))
    customer.personal, customer.was_plain, customer.erased = person
    return customer


def _card(card: Card) -> tuple[Any, ...]:
    return (card.customer_id, _terms(card.opening), _terms(card.terms()))


def _terms(terms: CardTerms) -> tuple[Any, ...]:
    blocked_at = tuple(terms.blocked_at) if terms.blocked_at else None
    return (*terms._replace(blocked_at=None)[:5], blocked_at, *terms[6:])


def _revive_card(customer_id: str, opening: list[Any], current: list[Any]) -> Card:
    card = Card(customer_id, revive_terms(opening))
    now = revive_terms(current)
    card.status = CardStatus(now.status)
    card.block_reason = BlockReason.of(now.block_reason) if now.block_reason else None
    card.blocked_at = WrittenTime(*now.blocked_at) if now.blocked_at else None
    card.limit_total_cents = now.limit_total_cents
    card.limit_used_cents = now.limit_used_cents
    card.replaces = now.replaces
    card.replaced_by = now.replaced_by
    return card
