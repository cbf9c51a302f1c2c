"""When a ticket is due (SLA), and by law."""

from typing import NamedTuple

from authorizer.domain.tickets.state import OVER, TicketView


class TicketClock(NamedTuple):
    """When a ticket is due, and whether it is late."""

    first_response_due_us: int
    resolution_due_us: int | None
    """None while the clock stands still."""
    first_response_overdue: bool
    resolution_overdue: bool
    reopening_response_due_us: int | None
    """None where it was never reopened."""
    reopening_response_overdue: bool
    next_response_due_us: int | None
    """None where the customer said nothing after the first response."""
    next_response_overdue: bool
    legal_due_us: int
    legal_overdue: bool


def ticket_clock(ticket: TicketView, now_us: int) -> TicketClock:
    """When a ticket is due, seen from `now_us`.

    A ticket that was resolved owes no response any more: what counts is the earlier of the two. The
    resolution is due in the time in which the clock ran. The law is kept by the first resolution.
    """
    responded = ticket.first_response_at_us, ticket.first_resolved_at_us
    resolved_us = ticket.resolved_at_us if ticket.status in OVER else None
    answered = ticket.reopening_answered_at_us, resolved_us
    is_late = ticket.ran_us > ticket.resolution_target_us
    if ticket.resolution_due_us is not None:
        is_late = now_us > ticket.resolution_due_us
    return TicketClock(
        ticket.first_response_due_us,
        ticket.resolution_due_us,
        _missed(ticket.first_response_due_us, now_us, *responded),
        is_late,
        ticket.reopening_response_due_us,
        _missed(ticket.reopening_response_due_us, now_us, *answered),
        ticket.next_response_due_us,
        _missed(ticket.next_response_due_us, now_us, ticket.next_response_settled_at_us),
        ticket.legal_due_us,
        _missed(ticket.legal_due_us, now_us, ticket.first_resolved_at_us),
    )


def _missed(due_us: int | None, *ends_us: int | None) -> bool:
    """Whether the first of these comes after the deadline."""
    return due_us is not None and due_us < min(at_us for at_us in ends_us if at_us is not None)
