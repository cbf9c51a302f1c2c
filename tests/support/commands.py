"""Commands, with defaults for what a test does not speak of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from authorizer.domain.accounts.cards import BlockReason, CardTerms, Operation
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    OpenAccount,
    OpenCards,
    QueryLimit,
    ReplaceCard,
    UnblockCard,
)
from authorizer.domain.customers.commands import RegisterCustomer
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.moments import WrittenTime
from authorizer.domain.tickets.commands import (
    ChangePriority,
    CloseTicket,
    OpenTicket,
    PauseTicket,
    RecordInteraction,
    ReopenTicket,
    Resolution,
    ResolveTicket,
    TakeTicket,
    TicketCommand,
)
from authorizer.domain.tickets.service_levels import Priority
from tests.support.builders import ACCOUNT, BY

NEVER_LATE_NS: Final = 10**18
"""Later than a test's clock ever is: what was received then has waited for nothing."""


def purchase(
    amount_cents: int = 1_00,
    mcc: str = "5999",
    merchant: str = "LOJA X",
    transaction_id: str | None = None,
    card_id: str | None = None,
    *,
    account_id: str = ACCOUNT,
    received_ns: int = NEVER_LATE_NS,
    product: str | None = None,
) -> Authorize:
    """A purchase that waited for nothing."""
    return Authorize(
        account_id, transaction_id, amount_cents, mcc, merchant, card_id, received_ns, BY, product
    )


def opening(account: str, **cents: int) -> OpenAccount:
    return OpenAccount(account, cents, None, BY)


def credit(account: str, credit_id: str, wallet: str, cents: int) -> Credit:
    return Credit(account, credit_id, wallet, cents, BY)


def opening_cards(account: str, customer: str, *cards: CardTerms) -> OpenCards:
    return OpenCards(account, customer, cards, BY)


def registration(
    customer_id: str, account_id: str, card_ids: Iterable[str] = (), **fields: Any
) -> RegisterCustomer:
    """A customer document, cards apart."""
    person = ("João", "12345678900", None, None)
    command = RegisterCustomer(customer_id, account_id, True, *person, tuple(card_ids), (), BY)
    return command._replace(**fields)


def operation(card: str, at_us: int) -> Operation:
    """One of those that a document brings."""
    return Operation("consulta_limite", card, WrittenTime(at_us), "App", available_cents=1)


def block(account: str, card: str, reason: BlockReason = BlockReason.UNDER_REVIEW) -> BlockCard:
    return BlockCard(account, card, reason, "App", BY)


def unblock(account: str, card: str) -> UnblockCard:
    return UnblockCard(account, card, "Chat", "ok", BY)


def replacement(account: str, card: str, new_card: str) -> ReplaceCard:
    return ReplaceCard(account, card, new_card, BlockReason.DAMAGED, "App", None, None, BY)


def limit_change(account: str, card: str, cents: int, below: bool = False) -> ChangeLimit:
    return ChangeLimit(account, card, cents, below, "App", BY)


def limit_query(account: str, card: str) -> QueryLimit:
    return QueryLimit(account, card, "App", BY)


def merchant(name: str, mcc: str) -> RegisterMerchant:
    return RegisterMerchant(name, mcc, BY)


def merchant_removal(name: str) -> RemoveMerchant:
    return RemoveMerchant(name, BY)


def ticket(customer: str, subject: str, card: str | None, resolution: str | None) -> OpenTicket:
    resolved = None if resolution is None else Resolution("Ana", resolution)
    return OpenTicket(customer, subject, "d", "cat", Priority.HIGH, "App", card, resolved, BY)


def ticket_step(ticket_id: str, what: str, how: dict[str, Any]) -> TicketCommand:
    """Something that is asked of a ticket, in the words of the naive model."""
    if what == "take":
        return TakeTicket(ticket_id, how["who"], "Chat", BY)
    if what == "say":
        said = (how["author"], how["name"], "Chat", how["text"], how["public"])
        return RecordInteraction(ticket_id, *said, BY)
    if what == "hold":
        return PauseTicket(ticket_id, "Chat", how["text"], "Eva" if how["text"] else None, BY)
    if what == "rank":
        return ChangePriority(ticket_id, Priority.of(how["priority"]), "Chat", BY)
    if what == "resolve":
        return ResolveTicket(ticket_id, Resolution(how["who"], how["text"]), "Chat", BY)
    if what == "reopen":
        return ReopenTicket(ticket_id, how["text"], "App", BY)
    return CloseTicket(ticket_id, "App", BY)
