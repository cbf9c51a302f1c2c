"""Tickets and the contacts about them → rows."""

from typing import Any, Final

from authorizer.domain.tickets.events import (
    InteractionRecorded,
    TicketClosed,
    TicketEscalated,
    TicketOpened,
    TicketPaused,
    TicketPriorityChanged,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketTaken,
)
from authorizer.followers.reports.tables.rows import Rows
from authorizer.followers.reports.tables.ticket_record import TicketRecord

CONTACTS: Final[dict[type[Any], str]] = {
    TicketOpened: "abertura",
    TicketTaken: "atendimento",
    InteractionRecorded: "interacao",
    TicketPaused: "espera",
    TicketResumed: "retomada",
    TicketPriorityChanged: "prioridade",
    TicketResolved: "resolucao",
    TicketReopened: "reabertura",
    TicketClosed: "fechamento",
}
"""The kind of contact that each event is."""


def ticket(rows: Rows, event: Any, position: int) -> None:
    """The ticket after an event, its change of status, and the contact.

    Raises:
        LookupError: there is no ticket: not the journal's order.
    """
    if isinstance(event, TicketOpened):
        record = rows.tickets[event.ticket_id] = TicketRecord(event.ticket_id)
        before = None
    else:
        record = rows.tickets[event.ticket_id]
        before = record.ticket.status
    record.apply(event, position)
    status = record.ticket.status
    if status is not before:
        rows.ticket_changes.append(
            {
                "position": position,
                "protocol": event.ticket_id,
                "at_us": event.at_us,
                "status": status.value,
            }
        )
    if not isinstance(event, TicketEscalated):  # nobody spoke to the customer
        _contact(rows, event, position, record.ticket.card_id)


def _contact(rows: Rows, event: Any, position: int, card_id: str | None) -> None:
    said = isinstance(event, InteractionRecorded)
    ranked = isinstance(event, TicketPriorityChanged)
    attended = isinstance(event, TicketResolved | TicketTaken)
    rows.add_contact(
        position=position,
        part=0,
        customer_id=event.customer_id,
        at_us=event.at_us,
        kind=CONTACTS[type(event)],
        channel=event.channel,
        protocol=event.ticket_id,
        card_id=card_id,
        author=event.author if said else None,
        name=event.attendant if attended else event.name if said else None,
        public=event.public if said else None,
        priority=event.priority if ranked else None,
        text=getattr(event, "text", None),
    )
