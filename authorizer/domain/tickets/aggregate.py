"""Tickets: every command and every event, declared."""

from typing import Any, Final

from authorizer.domain.aggregate import Aggregate, Codec, EventKind, Handler, read
from authorizer.domain.tickets import commands, effects, events, rules
from authorizer.domain.tickets.state import TICKET_OF_REQUEST, Ticket, pack, unpack


def _without_client_id(fields: list[Any]) -> list[Any]:
    """Tickets came to have the client's own id."""
    return [*fields, None]


TICKETS: Final[Aggregate[Ticket]] = Aggregate(
    name="ticket",
    id_field="ticket_id",
    new=Ticket,
    codec=Codec(pack, unpack),
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
        Handler(commands.ReadTicket, read),
    ),
    events=(
        EventKind(
            "ticket_opened",
            events.TicketOpened,
            effects.ticket_opened,
            version=2,
            upgrades={1: _without_client_id},
            opens=True,
        ),
        EventKind("ticket_taken", events.TicketTaken, effects.ticket_taken),
        EventKind("interaction_recorded", events.InteractionRecorded, effects.interaction_recorded),
        EventKind("ticket_put_on_hold", events.TicketPaused, effects.ticket_paused),
        EventKind("ticket_resumed", events.TicketResumed, effects.ticket_resumed),
        EventKind(
            "ticket_priority_changed",
            events.TicketPriorityChanged,
            effects.ticket_priority_changed,
        ),
        EventKind("ticket_resolved", events.TicketResolved, effects.ticket_resolved),
        EventKind("ticket_reopened", events.TicketReopened, effects.ticket_reopened),
        EventKind("ticket_closed", events.TicketClosed, effects.ticket_closed),
    ),
    indexes=(TICKET_OF_REQUEST,),
)
