"""The life of a ticket: aberto → em_atendimento → aguardando_cliente → resolvido → fechado.

A resolved ticket can be reopened (`reaberto`); a closed one is over. What a state does not allow
is a conflict that names the state.
"""

from typing import Any, Final

from authorizer.domain.aggregate import Context
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import (
    HOLDS,
    Decision,
    Done,
    Refusal,
    RefusalKind,
    conflict,
    invalid,
)
from authorizer.domain.tickets import commands, deadlines, events
from authorizer.domain.tickets.legal_deadline import legal_due_us
from authorizer.domain.tickets.state import ATTENDANT, CUSTOMER, Ticket, TicketStatus

MAX_INTERACTIONS: Final = 1000
"""Interactions that a ticket may hold."""
MAX_SEALED_CHARS: Final = 1 << 20
"""Sealed text that a ticket may hold before one more is refused, in characters."""

_UNATTENDED: Final = (TicketStatus.OPEN, TicketStatus.REOPENED)
_RESOLVED_OR_CLOSED: Final = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


def open_ticket(
    ticket: Ticket, command: commands.OpenTicket, context: Context, now_us: int
) -> Decision:
    """Open a ticket; one that comes with its resolution is resolved at once."""
    unsealable = context.unsealable(command.customer_id)
    if unsealable is not None:
        return Decision(unsealable)
    level = context.service_levels[command.priority]
    found: list[Event] = [
        events.TicketOpened(
            now_us,
            command.by,
            ticket.ticket_id,
            command.customer_id,
            command.category,
            command.priority.value,
            command.channel,
            command.card_id,
            level.first_response_us,
            level.resolution_us,
            context.seal_texts(command.customer_id, command.subject, command.description),
            command.client_id,
            context.desk_time.due_us(now_us, level.first_response_us),
            context.desk_time.due_us(now_us, level.resolution_us),
            legal_due_us(now_us, context.window_of),
        )
    ]
    if command.resolution is not None and command.resolution.text is not None:
        found.append(
            events.TicketResolved(
                now_us,
                command.by,
                ticket.ticket_id,
                command.customer_id,
                command.resolution.attendant,
                command.channel,
                context.seal_texts(command.customer_id, command.resolution.text),
                0,
            )
        )
    return Decision(Done(created=True), found)


def take_ticket(
    ticket: Ticket, command: commands.TakeTicket, context: Context, now_us: int
) -> Decision:
    """Have an attendant work on it; one who does already changes nothing."""
    if ticket.status in _RESOLVED_OR_CLOSED:
        return _not_now(ticket, "taken")
    found: list[Event] = []
    if ticket.status is TicketStatus.WAITING:
        found.append(_resumed(ticket, command, context, now_us))
    if ticket.status in _UNATTENDED or ticket.attendant != command.attendant:
        found.append(_taken(ticket, command, command.attendant, now_us))
    return Decision(Done(created=bool(found)), found)


def record_interaction(
    ticket: Ticket, command: commands.RecordInteraction, context: Context, now_us: int
) -> Decision:
    """Record what was said.

    The customer's word ends the waiting for it; an attendant's public word takes a ticket that
    nobody attends to. On a resolved ticket it is recorded and changes nothing else.
    """
    if ticket.status is TicketStatus.CLOSED:
        return _not_now(ticket, "added to")
    unsealable = context.unsealable(ticket.customer_id)
    if unsealable is not None:
        return Decision(unsealable)
    if _is_full(ticket):
        return conflict(f"ticket {ticket.ticket_id} holds as much as a ticket may hold")
    found: list[Event] = [_interaction(ticket, command, context, now_us)]
    if command.author == CUSTOMER and ticket.status is TicketStatus.WAITING:
        found.append(_resumed(ticket, command, context, now_us))
    elif command.author == ATTENDANT and command.public and ticket.status in _UNATTENDED:
        found.append(_taken(ticket, command, command.name or command.by, now_us))
    return Decision(Done(created=True), found)


def pause_ticket(
    ticket: Ticket, command: commands.PauseTicket, context: Context, now_us: int
) -> Decision:
    """Have it wait for the customer. What the customer is told is an attendant's public word.

    Somebody must attend to it: whoever says so, or is named, takes a ticket that nobody has.
    """
    unattended = ticket.status in _UNATTENDED
    named = command.message is not None or command.attendant is not None
    if not (ticket.status is TicketStatus.IN_PROGRESS or (unattended and named)):
        return _not_now(ticket, "put on hold")
    found: list[Event] = []
    if command.message is not None:
        said = record_interaction(ticket, _spoken(command, command.message), context, now_us)
        if isinstance(said.outcome, Refusal):
            return said
        found += said.events
    elif unattended:
        found.append(_taken(ticket, command, command.attendant or command.by, now_us))
    ran_us = deadlines.ran_us(ticket, context.desk_time, now_us)
    found.append(events.TicketPaused(now_us, command.by, *_about(ticket), command.channel, ran_us))
    return Decision(Done(created=True), found)


