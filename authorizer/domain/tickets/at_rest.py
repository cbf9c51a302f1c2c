"""A ticket at rest: its form in memory while it is passive, and in snapshots."""

from collections.abc import Mapping
from typing import Any, Final

from authorizer.domain.tickets.legal_deadline import seven_days_after_us
from authorizer.domain.tickets.state import (
    OVER,
    Escalation,
    Interaction,
    ReopeningWait,
    ResponseWait,
    Ticket,
    TicketStatus,
    TicketView,
)

_FLAT: Final = (
    "attendant",
    "card_id",
    "category",
    "channel",
    "client_id",
    "closed_at_us",
    "customer_id",
    "first_resolved_at_us",
    "first_response_at_us",
    "first_response_target_us",
    "opened_at_us",
    "opened_priority",
    "position",
    "priority",
    "ticket_id",
    "ran_us",
    "reopening",
    "reopenings",
    "resolution",
    "resolution_target_us",
    "resolved_at_us",
    "runs_since_us",
    "sealed_chars",
    "text",
    "unanswered_since_us",
    "first_response_due_us",
    "resolution_due_us",
    "legal_due_us",
)
"""The parts that JSON holds as they are, in their order on disk: it never changes."""


def pack(ticket: Ticket) -> tuple[Any, ...]:
    """A ticket as plain values."""
    return (
        ticket.status.value,
        [tuple(interaction) for interaction in ticket.interactions],
        [tuple(wait) for wait in ticket.reopening_waits],
        [tuple(wait) for wait in ticket.response_waits],
        [tuple(escalation) for escalation in ticket.escalations],
        *[getattr(ticket, name) for name in _FLAT],
    )


def unpack(values: list[Any]) -> Ticket:
    """The ticket that `pack` made values of."""
    status, interactions, reopenings, responses, escalations, *flat = values
    parts: dict[str, Any] = dict(zip(_FLAT, flat, strict=True))
    ticket = Ticket(parts["ticket_id"])
    ticket.status = TicketStatus(status)
    ticket.interactions = [Interaction(*fields) for fields in interactions]
    ticket.reopening_waits = [ReopeningWait(*fields) for fields in reopenings]
    ticket.response_waits = [ResponseWait(*fields) for fields in responses]
    ticket.escalations = [Escalation(*fields) for fields in escalations]
    for name, value in parts.items():
        setattr(ticket, name, value)
    return ticket


def with_deadlines(values: list[Any]) -> list[Any]:
    """Tickets came to have deadlines of their own: those from before are in calendar time."""
    status, interactions, reopenings, *flat = values
    ticket = dict(zip(_FLAT, flat, strict=False))
    response_us, runs_since_us = ticket["first_response_target_us"], ticket["runs_since_us"]
    resolution_us = ticket["resolution_target_us"] - ticket["ran_us"]
    return [
        status,
        interactions,
        [[at_us, answered_at_us, at_us + response_us] for at_us, answered_at_us in reopenings],
        [],
        *flat,
        ticket["opened_at_us"] + response_us,
        None if runs_since_us is None else runs_since_us + resolution_us,
        seven_days_after_us(ticket["opened_at_us"]),
    ]


def with_escalations(values: list[Any]) -> list[Any]:
    """Tickets came to be escalated."""
    return [*values[:4], [], *values[4:]]


def is_over(data: bytes) -> bool:
    """Whether a ticket at rest, as JSON, is resolved or closed; without reading it."""
    return data.startswith(_OVER_AT_REST)


def plain_view(view: TicketView) -> dict[str, Any]:
    """What is seen of a ticket but its interactions, as JSON holds it."""
    escalations = [list(escalation) for escalation in view.escalations]
    return {**view._asdict(), "escalations": escalations, "interactions": ()}


def view_of(plain: Mapping[str, Any]) -> TicketView:
    """The view of which `plain_view` made this, after a way through JSON."""
    escalations = tuple(Escalation(*fields) for fields in plain["escalations"])
    return TicketView(**{**plain, "escalations": escalations})


_OVER_AT_REST: Final = tuple(f'["{status}"'.encode() for status in OVER)
