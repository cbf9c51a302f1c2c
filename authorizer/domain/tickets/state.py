"""A ticket (`chamado`) of customer care: its state, and `evolve`, the only writer of it."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import events

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


_OVER: Final = (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value)


class Interaction(NamedTuple):
    """Something that was said. Its number is its place among the ticket's interactions, from 1."""

    at_us: int
    author: str
    name: str | None
    channel: str
    public: bool
    text: Sealed


class ReopeningWait(NamedTuple):
    """A reopening, and when an attendant answered it in public; None: not yet, or never."""

    reopened_at_us: int | None
    answered_at_us: int | None


_NEVER_REOPENED: Final = ReopeningWait(None, None)


class Ticket:
    """The state of one ticket. It changes through `evolve` only."""

    __slots__ = (
        "attendant",
        "card_id",
        "category",
        "channel",
        "client_id",
        "closed_at_us",
        "customer_id",
        "first_resolved_at_us",
        "first_response_at_us",
        "first_response_target_us",
        "interactions",
        "opened_at_us",
        "opened_priority",
        "position",
        "priority",
        "ran_us",
        "reopening",
        "reopening_waits",
        "reopenings",
        "resolution",
        "resolution_target_us",
        "resolved_at_us",
        "runs_since_us",
        "sealed_chars",
        "status",
        "text",
        "ticket_id",
        "unanswered_since_us",
    )

    def __init__(self, ticket_id: str) -> None:
        self.ticket_id = ticket_id
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.customer_id = ""
        self.status = TicketStatus.OPEN
        self.category = ""
        self.priority = ""
        self.opened_priority = ""
        """The priority with which it was opened."""
        self.client_id: str | None = None
        self.channel = ""
        self.card_id: str | None = None
        self.attendant: str | None = None
        self.text = Sealed("")
        self.resolution: Sealed | None = None
        """The text of the last resolution."""
        self.reopening: Sealed | None = None
        """The text of the last reopening."""
        self.reopenings = 0
        self.reopening_waits: list[ReopeningWait] = []
        """One for each reopening."""
        self.interactions: list[Interaction] = []
        self.sealed_chars = 0
        """How much sealed text the ticket has brought into the journal, in characters."""
        self.opened_at_us = 0
        self.first_response_at_us: int | None = None
        self.first_resolved_at_us: int | None = None
        self.resolved_at_us: int | None = None
        """When it was last resolved."""
        self.closed_at_us: int | None = None
        self.unanswered_since_us: int | None = None
        """Since when something that the customer said after the opening waits for an answer."""
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


def ticket_id_of(date: str, number: int) -> str:
    """The id of a ticket: the date as `20250224`, then the running number."""
    return f"{date}{number:06d}"


def request_key(customer_id: str, client_id: str) -> str:
    """What a ticket is known by that a client opened under an id of its own."""
    return f"{customer_id}\0{client_id}"


def running_number(ticket_id: str) -> int:
    """The running number in an id."""
    return int(ticket_id[_DATE_DIGITS:])


class TicketView(NamedTuple):
    """What may be seen of a ticket from outside: a copy that stays as it is. Texts are sealed."""

    ticket_id: str
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
    opened_priority: str
    unanswered_since_us: int | None
    reopened_at_us: int | None
    """When it was last reopened."""
    reopening_answered_at_us: int | None
    """The first public word of an attendant after that."""
    interactions: tuple[Interaction, ...]


def ticket_view(ticket: Ticket) -> TicketView:
    """Describe a ticket as it stands."""
    last = ticket.reopening_waits[-1] if ticket.reopening_waits else _NEVER_REOPENED
    return TicketView(
        ticket.ticket_id,
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
        ticket.opened_priority,
        ticket.unanswered_since_us,
        last.reopened_at_us,
        last.answered_at_us,
        tuple(ticket.interactions),
    )


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
        resolved_us = ticket.resolved_at_us if ticket.status in _OVER else None
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


