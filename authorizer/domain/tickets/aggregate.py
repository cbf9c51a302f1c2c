"""Tickets: every command and every event, declared."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from authorizer.domain.aggregate import Aggregate, Codec, EventKind, Handler, Upgrade, read
from authorizer.domain.messages import Event
from authorizer.domain.tickets import commands, effects, escalation, events, rules
from authorizer.domain.tickets.at_rest import pack, unpack, with_deadlines, with_escalations
from authorizer.domain.tickets.state import TICKET_OF_REQUEST, Ticket

E = TypeVar("E", bound=Event)


def _without_client_id(fields: list[Any]) -> list[Any]:
    """Tickets came to have the client's own id."""
    return [*fields, None]


def _in_calendar_time(deadlines: int) -> Upgrade:
    """Events came to tell deadlines. Before, all were in calendar time, which effects work out."""
    return lambda fields: [*fields, *[None] * deadlines]


def _telling(
    name: str, event: type[E], apply: Callable[[Ticket, E], None], deadlines: int
) -> EventKind[Ticket, E]:
    """An event that came to tell so many deadlines."""
    return EventKind(name, event, apply, version=2, upgrades={1: _in_calendar_time(deadlines)})


TICKETS: Final[Aggregate[Ticket]] = Aggregate(
    name="ticket",
    id_field="ticket_id",
    new=Ticket,
    codec=Codec(pack, unpack, upgrades={4: with_deadlines, 5: with_escalations}),
    snapshot_kind=7,
    commands=(
        Handler(commands.OpenTicket, rules.open_ticket, creates=True),
        Handler(commands.TakeTicket, rules.take_ticket),
        Handler(commands.RecordInteraction, rules.record_interaction),
        Handler(commands.PauseTicket, rules.pause_ticket),
        Handler(commands.ChangePriority, rules.change_priority),
        Handler(commands.ResolveTicket, rules.resolve_ticket),
        Handler(commands.ReopenTicket, rules.reopen_ticket),
        Handler(commands.CloseTicket, rules.close_ticket),
        Handler(commands.EscalateTicket, read),
        Handler(commands.ReadTicket, read),
    ),
    events=(
        EventKind(
            "ticket_opened",
            events.TicketOpened,
            effects.ticket_opened,
            version=3,
            upgrades={1: _without_client_id, 2: _in_calendar_time(3)},
            opens=True,
        ),
        EventKind("ticket_taken", events.TicketTaken, effects.ticket_taken),
        _telling(
            "interaction_recorded",
            events.InteractionRecorded,
            effects.interaction_recorded,
            deadlines=1,
        ),
        _telling("ticket_put_on_hold", events.TicketPaused, effects.ticket_paused, deadlines=1),
        _telling("ticket_resumed", events.TicketResumed, effects.ticket_resumed, deadlines=1),
        _telling(
            "ticket_priority_changed",
            events.TicketPriorityChanged,
            effects.ticket_priority_changed,
            deadlines=4,
        ),
        _telling("ticket_resolved", events.TicketResolved, effects.ticket_resolved, deadlines=1),
        _telling("ticket_reopened", events.TicketReopened, effects.ticket_reopened, deadlines=2),
        EventKind("ticket_closed", events.TicketClosed, effects.ticket_closed),
        EventKind("ticket_escalated", events.TicketEscalated, effects.ticket_escalated),
    ),
    indexes=(TICKET_OF_REQUEST,),
    overdue=escalation.escalations_overdue,
    next_due=escalation.next_escalation_us,
)