def change_priority(
    ticket: Ticket, command: commands.ChangePriority, context: Context, now_us: int
) -> Decision:
    """Give it another priority, and the targets of that. The one that it has changes nothing."""
    if ticket.status in _RESOLVED_OR_CLOSED:
        return _not_now(ticket, "given another priority")
    if ticket.priority == command.priority.value:
        return HOLDS
    level = context.service_levels[command.priority]
    event = events.TicketPriorityChanged(
        now_us,
        command.by,
        *_about(ticket),
        command.priority.value,
        command.channel,
        level.first_response_us,
        level.resolution_us,
        *deadlines.of_another_level(ticket, level, context.desk_time),
    )
    return Decision(Done(created=True), (event,))


def resolve_ticket(
    ticket: Ticket, command: commands.ResolveTicket, context: Context, now_us: int
) -> Decision:
    """Resolve it, from any state before. That of an erased customer ends without a text."""
    if ticket.status in _RESOLVED_OR_CLOSED:
        return _not_now(ticket, "resolved")
    text = command.resolution.text
    unsealable = context.unsealable(ticket.customer_id)
    if unsealable is not None:
        if text is not None or unsealable.kind is not RefusalKind.GONE:
            return Decision(unsealable)
        sealed = None
    elif text is None:
        return invalid("is needed: it tells how the ticket was resolved", "resolucao")
    else:
        sealed = context.seal_texts(ticket.customer_id, text)
    event = events.TicketResolved(
        now_us,
        command.by,
        *_about(ticket),
        command.resolution.attendant,
        command.channel,
        sealed,
        deadlines.ran_us(ticket, context.desk_time, now_us),
    )
    return Decision(Done(created=True), (event,))


def reopen_ticket(
    ticket: Ticket, command: commands.ReopenTicket, context: Context, now_us: int
) -> Decision:
    """Take it up again, as long as it is resolved and not closed."""
    if ticket.status is not TicketStatus.RESOLVED:
        return _not_now(ticket, "reopened")
    unsealable = context.unsealable(ticket.customer_id)
    if unsealable is not None:
        return Decision(unsealable)
    if _is_full(ticket):
        return conflict(f"ticket {ticket.ticket_id} holds as much as a ticket may hold")
    event = events.TicketReopened(
        now_us,
        command.by,
        *_about(ticket),
        command.channel,
        context.seal_texts(ticket.customer_id, command.reason),
        deadlines.resolution_due_us(ticket, context.desk_time, now_us),
        context.desk_time.due_us(now_us, ticket.first_response_target_us),
    )
    return Decision(Done(created=True), (event,))


def close_ticket(
    ticket: Ticket, command: commands.CloseTicket, context: Context, now_us: int
) -> Decision:
    """Close it for good, once it is resolved. That of an erased customer is resolved by it."""
    found: list[Event] = []
    if ticket.status is not TicketStatus.RESOLVED:
        unsealable = context.unsealable(ticket.customer_id)
        is_erased = unsealable is not None and unsealable.kind is RefusalKind.GONE
        if not is_erased or ticket.status is TicketStatus.CLOSED:
            return _not_now(ticket, "closed")
        who = ticket.attendant or command.by
        ran_us = deadlines.ran_us(ticket, context.desk_time, now_us)
        found.append(
            events.TicketResolved(
                now_us, command.by, *_about(ticket), who, command.channel, None, ran_us
            )
        )
    found.append(events.TicketClosed(now_us, command.by, *_about(ticket), command.channel))
    return Decision(Done(created=True), found)


def _spoken(command: commands.PauseTicket, message: str) -> commands.RecordInteraction:
    return commands.RecordInteraction(
        command.ticket_id,
        ATTENDANT,
        command.attendant,
        command.channel,
        message,
        True,
        command.by,
    )


def _interaction(
    ticket: Ticket, command: commands.RecordInteraction, context: Context, now_us: int
) -> events.InteractionRecorded:
    customers_name = command.name if command.author == CUSTOMER else None
    return events.InteractionRecorded(
        now_us,
        command.by,
        *_about(ticket),
        command.author,
        command.name if customers_name is None else None,
        command.channel,
        command.public,
        context.seal_texts(ticket.customer_id, command.message, customers_name),
        deadlines.next_response_due_us(ticket, context, now_us)
        if command.author == CUSTOMER
        else None,
    )


def _resumed(ticket: Ticket, command: Any, context: Context, now_us: int) -> events.TicketResumed:
    due_us = deadlines.resolution_due_us(ticket, context.desk_time, now_us)
    return events.TicketResumed(now_us, command.by, *_about(ticket), command.channel, due_us)


def _taken(ticket: Ticket, command: Any, attendant: str, now_us: int) -> events.TicketTaken:
    return events.TicketTaken(now_us, command.by, *_about(ticket), attendant, command.channel)


def _about(ticket: Ticket) -> tuple[str, str]:
    return ticket.ticket_id, ticket.customer_id


def _is_full(ticket: Ticket) -> bool:
    return len(ticket.interactions) >= MAX_INTERACTIONS or ticket.sealed_chars >= MAX_SEALED_CHARS


def _not_now(ticket: Ticket, done: str) -> Decision:
    return conflict(f"ticket {ticket.ticket_id} is {ticket.status.value} and cannot be {done}")
