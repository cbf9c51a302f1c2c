"""What happened to a ticket (`chamado`) of customer care. Free text in it is sealed.

Every event names the ticket's id and the customer whom it is about. Deadlines stand in the event
that sets them, as they were worked out when it was decided. None in one that an earlier version
wrote: what it sets is due in calendar time.
"""

from typing import NamedTuple

from authorizer.domain.sealing import Sealed


class TicketOpened(NamedTuple):
    """A customer's request was taken in."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    category: str
    priority: str
    channel: str
    card_id: str | None
    first_response_target_us: int
    """The service level that holds for this ticket: how long the first response may take."""
    resolution_target_us: int
    """How long the resolution may take; waiting for the customer does not count."""
    text: Sealed
    """JSON `[assunto, descricao]`."""
    client_id: str | None = None
    """The client's own id for it, under which it opens one ticket only; unique to the customer."""
    first_response_due_us: int | None = None
    resolution_due_us: int | None = None
    legal_due_us: int | None = None
    """By when the law wants an answer (Decreto 11.034/2022, art. 13)."""


class TicketTaken(NamedTuple):
    """An attendant works on it from now on (`em_atendimento`)."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    attendant: str
    channel: str


class InteractionRecorded(NamedTuple):
    """Something was said: by the customer, an attendant or a bot."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    author: str
    """`autor`: cliente, atendente or robo."""
    name: str | None
    """Who of the house said it; a customer's name is in the sealed text."""
    channel: str
    public: bool
    """Whether the customer may see it."""
    text: Sealed
    """JSON `[mensagem, nome]`; `nome` is null unless the customer said it and gave one."""
    next_response_due_us: int | None = None
    """By when the customer is owed an answer to it; None where that sets no deadline."""


class TicketPaused(NamedTuple):
    """It waits for the customer (`aguardando_cliente`), and its clock stops."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    channel: str
    ran_us: int | None = None
    """How long its clock had run by then, since the opening."""


class TicketResumed(NamedTuple):
    """The waiting is over, and its clock runs again."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    channel: str
    resolution_due_us: int | None = None


class TicketResolved(NamedTuple):
    """An attendant resolved it (`resolvido`)."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    attendant: str
    channel: str
    text: Sealed | None
    """JSON `[resolucao]`; None where the customer was erased before, and nothing may be written."""
    ran_us: int | None = None
    """How long its clock had run by then, since the opening; None too where it stood."""


class TicketPriorityChanged(NamedTuple):
    """It has another priority, and the service level of that, as if it always had."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    priority: str
    channel: str
    first_response_target_us: int
    resolution_target_us: int
    first_response_due_us: int | None = None
    resolution_due_us: int | None = None
    """None too while its clock stands still."""
    reopening_response_due_us: int | None = None
    """Of the last reopening; None too where there is none."""
    next_response_due_us: int | None = None
    """Of the last that was owed, answered or not; None too where none ever was."""


class TicketReopened(NamedTuple):
    """It was resolved, and is not (`reaberto`)."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    channel: str
    text: Sealed
    """JSON `[motivo]`."""
    resolution_due_us: int | None = None
    response_due_us: int | None = None


class TicketEscalated(NamedTuple):
    """A deadline was missed, or soon will be: somebody should look."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    deadline: str
    """What is due: a value of `Deadline`."""
    level: str
    """A value of `EscalationLevel`."""
    due_us: int
    """When it is, or was, due."""


class TicketClosed(NamedTuple):
    """It is over for good (`fechado`)."""

    at_us: int
    by: str
    ticket_id: str
    customer_id: str
    channel: str
