"""The state of a ticket ⇄ bytes: how it sleeps in memory and lies in a snapshot.

As for accounts and customers, a change to these bytes is a new `state_codec.STATE_VERSION`.
"""

from typing import Any, Final

import orjson

from authorizer.domain.tickets.state import Interaction, ReopeningWait, Ticket, TicketStatus

_PLAIN: Final = (
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
)
"""The parts that JSON holds as they are, in their order on disk: it never changes."""


def encode_ticket(ticket: Ticket) -> bytes:
    """A ticket, whole."""
    return orjson.dumps(
        (
            ticket.status.value,
            [tuple(interaction) for interaction in ticket.interactions],
            [tuple(wait) for wait in ticket.reopening_waits],
            *[getattr(ticket, name) for name in _PLAIN],
        )
    )


def decode_ticket(data: bytes) -> Ticket:
    """The ticket that `encode_ticket` made bytes of."""
    status, interactions, waits, *plain = orjson.loads(data)
    parts: dict[str, Any] = dict(zip(_PLAIN, plain, strict=True))
    ticket = Ticket(parts["ticket_id"])
    ticket.status = TicketStatus(status)
    ticket.interactions = [Interaction(*fields) for fields in interactions]
    ticket.reopening_waits = [ReopeningWait(*fields) for fields in waits]
    for name, value in parts.items():
        setattr(ticket, name, value)
    return ticket
