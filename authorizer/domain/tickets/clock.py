"""When a ticket is due (SLA)."""

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


def ticket_clock(ticket: TicketView, now_us: int) -> TicketClock:
    """When a ticket is due, seen from `now_us`.

    The first response is due in calendar time, and so is that after a reopening; a ticket that was
    resolved without one owes none any more. The resolution is due in the time in which the clock
    ran.
    """
    first_due_us = ticket.opened_at_us + ticket.first_response_target_us
    first_end_us = _first_of(ticket.first_response_at_us, ticket.first_resolved_at_us, now_us)
    again_due_us, again_overdue = None, False
    if ticket.reopened_at_us is not None:
        again_due_us = ticket.reopened_at_us + ticket.first_response_target_us
        resolved_us = ticket.resolved_at_us if ticket.status in OVER else None
        again_end_us = _first_of(ticket.reopening_answered_at_us, resolved_us, now_us)
        again_overdue = again_end_us > again_due_us
    due_us, ran_us = None, ticket.ran_us
    if ticket.runs_since_us is not None:
        due_us = ticket.runs_since_us + ticket.resolution_target_us - ticket.ran_us
        ran_us += max(0, now_us - ticket.runs_since_us)
    return TicketClock(
        first_due_us,
        due_us,
        first_end_us > first_due_us,
        ran_us > ticket.resolution_target_us,
        again_due_us,
        again_overdue,
    )


def _first_of(*moments_us: int | None) -> int:
    return min(at_us for at_us in moments_us if at_us is not None)
