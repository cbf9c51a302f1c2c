"""A ticket (`chamado`) of customer care: its state, and what is shown of it."""

from enum import Enum
from typing import Final, NamedTuple

from authorizer.domain.index import Entry, Index
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.events import TicketOpened

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


OVER: Final = (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value)
"""The states of a ticket on which nobody works any more."""


class Interaction(NamedTuple):
    """Something that was said. Its number is its place among the ticket's interactions, from 1."""

    at_us: int
    author: str
    name: str | None
    channel: str
    public: bool
    text: Sealed


class Deadline(Enum):
    """What a ticket owes by a time."""

    FIRST_RESPONSE = "primeira_resposta"
    REOPENING_RESPONSE = "resposta_reabertura"
    NEXT_RESPONSE = "proxima_resposta"
    RESOLUTION = "resolucao"
    LEGAL = "prazo_legal"


class EscalationLevel(Enum):
    """How a deadline stands when a ticket is escalated."""

    WARNED = "aviso"
    MISSED = "vencido"


class Escalation(NamedTuple):
    """A deadline of which somebody was told."""

    at_us: int
    deadline: str
    level: str
    due_us: int


class ReopeningWait(NamedTuple):
    """A reopening, and when an attendant answered it in public; None: not yet, or never."""

    reopened_at_us: int
    answered_at_us: int | None
    due_us: int


class ResponseWait(NamedTuple):
    """The customer said something after the first response, and the desk owed an answer to it."""

    asked_at_us: int
    due_us: int
    answered_at_us: int | None
    """The next public word of an attendant; None: not yet, or never."""
    settled_at_us: int | None
    """When that, a resolution or the end came; None: it is owed still."""


class Ticket:
    """The state of one ticket. It changes through events only (`Aggregate.evolve`)."""

    __slots__ = (
        "attendant",
        "card_id",
        "category",
        "channel",
        "client_id",
        "closed_at_us",
        "customer_id",
        "escalations",
        "first_resolved_at_us",
        "first_response_at_us",
        "first_response_due_us",
        "first_response_target_us",
        "interactions",
        "legal_due_us",
        "opened_at_us",
        "opened_priority",
        "position",
        "priority",
        "ran_us",
        "reopening",
        "reopening_waits",
        "reopenings",
        "resolution",
        "resolution_due_us",
        "resolution_target_us",
        "resolved_at_us",
        "response_waits",
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
        self.response_waits: list[ResponseWait] = []
        """One for each time that the customer was owed a next response."""
        self.escalations: list[Escalation] = []
        """What was escalated, oldest first."""
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
        self.first_response_due_us = 0
        self.resolution_due_us: int | None = None
        """None while its clock stands still."""
        self.legal_due_us = 0

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
    first_response_due_us: int
    resolution_due_us: int | None
    """None while its clock stands still."""
    reopening_response_due_us: int | None
    legal_due_us: int
    next_response_due_us: int | None
    """Of the last thing that the customer said after the first response and that set a deadline."""
    next_response_settled_at_us: int | None
    escalations: tuple[Escalation, ...]
    interactions: tuple[Interaction, ...]


def ticket_view(ticket: Ticket) -> TicketView:
    """Describe a ticket as it stands."""
    last = ticket.reopening_waits[-1] if ticket.reopening_waits else None
    asked = ticket.response_waits[-1] if ticket.response_waits else None
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
        None if last is None else last.reopened_at_us,
        None if last is None else last.answered_at_us,
        ticket.first_response_due_us,
        ticket.resolution_due_us,
        None if last is None else last.due_us,
        ticket.legal_due_us,
        None if asked is None else asked.due_us,
        None if asked is None else asked.settled_at_us,
        tuple(ticket.escalations),
        tuple(ticket.interactions),
    )


def _ticket_of_request(event: TicketOpened) -> Entry:
    if event.client_id is None:
        return None
    return request_key(event.customer_id, event.client_id), event.ticket_id


TICKET_OF_REQUEST: Final = Index(
    "requests", snapshot_kind=9, entries={TicketOpened: _ticket_of_request}
)
"""The ticket that a customer's client opened under an id of its own (`request_key`)."""
