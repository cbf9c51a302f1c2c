"""Events of tickets, short to write. Times are minutes since an instant."""

from __future__ import annotations

from typing import Final

from authorizer.domain.moments import DAY_US
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import events

MINUTE_US: Final = 60_000_000
MONDAY: Final = 20_409
"""2025-11-17, in days since 1970."""
START_US: Final = MONDAY * DAY_US
TEXT: Final = Sealed("sealed")


def at(minute: float) -> int:
    """An instant so many minutes after the beginning of the Monday, UTC."""
    return START_US + round(minute * MINUTE_US)


def opened(
    ticket_id: str,
    minute: float,
    channel: str = "App",
    category: str = "cartao",
    targets: tuple[int, int] = (60, 600),
) -> events.TicketOpened:
    first, whole = (target * MINUTE_US for target in targets)
    return events.TicketOpened(
        at(minute), "t", ticket_id, "c", category, "media", channel, None, first, whole, TEXT
    )


def taken(ticket_id: str, minute: float, attendant: str = "Ana") -> events.TicketTaken:
    return events.TicketTaken(at(minute), "t", ticket_id, "c", attendant, "App")


def said(
    ticket_id: str,
    minute: float,
    author: str = "atendente",
    public: bool = True,
    due: float | None = None,
) -> events.InteractionRecorded:
    """`due`: the minute by which the customer is owed an answer to it."""
    due_us = None if due is None else at(due)
    return events.InteractionRecorded(
        at(minute), "t", ticket_id, "c", author, None, "App", public, TEXT, due_us
    )


def on_hold(ticket_id: str, minute: float) -> events.TicketPaused:
    return events.TicketPaused(at(minute), "t", ticket_id, "c", "App")


def resumed(ticket_id: str, minute: float) -> events.TicketResumed:
    return events.TicketResumed(at(minute), "t", ticket_id, "c", "App")


def resolved(ticket_id: str, minute: float, attendant: str = "Ana") -> events.TicketResolved:
    return events.TicketResolved(at(minute), "t", ticket_id, "c", attendant, "App", TEXT)


def reopened(ticket_id: str, minute: float) -> events.TicketReopened:
    return events.TicketReopened(at(minute), "t", ticket_id, "c", "App", TEXT)


def closed(ticket_id: str, minute: float) -> events.TicketClosed:
    return events.TicketClosed(at(minute), "t", ticket_id, "c", "App")


def escalated(
    ticket_id: str, minute: float, level: str = "vencido", deadline: str = "resolucao"
) -> events.TicketEscalated:
    return events.TicketEscalated(
        at(minute), "escalation", ticket_id, "c", deadline, level, at(minute)
    )
