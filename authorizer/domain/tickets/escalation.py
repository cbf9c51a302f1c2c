"""Escalation: a deadline that is missed, or soon will be, is told by an event of its own."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from authorizer.domain.aggregate import Context
from authorizer.domain.moments import DAY_US
from authorizer.domain.tickets.events import TicketEscalated
from authorizer.domain.tickets.legal_deadline import LEGAL_DAYS
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import (
    OVER,
    Deadline,
    Escalation,
    EscalationLevel,
    Ticket,
)

BY: Final = "escalation"
_PERCENT: Final = 100
_ORDER: Final = {deadline: place for place, deadline in enumerate(Deadline)}


class _Owed(NamedTuple):
    """What a ticket owes now."""

    deadline: Deadline
    since_us: int
    """What sets it: before that it was another one."""
    due_us: int


class _Coming(NamedTuple):
    """An escalation that comes unless what is owed is given."""

    at_us: int
    owed: _Owed
    level: EscalationLevel


def escalations_overdue(ticket: Ticket, context: Context, now_us: int) -> list[TicketEscalated]:
    """What is to be told by now, the earliest first. A warning that comes too late is none."""
    coming = [each for each in _coming(ticket, context) if each.at_us <= now_us]
    missed = {each.owed.deadline for each in coming if each.level is EscalationLevel.MISSED}
    return [
        TicketEscalated(
            now_us,
            BY,
            ticket.ticket_id,
            ticket.customer_id,
            owed.deadline.value,
            level.value,
            owed.due_us,
        )
        for _, owed, level in sorted(coming, key=lambda each: each.at_us)
        if level is EscalationLevel.MISSED or owed.deadline not in missed
    ]


def next_escalation_us(ticket: Ticket, context: Context) -> int | None:
    """When there is something to tell next; None where nothing is owed, or all of it was told."""
    return min((each.at_us for each in _coming(ticket, context)), default=None)


def owed_next(ticket: Ticket) -> tuple[Deadline, int] | None:
    """The next deadline that a ticket has to keep, and when; None where it owes nothing.

    Of those of one time it is the first in the order of `Deadline`.
    """
    if ticket.status.value in OVER:
        return None
    owed = min(_owed(ticket), key=lambda each: (each.due_us, _ORDER[each.deadline]), default=None)
    return None if owed is None else (owed.deadline, owed.due_us)


def _coming(ticket: Ticket, context: Context) -> Iterator[_Coming]:
    if not ticket.exists or ticket.status.value in OVER:
        return
    for owed in _owed(ticket):
        if _is_told(ticket, owed, EscalationLevel.MISSED, _PERCENT):
            continue
        yield _Coming(owed.due_us + 1, owed, EscalationLevel.MISSED)
        percent = context.warning_percent
        if percent and not _is_told(ticket, owed, EscalationLevel.WARNED, percent):
            yield _Coming(_warning_us(ticket, owed, context), owed, EscalationLevel.WARNED)


def _owed(ticket: Ticket) -> Iterator[_Owed]:
    """What is owed, each with its deadline. The ticket is worked on."""
    opened_at_us = ticket.opened_at_us
    if ticket.first_resolved_at_us is None:
        if ticket.first_response_at_us is None:
            yield _Owed(Deadline.FIRST_RESPONSE, opened_at_us, ticket.first_response_due_us)
        yield _Owed(Deadline.LEGAL, opened_at_us, ticket.legal_due_us)
    for again in ticket.reopening_waits[-1:]:
        if again.answered_at_us is None:
            yield _Owed(Deadline.REOPENING_RESPONSE, again.reopened_at_us, again.due_us)
    for asked in ticket.response_waits[-1:]:
        if asked.settled_at_us is None:
            yield _Owed(Deadline.NEXT_RESPONSE, asked.asked_at_us, asked.due_us)
    if ticket.resolution_due_us is not None:
        yield _Owed(Deadline.RESOLUTION, opened_at_us, ticket.resolution_due_us)


def _is_told(ticket: Ticket, owed: _Owed, level: EscalationLevel, percent: int) -> bool:
    """Whether it was escalated at a level, and no later deadline was set since.

    The clock of a resolution may have stood still, and its deadline have moved with it: that is no
    news if so much of its time, in percent, had run before.
    """
    newest = _newest(ticket, owed.deadline, level)
    if newest is None or newest.at_us < owed.since_us:
        return False
    had_run = ticket.ran_us * _PERCENT > ticket.resolution_target_us * percent
    if owed.deadline is Deadline.RESOLUTION and had_run:
        return True
    return owed.due_us <= newest.due_us


def _newest(ticket: Ticket, deadline: Deadline, level: EscalationLevel) -> Escalation | None:
    kind = deadline.value, level.value
    found = (each for each in reversed(ticket.escalations) if (each.deadline, each.level) == kind)
    return next(found, None)


def _warning_us(ticket: Ticket, owed: _Owed, context: Context) -> int:
    """When it is warned of: the last part of the time that it has begins."""
    left_percent = _PERCENT - context.warning_percent
    if owed.deadline is Deadline.LEGAL:
        return owed.due_us - LEGAL_DAYS * DAY_US * left_percent // _PERCENT
    target_us = ticket.first_response_target_us
    if owed.deadline is Deadline.RESOLUTION:
        target_us = ticket.resolution_target_us
    elif owed.deadline is Deadline.NEXT_RESPONSE:
        target_us = context.service_levels[Priority(ticket.priority)].next_response_us
    return context.desk_time.due_us(owed.due_us, -(target_us * left_percent // _PERCENT))
