"""What is asked of a ticket. Texts come in plain, and are sealed before they become an event."""

from typing import NamedTuple

from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import Ticket, TicketView, ticket_view


class Resolution(NamedTuple):
    """How a ticket was resolved, and by whom."""

    attendant: str
    text: str | None
    """None where nothing may be written about the customer any more."""


class OpenTicket(NamedTuple):
    """Open a ticket, and resolve it at once where its resolution is there already."""

    customer_id: str
    subject: str
    description: str
    category: str
    priority: Priority
    channel: str
    card_id: str | None
    resolution: Resolution | None
    by: str
    client_id: str | None = None
    """The client's own id: the same again opens no second ticket."""

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class TakeTicket(NamedTuple):
    """Have an attendant work on a ticket."""

    ticket_id: str
    attendant: str
    channel: str
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class RecordInteraction(NamedTuple):
    """Record what somebody said."""

    ticket_id: str
    author: str
    """One of `tickets.AUTHORS`."""
    name: str | None
    channel: str
    message: str
    public: bool
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class PauseTicket(NamedTuple):
    """Have a ticket wait for the customer, who may be told why."""

    ticket_id: str
    channel: str
    message: str | None
    attendant: str | None
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class ChangePriority(NamedTuple):
    """Give a ticket another priority."""

    ticket_id: str
    priority: Priority
    channel: str
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class ResolveTicket(NamedTuple):
    """Resolve a ticket."""

    ticket_id: str
    resolution: Resolution
    channel: str
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class ReopenTicket(NamedTuple):
    """Take a ticket up again that was resolved, and is not."""

    ticket_id: str
    reason: str
    channel: str
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class CloseTicket(NamedTuple):
    """Close a resolved ticket for good."""

    ticket_id: str
    channel: str
    by: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


class EscalateTicket(NamedTuple):
    """Tell of every deadline that is over, as happens before every command."""

    ticket_id: str

    def reply(self, _: Ticket) -> None:
        """Nothing."""


class ReadTicket(NamedTuple):
    """Describe a ticket as it stands."""

    ticket_id: str

    def reply(self, ticket: Ticket) -> TicketView:
        """The ticket."""
        return ticket_view(ticket)


TicketCommand = (
    TakeTicket
    | RecordInteraction
    | PauseTicket
    | ChangePriority
    | ResolveTicket
    | ReopenTicket
    | CloseTicket
    | ReadTicket
)
"""What is asked of a ticket that is there."""
