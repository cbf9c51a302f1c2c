"""A digest of all state: two states with the same digest answer every request alike."""

import hashlib
from typing import Final

import orjson

from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.moments import DAY_US
from authorizer.persistence.state.state import State
from authorizer.persistence.state.state_codec import encode_account, encode_customer
from authorizer.persistence.state.ticket_codec import encode_ticket

SURELY_KEPT_US: Final = DAY_US
"""Younger ids are in every state, however short the retention was when it was made."""


def state_digest(state: State, ids_since_us: int) -> bytes:
    """SHA-256 over everything in a state, in one order and one form.

    How ids are split into pages makes no difference, nor do ids that were answered before
    `ids_since_us`: when a page of old ids is forgotten depends on restarts and settings.
    """
    digest = hashlib.sha256()

    def add(*parts: bytes) -> None:
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)

    for account_id in sorted(state.accounts):
        account = state.accounts.wake(account_id)
        account.remembered = _one_page(account.remembered, ids_since_us)
        account.credits = _one_page(account.credits, ids_since_us)
        add(b"account", account_id.encode(), encode_account(account))
    for customer_id in sorted(state.customers):
        customer = state.customers.wake(customer_id)
        add(b"customer", customer_id.encode(), encode_customer(customer))
    for ticket_id in sorted(state.tickets):
        add(b"ticket", ticket_id.encode(), encode_ticket(state.tickets.wake(ticket_id)))
    for card_id, account_id in sorted(state.account_of_card.items()):
        add(b"card", card_id.encode(), account_id.encode())
    for key, ticket_id in sorted(state.ticket_of_request.items()):
        add(b"request", key.encode(), ticket_id.encode())
    add(b"erased", orjson.dumps(sorted(state.erased)))
    add(b"merchants", orjson.dumps((state.merchants.position, state.merchants.entries())))
    return digest.digest()


def _one_page(ids: IdempotencyKeys, since_us: int) -> IdempotencyKeys:
    entries: dict[str, str] = {}
    for page in (*ids.sealed_pages, ids.open_page):
        entries.update(page)
    one = IdempotencyKeys()
    one.open_page = {key: entries[key] for key in sorted(entries) if ids.get(key, since_us)}
    return one
