"""A ticket (`chamado`) of customer care: its state, and `evolve`, the only writer of it."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain import ticket_events as events
from authorizer.domain.sealing import Sealed

CUSTOMER: Final = "cliente"
ATTENDANT: Final = "atendente"
BOT: Final = "robo"
AUTHORS: Final = (CUSTOMER, ATTENDANT, BOT)
"""`autor`: who can say something in a ticket."""

_DATE_DIGITS: Final = len("20250224")


class TicketStatus(Enum):
    """The state of a ticket, in the words of customer care."""

    OPEN = "aberto"
    IN_PROGRESS = "em_atendimento"
    WAITING = "aguardando_cliente"
    RESOLVED = "resolvido"
    REOPENED = "reaberto"
    CLOSED = "fechado"


class Interaction(NamedTuple):
    """Something that was said. Its number is its place among the ticket's interactions, from 1."""

    at_us: int
    author: str
    name: str | None
    channel: str
    public: bool
    text: Sealed


class Ticket:
    """The state of one ticket. It changes through `evolve` only."""

    __slots__ = (
        "attendant",
        "card_id",
        "category",
        "channel",
        "closed_at_us",
        "customer_id",
        "first_resolved_at_us",
        "first_response_at_us",
        "first_response_target_us",
        "interactions",
        "opened_at_us",
        "position",
        "priority",
        "protocol",
        "ran_us",
        "reopening",
        "reopenings",
        "resolution",
        "resolution_target_us",
        "resolved_at_us",
        "runs_since_us",
        "sealed_chars",
        "status",
        "text",
    )

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.customer_id = ""
        self.status = TicketStatus.OPEN
        self.category = ""
        self.priority = ""
        self.channel = ""
        self.card_id: str | None = None
        self.attendant: str | None = None
        self.text = Sealed("")
        self.resolution: Sealed | None = None
        """The text of the last resolution."""
        self.reopening: Sealed | None = None
        """The text of the last reopening."""
        self.reopenings = 0
        self.interactions: list[Interaction] = []
        self.sealed_chars = 0
        """How much sealed text the ticket has brought into the journal, in characters."""
        self.opened_at_us = 0
        self.first_response_at_us: int | None = None
        self.first_resolved_at_us: int | None = None
        self.resolved_at_us: int | None = None
        """When it was last resolved."""
        self.closed_at_us: int | None = None
        self.first_response_target_us = 0
        self.resolution_target_us = 0
        self.ran_us = 0
        """How long its clock ran before `runs_since_us`."""
        self.runs_since_us: int | None = None
        """Since when its clock runs; None while it stands still."""

    @property
    def exists(self) -> bool:
        """Whether it was opened."""
        return self.position > 0


def protocol_of(date: str, number: int) -> str:
    """The protocol number: the date as `20250224`, then the running number."""
    return f"{date}{number:06d}"


def running_number(protocol: str) -> int:
    """The running number in a protocol number."""
    return int(protocol[_DATE_DIGITS:])


class TicketView(NamedTuple):
    """What may be seen of a ticket from outside: a copy that stays as it is. Texts are sealed."""

    protocol: str
    customer_id: str
    status: str
    category: str
    priority: str
    channel: str
    card_id: str | None
    attendant: str | None
    opened_at_us: int
    first_response_at_us: int | None
    first_resolved_at_us: int | None
    resolved_at_us: int | None
    closed_at_us: int | None
    reopenings: int
    text: Sealed
    resolution: Sealed | None
    reopening: Sealed | None
    first_response_target_us: int
    resolution_target_us: int
    ran_us: int
    runs_since_us: int | None
    interactions: tuple[Interaction, ...]


def ticket_view(ticket: Ticket) -> TicketView:
    """Describe a ticket as it stands."""
    return TicketView(
        ticket.protocol,
        ticket.customer_id,
        ticket.status.value,
        ticket.category,
        ticket.priority,
        ticket.channel,
        ticket.card_id,
        ticket.attendant,
        ticket.opened_at_us,
        ticket.first_response_at_us,
        ticket.first_resolved_at_us,
        ticket.resolved_at_us,
        ticket.closed_at_us,
        ticket.reopenings,
        ticket.text,
        ticket.resolution,
        ticket.reopening,
        ticket.first_response_target_us,
        ticket.resolution_target_us,
        ticket.ran_us,
        ticket.runs_since_us,
        tuple(ticket.interactions),
    )


