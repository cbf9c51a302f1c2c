"""What the customer page shows, gathered from the actors and the reports."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from authorizer.actors.customer_file import CustomerFile
from authorizer.actors.ticket_file import TicketFile, ticket_file
from authorizer.console import words
from authorizer.console.desk import Desk
from authorizer.domain.accounts.cards import BLOCK_REASONS, CardStatus, CardTerms
from authorizer.domain.accounts.purchase_commands import ReadPurchase
from authorizer.domain.accounts.purchase_state import PurchaseStatus, PurchaseView
from authorizer.domain.outcomes import Reason, Refusal
from authorizer.domain.tickets.at_rest import view_of
from authorizer.followers.reports.client import ReportsUnavailableError
from authorizer.http.api.paging import shown

PURCHASES: Final = 15
HOLDS: Final = 20
TICKETS: Final = 10
CONTACTS: Final = 40
CONTESTABLE: Final = ("purchase", "authorization", "capture")
FULL: Final = 1000
"""The length of a limit's bar, in its own units."""


class CardShown(NamedTuple):
    """A card as the page shows it."""

    terms: CardTerms
    path: str
    """Its id, as it stands in paths."""
    last_four: str
    is_active: bool
    is_blocked: bool
    is_final: bool
    """Blocked by a motive after which it is never unblocked."""
    used: int
    """How much of the limit's bar is used, of `FULL`."""


class Line(NamedTuple):
    """A line of the statement."""

    row: dict[str, Any]
    amount_cents: int
    is_approved: bool
    last_four: str
    why: str
    """Why it came out so; empty for what needs no reason."""
    may_be_contested: bool
    contested_by: str | None
    """The ticket by which it was contested."""


class Past(NamedTuple):
    """What the reports tell of a customer."""

    lines: Sequence[Line]
    holds: Sequence[PurchaseView]
    tickets: Sequence[TicketFile]
    contacts: Sequence[dict[str, Any]]
    has_more_contacts: bool
    card_names: Mapping[str, str]
    """Their cards by id: brand and last four digits."""


def cards_shown(cards: Sequence[CardTerms]) -> list[CardShown]:
    """The cards of a customer: those that are of use first."""
    order = [status.value for status in (CardStatus.ACTIVE, CardStatus.BLOCKED)]
    found = [_card(card) for card in cards]
    return sorted(
        found,
        key=lambda card: order.index(card.terms.status) if card.terms.status in order else 2,
    )


def contest_id(position: int) -> str:
    """The ticket's own id under which a purchase is contested, once."""
    return f"contestacao-{position}"


async def past_of(desk: Desk, file: CustomerFile, translate: words.Translate) -> Past | None:
    """The past of a customer; None while there are no reports."""
    customer_id, account_id = file.customer.customer_id, file.customer.account_id
    query = desk.reports.query
    try:
        statement, pending, tickets, contacts = await asyncio.gather(
            query("statement", account_id=account_id, limit=PURCHASES),
            query(
                "authorizations",
                account_id=account_id,
                status=PurchaseStatus.PENDING.value,
                limit=HOLDS,
            ),
            query("ticket_list", customer_id=customer_id, limit=TICKETS),
            query("customer_contacts", customer_id=customer_id, limit=CONTACTS),
        )
    except ReportsUnavailableError:
        return None
    now_us = desk.clock.wall_us()
    last_fours = {card.card_id: last_four(card) for card in file.cards}

    def line(row: dict[str, Any]) -> Line:
        ticket_id = desk.actors.tickets.opened_under(customer_id, contest_id(row["position"]))
        return _line(row, last_fours, translate, ticket_id)

    def ticket(row: dict[str, Any]) -> TicketFile:
        return ticket_file(view_of(row), desk.actors.sealer, now_us)

    def contact(row: dict[str, Any]) -> dict[str, Any]:
        return {"at_us": row["at_us"], **desk.histories.contact(row)}

    return Past(
        await shown(statement["rows"], line),
        await _holds(desk, account_id, pending["ids"]),
        await shown(tickets["rows"], ticket),
        await shown(contacts["rows"], contact),
        contacts["next"] is not None,
        {card.card_id: card_name(card) for card in file.cards},
    )


def last_four(card: CardTerms) -> str:
    """The last four digits of a card, as far as its masked number shows them."""
    return "".join(char for char in card.masked_number if char.isdigit())[-4:]


def card_name(card: CardTerms) -> str:
    """A card as people speak of it: its brand, and the last four digits that are shown."""
    return f"{card.brand} {last_four(card)}"


def _card(card: CardTerms) -> CardShown:
    total = card.limit_total_cents
    used = 0 if not total else max(0, min(FULL, FULL * card.limit_used_cents // total))
    if total == 0:
        used = FULL
    reason = BLOCK_REASONS.get(card.block_reason or "")
    return CardShown(
        card,
        quote(card.card_id, safe=""),
        last_four(card),
        card.status == CardStatus.ACTIVE.value,
        card.status == CardStatus.BLOCKED.value,
        reason is not None and reason.final,
        used,
    )


def _line(
    row: dict[str, Any],
    last_fours: dict[str, str],
    translate: words.Translate,
    ticket_id: str | None,
) -> Line:
    is_approved = Reason.of(row["reason"]).answer_code == Reason.APPROVED.answer_code
    plain = row["reason"] == Reason.APPROVED.name_on_wire
    return Line(
        row,
        int(row["amount_cents"]),
        is_approved,
        last_fours.get(row["card_id"] or "", ""),
        "" if plain else words.why(row["reason"], row["decided_by"], translate),
        is_approved and row["type"] in CONTESTABLE and ticket_id is None,
        ticket_id,
    )


async def _holds(desk: Desk, account_id: str, ids: Sequence[str]) -> list[PurchaseView]:
    found = []
    for purchase_id in ids:
        answer = await desk.actors.dispatcher.ask(ReadPurchase(account_id, purchase_id))
        if not isinstance(answer, Refusal) and answer[1].held_cents > 0:
            found.append(answer[1])
    return found
