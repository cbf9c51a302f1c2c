"""Deadlines of tickets, as a decision works them out: they stand in its event."""

from authorizer.domain.aggregate import Context
from authorizer.domain.tickets.service_levels import Priority, ServiceLevel, WorkingTime
from authorizer.domain.tickets.state import OVER, Ticket


def ran_us(ticket: Ticket, desk_time: WorkingTime, now_us: int) -> int | None:
    """How long the clock has run since the opening; None where it stands.

    A deadline that falls on the closing of the desk is missed right then, while no more time is
    worked: what was missed has run longer than its target.
    """
    if ticket.runs_since_us is None:
        return None
    ran = ticket.ran_us + desk_time.worked_us(ticket.runs_since_us, now_us)
    is_missed = ticket.resolution_due_us is not None and now_us > ticket.resolution_due_us
    return max(ran, ticket.resolution_target_us + 1) if is_missed else ran


def resolution_due_us(ticket: Ticket, desk_time: WorkingTime, runs_since_us: int) -> int:
    """When the resolution is due if the clock runs from an instant on."""
    return desk_time.due_us(runs_since_us, ticket.resolution_target_us - ticket.ran_us)


def next_response_due_us(ticket: Ticket, context: Context, now_us: int) -> int | None:
    """By when the customer who speaks now is owed an answer.

    None where one is owed already: to the opening, to a reopening, to what was said before. None on
    a ticket that is over: there a "thank you" would be late.
    """
    is_owed = ticket.first_response_at_us is None or ticket.unanswered_since_us is not None
    if is_owed or ticket.status.value in OVER:
        return None
    level = context.service_levels[Priority(ticket.priority)]
    return context.desk_time.due_us(now_us, level.next_response_us)


def of_another_level(
    ticket: Ticket, level: ServiceLevel, desk_time: WorkingTime
) -> tuple[int, int | None, int | None, int | None]:
    """The deadlines as if the ticket always had this level.

    Of the first response, of the resolution, of the response to the last reopening, and of the next
    response, as far as there is one.
    """
    first_us = desk_time.due_us(ticket.opened_at_us, level.first_response_us)
    resolution_us = reopening_us = next_us = None
    if ticket.runs_since_us is not None:
        left_us = level.resolution_us - ticket.ran_us
        resolution_us = desk_time.due_us(ticket.runs_since_us, left_us)
    if ticket.reopening_waits:
        reopened_at_us = ticket.reopening_waits[-1].reopened_at_us
        reopening_us = desk_time.due_us(reopened_at_us, level.first_response_us)
    if ticket.response_waits:
        asked_at_us = ticket.response_waits[-1].asked_at_us
        next_us = desk_time.due_us(asked_at_us, level.next_response_us)
    return first_us, resolution_us, reopening_us, next_us
