"""A ticket's row: the domain's own ticket, evolved by the domain's own rules, and a few counts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from authorizer.domain.messages import Event
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import events
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.at_rest import plain_view
from authorizer.domain.tickets.escalation import owed_next
from authorizer.domain.tickets.state import (
    BOT,
    OVER,
    Escalation,
    EscalationLevel,
    ReopeningWait,
    ResponseWait,
    Ticket,
    TicketStatus,
    ticket_view,
)
from authorizer.followers.reports.tables.care_schema import NO_DEADLINE, tickets
from authorizer.followers.reports.tables.schema import Row

_OWN: Final = (
    "opened_position",
    "first_bot_response_at_us",
    "resolutions",
)
_DERIVED: Final = (
    "status",
    "reopening_waits",
    "reopening_response_due_us",
    "response_waits",
    "next_response_due_us",
    "escalations",
    "warned",
    "missed",
    "queue_due_us",
    "owed",
)
_SAME: Final = tuple(
    column.name for column in tickets.c if column.name not in (*_OWN, *_DERIVED, "protocol")
)
"""Columns that are attributes of the domain's ticket, under the same name."""


class TicketRecord:
    """A ticket on its way from row to row."""

    def __init__(self, ticket_id: str) -> None:
        self.ticket = Ticket(ticket_id)
        self.opened_position = 0
        self.first_bot_response_at_us: int | None = None
        self.resolutions = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "TicketRecord":
        """The ticket of a row, without its interactions."""
        record = cls(row["protocol"])
        for name in _SAME:
            setattr(record.ticket, name, row[name])
        for name in _OWN:
            setattr(record, name, row[name])
        record.ticket.status = TicketStatus(row["status"])
        reopenings = orjson.loads(row["reopening_waits"] or "[]")
        record.ticket.reopening_waits = [ReopeningWait(*wait) for wait in reopenings]
        responses = orjson.loads(row["response_waits"] or "[]")
        record.ticket.response_waits = [ResponseWait(*wait) for wait in responses]
        told = orjson.loads(row["escalations"] or "[]")
        record.ticket.escalations = [Escalation(*escalation) for escalation in told]
        return record

    def row(self) -> Row:
        """The row of the ticket as it stands."""
        ticket = self.ticket
        view = ticket_view(ticket)
        is_answered = view.reopening_answered_at_us is not None
        is_settled = view.next_response_settled_at_us is not None
        owed = owed_next(ticket)
        return {
            "protocol": ticket.ticket_id,
            "status": ticket.status.value,
            "reopening_waits": _list_text(ticket.reopening_waits),
            "reopening_response_due_us": None if is_answered else view.reopening_response_due_us,
            "response_waits": _list_text(ticket.response_waits),
            "next_response_due_us": None if is_settled else view.next_response_due_us,
            "escalations": _list_text(ticket.escalations),
            "warned": _count(ticket, EscalationLevel.WARNED),
            "missed": _count(ticket, EscalationLevel.MISSED),
            "queue_due_us": owed[1] if owed else _due_of_nothing(ticket),
            "owed": owed[0].value if owed else None,
            **{name: getattr(ticket, name) for name in _SAME},
            **{name: getattr(self, name) for name in _OWN},
        }

    def apply(self, event: Event, position: int) -> None:
        """Evolve the ticket by an event."""
        ticket = self.ticket
        TICKETS.evolve(ticket, event, position)
        if isinstance(event, events.TicketOpened):
            self.opened_position = position
        elif isinstance(event, events.InteractionRecorded):
            ticket.interactions.clear()
            if event.author == BOT and event.public and self.first_bot_response_at_us is None:
                self.first_bot_response_at_us = event.at_us
        elif isinstance(event, events.TicketResolved):
            self.resolutions += 1


def _list_text(values: Sequence[tuple[Any, ...]]) -> str | None:
    return orjson.dumps([tuple(value) for value in values]).decode() if values else None


def _count(ticket: Ticket, level: EscalationLevel) -> int:
    return sum(escalation.level == level.value for escalation in ticket.escalations)


def _due_of_nothing(ticket: Ticket) -> int | None:
    return None if ticket.status.value in OVER else NO_DEADLINE


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The view of a row's ticket, without its interactions, as JSON can hold it."""
    return plain_view(ticket_view(TicketRecord.of({**row, "text": Sealed(row["text"])}).ticket))
