"""What each event changes in a ticket.

An event of an earlier version tells no deadline: what it sets is due in calendar time.
"""

from authorizer.domain.sealing import Sealed
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
from authorizer.domain.tickets.legal_deadline import seven_days_after_us
from authorizer.domain.tickets.state import (
    ATTENDANT,
    CUSTOMER,
    Escalation,
    Interaction,
    ReopeningWait,
    ResponseWait,
    Ticket,
    TicketStatus,
)


def ticket_opened(ticket: Ticket, event: TicketOpened) -> None:
    """The ticket is there, and its clock runs."""
    ticket.customer_id = event.customer_id
    ticket.category = event.category
    ticket.priority = ticket.opened_priority = event.priority
    ticket.client_id = event.client_id
    ticket.channel = event.channel
    ticket.card_id = event.card_id
    ticket.first_response_target_us = event.first_response_target_us
    ticket.resolution_target_us = event.resolution_target_us
    ticket.text = event.text
    _count_text(ticket, event.text)
    ticket.opened_at_us = event.at_us
    ticket.first_response_due_us = _told(
        event.first_response_due_us, event.at_us + event.first_response_target_us
    )
    ticket.legal_due_us = _told(event.legal_due_us, seven_days_after_us(event.at_us))
    _start_clock(ticket, event.at_us, event.resolution_due_us)


def ticket_taken(ticket: Ticket, event: TicketTaken) -> None:
    """An attendant works on it."""
    ticket.status = TicketStatus.IN_PROGRESS
    ticket.attendant = event.attendant


def interaction_recorded(ticket: Ticket, event: InteractionRecorded) -> None:
    """This was said."""
    ticket.interactions.append(
        Interaction(event.at_us, event.author, event.name, event.channel, event.public, event.text)
    )
    _count_text(ticket, event.text)
    if event.author == CUSTOMER:
        _customer_waits(ticket, event.at_us)
        if event.next_response_due_us is not None:
            ticket.response_waits.append(
                ResponseWait(event.at_us, event.next_response_due_us, None, None)
            )
    elif event.author == ATTENDANT and event.public:
        _answered(ticket, event.at_us)


def _customer_waits(ticket: Ticket, at_us: int) -> None:
    if ticket.unanswered_since_us is None:
        ticket.unanswered_since_us = at_us


def _answered(ticket: Ticket, at_us: int) -> None:
    _settle(ticket, at_us, at_us)
    if ticket.first_response_at_us is None:
        ticket.first_response_at_us = at_us
    if ticket.reopening_waits and ticket.reopening_waits[-1].answered_at_us is None:
        ticket.reopening_waits[-1] = ticket.reopening_waits[-1]._replace(answered_at_us=at_us)


def _settle(ticket: Ticket, at_us: int, answered_at_us: int | None) -> None:
    """The customer waits for no answer any more."""
    ticket.unanswered_since_us = None
    if ticket.response_waits and ticket.response_waits[-1].settled_at_us is None:
        ticket.response_waits[-1] = ticket.response_waits[-1]._replace(
            answered_at_us=answered_at_us, settled_at_us=at_us
        )


def ticket_paused(ticket: Ticket, event: TicketPaused) -> None:
    """It waits for the customer, and its clock stands still."""
    ticket.status = TicketStatus.WAITING
    _stop_clock(ticket, event.at_us, event.ran_us)


def ticket_resumed(ticket: Ticket, event: TicketResumed) -> None:
    """The waiting is over, and its clock runs."""
    ticket.status = TicketStatus.IN_PROGRESS
    _start_clock(ticket, event.at_us, event.resolution_due_us)


def ticket_priority_changed(ticket: Ticket, event: TicketPriorityChanged) -> None:
    """It has the targets of another priority."""
    ticket.priority = event.priority
    ticket.first_response_target_us = event.first_response_target_us
    ticket.resolution_target_us = event.resolution_target_us
    ticket.first_response_due_us = _told(
        event.first_response_due_us, ticket.opened_at_us + event.first_response_target_us
    )
    if ticket.runs_since_us is not None:
        _start_clock(ticket, ticket.runs_since_us, event.resolution_due_us)
    if ticket.reopening_waits:
        last = ticket.reopening_waits[-1]
        due_us = _told(
            event.reopening_response_due_us, last.reopened_at_us + event.first_response_target_us
        )
        ticket.reopening_waits[-1] = last._replace(due_us=due_us)
    if ticket.response_waits and event.next_response_due_us is not None:
        last_asked = ticket.response_waits[-1]
        ticket.response_waits[-1] = last_asked._replace(due_us=event.next_response_due_us)


def ticket_resolved(ticket: Ticket, event: TicketResolved) -> None:
    """It is resolved, and its clock stands still."""
    ticket.status = TicketStatus.RESOLVED
    ticket.attendant = event.attendant
    ticket.resolution = event.text
    _count_text(ticket, event.text)
    ticket.resolved_at_us = event.at_us
    _settle(ticket, event.at_us, None)
    if ticket.first_resolved_at_us is None:
        ticket.first_resolved_at_us = event.at_us
    _stop_clock(ticket, event.at_us, event.ran_us)


def ticket_reopened(ticket: Ticket, event: TicketReopened) -> None:
    """It is taken up again, and its clock runs."""
    ticket.status = TicketStatus.REOPENED
    ticket.reopening = event.text
    _count_text(ticket, event.text)
    ticket.reopenings += 1
    due_us = _told(event.response_due_us, event.at_us + ticket.first_response_target_us)
    ticket.reopening_waits.append(ReopeningWait(event.at_us, None, due_us))
    _customer_waits(ticket, event.at_us)
    _start_clock(ticket, event.at_us, event.resolution_due_us)


def ticket_escalated(ticket: Ticket, event: TicketEscalated) -> None:
    """Somebody was told."""
    ticket.escalations.append(Escalation(event.at_us, event.deadline, event.level, event.due_us))


def ticket_closed(ticket: Ticket, event: TicketClosed) -> None:
    """It is over."""
    ticket.status = TicketStatus.CLOSED
    ticket.closed_at_us = event.at_us
    _settle(ticket, event.at_us, None)


def _start_clock(ticket: Ticket, at_us: int, due_us: int | None) -> None:
    ticket.runs_since_us = at_us
    ticket.resolution_due_us = _told(due_us, at_us + ticket.resolution_target_us - ticket.ran_us)


def _stop_clock(ticket: Ticket, at_us: int, ran_us: int | None) -> None:
    if ticket.runs_since_us is not None:
        ticket.ran_us = _told(ran_us, ticket.ran_us + at_us - ticket.runs_since_us)
        ticket.runs_since_us = ticket.resolution_due_us = None


def _told(in_event_us: int | None, in_calendar_time_us: int) -> int:
    return in_calendar_time_us if in_event_us is None else in_event_us


def _count_text(ticket: Ticket, text: Sealed | None) -> None:
    ticket.sealed_chars += len(text or "")
