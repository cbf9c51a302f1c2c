"""An account at rest: its state as plain values, which JSON can hold."""

from collections.abc import Sequence
from heapq import heappush
from typing import Any, Final

from authorizer.domain.accounts.cards import (
    BlockReason,
    Card,
    CardStatus,
    CardTerms,
    pack_operation,
    pack_terms,
    unpack_operation,
    unpack_terms,
)
from authorizer.domain.accounts.controls import unpack_controls
from authorizer.domain.accounts.idempotency import IdempotencyKeys, IdRetention
from authorizer.domain.accounts.limit_counters import pack_limit, unpack_limit
from authorizer.domain.accounts.state import Account, AccountStatus

PAGES: Final = {
    "remembered": "purchase_keys",
    "credits": "credit_keys",
    "adjustments": "adjustments",
}
"""The account's idempotency keys, by what snapshots call their pages."""
_OPENING, _WALLETS, _LEAST = 3, 4, 5
"""Where opening balances and wallets are among an account's values; so many are never left out."""


def pages_since(now_us: int, kept: IdRetention) -> dict[str, int]:
    """By what snapshots call the pages of ids: from when on an id is not past its retention."""
    since_us = dict.fromkeys(PAGES, now_us - kept.purchases_us)
    return since_us | {"credits": now_us - kept.credits_us}


def sealed_pages(account: Account) -> dict[str, Sequence[dict[str, str]]]:
    """The sealed pages of its ids, by what snapshots call them; those that there are."""
    found: dict[str, Sequence[dict[str, str]]] = {}
    if account.purchase_keys.sealed_pages:
        found["remembered"] = account.purchase_keys.sealed_pages
    if account.parts is not None:
        for name, attribute in PAGES.items():
            keys: IdempotencyKeys | None = account.parts.get(attribute)
            if keys is not None and keys.sealed_pages:
                found[name] = keys.sealed_pages
    return found


def pack(account: Account) -> list[Any]:
    """An account as plain values, without the sealed pages of its ids.

    Most accounts asleep have little to say: `shortened` tells what is left out.
    """
    wallets, ids = account.wallets_cents, account.purchase_keys.open_page
    opening = _opening_at_rest(account.opening, wallets)
    values = [account.account_id, account.position, account.customer_id, opening, wallets]
    if account.special or account.parts or account.cards:
        values += (
            [_pack_card(card) for card in account.cards.values()],
            [pack_operation(operation) for operation in Account.operations.of(account)],
            ids,
            Account.credit_keys.of(account).open_page,
            *_pack_more(account),
        )
        _cut_empty_end(values)
    elif ids:
        values += ([], [], ids)
    return values


def shortened(values: list[Any]) -> list[Any]:
    """An account's values, as version 6 has them, without what says nothing.

    Opening balances that the wallets still have are null; of the same wallets they are amounts
    alone. Empty lists and objects at the end are left out.
    """
    values[_OPENING] = _opening_at_rest(values[_OPENING], values[_WALLETS])
    _cut_empty_end(values)
    return values


def _opening_at_rest(
    opening: tuple[int, ...] | dict[str, int], wallets: dict[str, int]
) -> list[int] | dict[str, int] | None:
    if isinstance(opening, dict):
        if list(opening) != list(wallets):
            return opening
        opening = tuple(opening.values())
    elif len(opening) < len(wallets):  # the others have come since
        return dict(zip(wallets, opening, strict=False))
    return None if opening == tuple(wallets.values()) else [*opening]


def _cut_empty_end(values: list[Any]) -> None:
    while len(values) > _LEAST and not values[-1]:
        del values[-1]


def _pack_more(account: Account) -> tuple[Any, ...]:
    """What few accounts have: nothing for one that has wallets and cards only."""
    if not account.special:
        return ()
    limits, global_limits = account.both_limits()
    more = (
        Account.adjustments.of(account).open_page,
        account.status.value,
        Account.held_cents.of(account),
        Account.owed_cents.of(account),
        list(Account.purchases.of(account).packed()),
        [pack_limit(limit) for limit in limits.values()],
        [pack_limit(limit) for limit in global_limits.values()],
        {card.card_id: tuple(card.controls) for card in account.cards.values()},
    )
    return (more,)


def unpack(values: list[Any]) -> Account:
    """The account that `pack` made values of."""
    account_id, position, customer_id, opening, wallets, *others = values
    account = Account(account_id)
    account.position = position
    account.customer_id = customer_id
    account.wallets_cents = wallets
    if isinstance(opening, dict):
        account.opening = opening
    else:
        account.opening = tuple(wallets.values() if opening is None else opening)
        if len(account.opening) != len(wallets):
            raise ValueError("there is not one opening balance a wallet")
    if others:
        _unpack_others(account, *others)
    return account


def _unpack_others(
    account: Account,
    cards: list[list[Any]],
    operations: Sequence[list[Any]] = (),
    ids: dict[str, str] | None = None,
    credited: dict[str, str] | None = None,
    more: Sequence[Any] = (),
) -> None:
    """What follows the wallets, as far as it is there."""
    for fields in cards:
        card = _unpack_card(*fields)
        account.cards[card.card_id] = card
    if operations:
        account.operations = [unpack_operation(operation) for operation in operations]
    if ids:
        account.purchase_keys.open_page = ids
    if credited:
        account.credit_keys.open_page = credited
    if more:
        _unpack_more(account, *more)


def has_more(data: bytes) -> bool:
    """Whether an account at rest, as JSON, has what few accounts have; without reading it.

    That ends with an object inside of an array; cards and operations end with arrays.
    """
    return data.endswith(b"}]]")


def _unpack_more(  # noqa: PLR0913, PLR0917 - one argument a value, in the order of `_pack_more`
    account: Account,
    adjusted: dict[str, str],
    status: str,
    held: dict[str, int],
    owed: dict[str, int],
    purchases: list[list[Any]],
    limits: list[list[Any]],
    global_limits: list[list[Any]],
    controls: dict[str, list[Any]],
) -> None:
    account.special = True
    if adjusted:
        account.adjustments.open_page = adjusted
    account.status = AccountStatus(status)
    if held:
        account.held_cents = held
    if owed:
        account.owed_cents = owed
    if purchases:
        _unpack_purchases(account, purchases)
    if limits or global_limits:
        account.limits.update((limit.name, limit) for limit in map(unpack_limit, limits))
        of_all = map(unpack_limit, global_limits)
        account.global_limits.update((limit.name, limit) for limit in of_all)
        account.limits_changed()
    for card_id, values in controls.items():
        account.cards[card_id].put_controls(unpack_controls(values))


def _unpack_purchases(account: Account, purchases: list[list[Any]]) -> None:
    for values in purchases:
        account.purchases.lay(values)
    for purchase in account.purchases.open():
        if purchase.expires_at_us is not None:
            heappush(account.expiries, (purchase.expires_at_us, purchase.purchase_id))
    account.look_for_next_expiry()


def _pack_card(card: Card) -> tuple[Any, ...]:
    return (card.customer_id, pack_terms(card.opening), pack_terms(card.terms()))


def _unpack_card(customer_id: str, opening: list[Any], current: list[Any]) -> Card:
    card = Card(customer_id, unpack_terms(opening))
    now: CardTerms = unpack_terms(current)
    card.status = CardStatus(now.status)
    card.block_reason = BlockReason.of(now.block_reason) if now.block_reason else None
    card.blocked_at = now.blocked_at
    card.limit_total_cents = now.limit_total_cents
    card.limit_used_cents = now.limit_used_cents
    card.replaces = now.replaces
    card.replaced_by = now.replaced_by
    return card