class TicketClock(NamedTuple):
    """When a ticket is due, and whether it is late."""

    first_response_due_us: int
    resolution_due_us: int | None
    """None while the clock stands still."""
    first_response_overdue: bool
    resolution_overdue: bool


def ticket_clock(ticket: TicketView, now_us: int) -> TicketClock:
    """When a ticket is due, seen from `now_us`.

    The first response is due in calendar time; a ticket that was resolved without one owes none
    any more. The resolution is due in the time in which the clock ran.
    """
    first_due_us = ticket.opened_at_us + ticket.first_response_target_us
    ends = (ticket.first_response_at_us, ticket.first_resolved_at_us, now_us)
    first_end_us = min(at_us for at_us in ends if at_us is not None)
    due_us, ran_us = None, ticket.ran_us
    if ticket.runs_since_us is not None:
        due_us = ticket.runs_since_us + ticket.resolution_target_us - ticket.ran_us
        ran_us += max(0, now_us - ticket.runs_since_us)
    return TicketClock(
        first_due_us, due_us, first_end_us > first_due_us, ran_us > ticket.resolution_target_us
    )


def evolve(ticket: Ticket, event: events.TicketEvent, position: int) -> None:
    """Apply one event that the journal holds at `position`; the only writer of the state.

    Raises:
        ValueError: the event opens a ticket that is there, or befalls one that is not.
    """
    if ticket.exists == isinstance(event, events.TicketOpened):
        raise ValueError(f"{type(event).__name__} does not fit ticket {ticket.protocol}")
    _APPLY[type(event)](ticket, event)
    ticket.sealed_chars += len(getattr(event, "text", ""))
    ticket.position = position


def _opened(ticket: Ticket, event: events.TicketOpened) -> None:
    ticket.customer_id = event.customer_id
    ticket.category = event.category
    ticket.priority = event.priority
    ticket.channel = event.channel
    ticket.card_id = event.card_id
    ticket.first_response_target_us = event.first_response_target_us
    ticket.resolution_target_us = event.resolution_target_us
    ticket.text = event.text
    ticket.opened_at_us = event.at_us
    ticket.runs_since_us = event.at_us


def _taken(ticket: Ticket, event: events.TicketTaken) -> None:
    ticket.status = TicketStatus.IN_PROGRESS
    ticket.attendant = event.attendant


def _interaction(ticket: Ticket, event: events.InteractionRecorded) -> None:
    ticket.interactions.append(
        Interaction(event.at_us, event.author, event.name, event.channel, event.public, event.text)
    )
    answers = event.author == ATTENDANT and event.public
    if answers and ticket.first_response_at_us is None:
        ticket.first_response_at_us = event.at_us


def _put_on_hold(ticket: Ticket, event: events.TicketPutOnHold) -> None:
    ticket.status = TicketStatus.WAITING
    _stop_clock(ticket, event.at_us)


def _resumed(ticket: Ticket, event: events.TicketResumed) -> None:
    ticket.status = TicketStatus.IN_PROGRESS
    ticket.runs_since_us = event.at_us


def _resolved(ticket: Ticket, event: events.TicketResolved) -> None:
    ticket.status = TicketStatus.RESOLVED
    ticket.attendant = event.attendant
    ticket.resolution = event.text
    ticket.resolved_at_us = event.at_us
    if ticket.first_resolved_at_us is None:
        ticket.first_resolved_at_us = event.at_us
    _stop_clock(ticket, event.at_us)


def _reopened(ticket: Ticket, event: events.TicketReopened) -> None:
    ticket.status = TicketStatus.REOPENED
    ticket.reopening = event.text
    ticket.reopenings += 1
    ticket.runs_since_us = event.at_us


def _closed(ticket: Ticket, event: events.TicketClosed) -> None:
    ticket.status = TicketStatus.CLOSED
    ticket.closed_at_us = event.at_us


def _stop_clock(ticket: Ticket, at_us: int) -> None:
    if ticket.runs_since_us is not None:
        ticket.ran_us += at_us - ticket.runs_since_us
        ticket.runs_since_us = None


_APPLY: dict[type, Callable[[Ticket, Any], None]] = {
    events.TicketOpened: _opened,
    events.TicketTaken: _taken,
    events.InteractionRecorded: _interaction,
    events.TicketPutOnHold: _put_on_hold,
    events.TicketResumed: _resumed,
    events.TicketResolved: _resolved,
    events.TicketReopened: _reopened,
    events.TicketClosed: _closed,
}
