"""Commands with all that does not matter filled in."""

from __future__ import annotations

from collections.abc import Iterable

from authorizer.domain.cards import BlockReason, CardTerms, Operation, WrittenTime
from authorizer.domain.commands import (
    Authorize,
    BlockCard,
    Credit,
    OpenAccount,
    OpenCards,
    QueryLimit,
    RegisterCustomer,
    RegisterMerchant,
    RemoveMerchant,
    UnblockCard,
)

BY = "test"


def purchase(
    account: str,
    cents: int,
    purchase_id: str | None = None,
    *,
    mcc: str = "5811",
    merchant: str = "X",
    card: str | None = None,
    received_ns: int = 10**18,
) -> Authorize:
    """A purchase that has not waited, whatever the time."""
    return Authorize(account, purchase_id, cents, mcc, merchant, card, received_ns, BY)


def opening(account: str, **cents: int) -> OpenAccount:
    return OpenAccount(account, cents, None, BY)


def credit(account: str, credit_id: str, wallet: str, cents: int) -> Credit:
    return Credit(account, credit_id, wallet, cents, BY)


def terms(card: str, limit_cents: int = 100_000) -> CardTerms:
    return CardTerms(card, "**** 1234", "Visa", "ativo", None, None, limit_cents, 0)


def opening_cards(account: str, customer: str, *cards: CardTerms) -> OpenCards:
    return OpenCards(account, customer, cards, BY)


def registration(
    customer: str,
    account: str,
    cards: Iterable[str],
    phone: str | None = None,
    operations: tuple[Operation, ...] = (),
) -> RegisterCustomer:
    person = ("João", "12345678900", phone, None)
    return RegisterCustomer(customer, account, True, *person, tuple(cards), operations, BY)


def operation(card: str, at_us: int) -> Operation:
    """One of those that a document brings."""
    return Operation("consulta_limite", card, WrittenTime(at_us), "App", available_cents=1)


def block(account: str, card: str, reason: BlockReason = BlockReason.UNDER_REVIEW) -> BlockCard:
    return BlockCard(account, card, reason, "App", BY)


def unblock(account: str, card: str) -> UnblockCard:
    return UnblockCard(account, card, "Chat", "ok", BY)


def limit_query(account: str, card: str) -> QueryLimit:
    return QueryLimit(account, card, "App", BY)


def merchant(name: str, mcc: str) -> RegisterMerchant:
    return RegisterMerchant(name, mcc, BY)


def merchant_removal(name: str) -> RemoveMerchant:
    return RemoveMerchant(name, BY)