def evolve(ticket: Ticket, event: events.TicketEvent, position: int) -> None:
    """Apply one event that the journal holds at `position`; the only writer of the state.

    Raises:
        ValueError: the event opens a ticket that is there, or befalls one that is not.
    """
    if ticket.exists == isinstance(event, events.TicketOpened):
        raise ValueError(f"{type(event).__name__} does not fit ticket {ticket.ticket_id}")
    _APPLY[type(event)](ticket, event)
    ticket.sealed_chars += len(getattr(event, "text", None) or "")
    ticket.position = position


def _opened(ticket: Ticket, event: events.TicketOpened) -> None:
    ticket.customer_id = event.customer_id
    ticket.category = event.category
    ticket.priority = ticket.opened_priority = event.priority
    ticket.client_id = event.client_id
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
    if event.author == CUSTOMER:
        _customer_waits(ticket, event.at_us)
    elif event.author == ATTENDANT and event.public:
        _answered(ticket, event.at_us)


def _customer_waits(ticket: Ticket, at_us: int) -> None:
    if ticket.unanswered_since_us is None:
        ticket.unanswered_since_us = at_us


def _answered(ticket: Ticket, at_us: int) -> None:
    ticket.unanswered_since_us = None
    if ticket.first_response_at_us is None:
        ticket.first_response_at_us = at_us
    if ticket.reopening_waits and ticket.reopening_waits[-1].answered_at_us is None:
        reopened_at_us = ticket.reopening_waits[-1].reopened_at_us
        ticket.reopening_waits[-1] = ReopeningWait(reopened_at_us, at_us)


def _put_on_hold(ticket: Ticket, event: events.TicketPaused) -> None:
    ticket.status = TicketStatus.WAITING
    _stop_clock(ticket, event.at_us)


def _resumed(ticket: Ticket, event: events.TicketResumed) -> None:
    ticket.status = TicketStatus.IN_PROGRESS
    ticket.runs_since_us = event.at_us


def _priority_changed(ticket: Ticket, event: events.TicketPriorityChanged) -> None:
    ticket.priority = event.priority
    ticket.first_response_target_us = event.first_response_target_us
    ticket.resolution_target_us = event.resolution_target_us


def _resolved(ticket: Ticket, event: events.TicketResolved) -> None:
    ticket.status = TicketStatus.RESOLVED
    ticket.attendant = event.attendant
    ticket.resolution = event.text
    ticket.resolved_at_us = event.at_us
    ticket.unanswered_since_us = None
    if ticket.first_resolved_at_us is None:
        ticket.first_resolved_at_us = event.at_us
    _stop_clock(ticket, event.at_us)


def _reopened(ticket: Ticket, event: events.TicketReopened) -> None:
    ticket.status = TicketStatus.REOPENED
    ticket.reopening = event.text
    ticket.reopenings += 1
    ticket.reopening_waits.append(ReopeningWait(event.at_us, None))
    _customer_waits(ticket, event.at_us)
    ticket.runs_since_us = event.at_us


def _closed(ticket: Ticket, event: events.TicketClosed) -> None:
    ticket.status = TicketStatus.CLOSED
    ticket.closed_at_us = event.at_us
    ticket.unanswered_since_us = None


def _stop_clock(ticket: Ticket, at_us: int) -> None:
    if ticket.runs_since_us is not None:
        ticket.ran_us += at_us - ticket.runs_since_us
        ticket.runs_since_us = None


_APPLY: dict[type, Callable[[Ticket, Any], None]] = {
    events.TicketOpened: _opened,
    events.TicketTaken: _taken,
    events.InteractionRecorded: _interaction,
    events.TicketPaused: _put_on_hold,
    events.TicketResumed: _resumed,
    events.TicketPriorityChanged: _priority_changed,
    events.TicketResolved: _resolved,
    events.TicketReopened: _reopened,
    events.TicketClosed: _closed,
}
