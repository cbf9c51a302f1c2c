"""The documents of requests about tickets (`chamados`), and the commands that they ask for.

`by` is who asks, as the journal has it.
"""

from typing import Protocol, Self

from pydantic import Field, StrictBool, model_validator

from authorizer.domain.tickets.commands import (
    ChangePriority,
    CloseTicket,
    OpenTicket,
    PauseTicket,
    RecordInteraction,
    ReopenTicket,
    Resolution,
    ResolveTicket,
    TakeTicket,
    TicketCommand,
)
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import CUSTOMER
from authorizer.http.api.fields import Channel, ClientId, Document, Identity
from authorizer.http.ticket_document import (
    Author,
    Category,
    MessageText,
    Name,
    PriorityWord,
    Subject,
)


class TicketRequest(Protocol):
    """A document that asks something of a ticket that is there."""

    def command(self, ticket_id: str, by: str) -> TicketCommand:
        """What it asks for."""


class TicketDocument(Document):
    """What a customer asks for."""

    assunto: Subject
    descricao: MessageText
    categoria: Category
    canal: Channel
    prioridade: PriorityWord = Priority.MEDIUM.value
    cartao_id: Identity | None = None
    id: ClientId | None = None

    def command(self, customer_id: str, client_id: str | None, by: str) -> OpenTicket:
        """Open the ticket; `client_id` is the client's own id of it."""
        return OpenTicket(
            customer_id=customer_id,
            subject=self.assunto,
            description=self.descricao,
            category=self.categoria,
            priority=Priority.of(self.prioridade),
            channel=self.canal,
            card_id=self.cartao_id,
            resolution=None,
            by=by,
            client_id=client_id,
        )


class InteractionDocument(Document):
    """Something that was said on a ticket; `publica`: the customer may see it."""

    autor: Author
    nome: Name | None = None
    canal: Channel
    mensagem: MessageText
    publica: StrictBool = True

    @model_validator(mode="after")
    def _customer_is_public(self) -> Self:
        if self.autor == CUSTOMER and not self.publica:
            raise ValueError("what the customer says is public")
        return self

    def command(self, ticket_id: str, by: str) -> RecordInteraction:
        """Record it."""
        return RecordInteraction(
            ticket_id,
            author=self.autor,
            name=self.nome,
            channel=self.canal,
            message=self.mensagem,
            public=self.publica,
            by=by,
        )


class TakingDocument(Document):
    """Who works on a ticket from now on."""

    atendente: Name
    canal: Channel

    def command(self, ticket_id: str, by: str) -> TakeTicket:
        """Have them work on it."""
        return TakeTicket(ticket_id, attendant=self.atendente, channel=self.canal, by=by)


class HoldDocument(Document):
    """What the customer is asked; the clock stands still until they answer."""

    canal: Channel
    mensagem: MessageText | None = None
    atendente: Name | None = None

    def command(self, ticket_id: str, by: str) -> PauseTicket:
        """Have it wait for the customer."""
        return PauseTicket(
            ticket_id,
            channel=self.canal,
            message=self.mensagem,
            attendant=self.atendente,
            by=by,
        )


class PriorityDocument(Document):
    """How urgent a ticket is from now on."""

    prioridade: PriorityWord
    canal: Channel

    def command(self, ticket_id: str, by: str) -> ChangePriority:
        """Give it that priority."""
        return ChangePriority(ticket_id, Priority.of(self.prioridade), self.canal, by)


class ResolutionDocument(Document):
    """How a ticket was resolved, and by whom."""

    atendente: Name
    resolucao: MessageText | None = Field(
        None,
        description="How it was resolved. Needed, but where the customer was erased: there, none.",
    )
    canal: Channel

    def command(self, ticket_id: str, by: str) -> ResolveTicket:
        """Resolve it."""
        resolution = Resolution(self.atendente, self.resolucao)
        return ResolveTicket(ticket_id, resolution, self.canal, by)


class ReopeningDocument(Document):
    """Why a resolved ticket is opened again."""

    motivo: MessageText
    canal: Channel

    def command(self, ticket_id: str, by: str) -> ReopenTicket:
        """Reopen it."""
        return ReopenTicket(ticket_id, reason=self.motivo, channel=self.canal, by=by)


class ClosingDocument(Document):
    """How the end of a ticket was asked for."""

    canal: Channel

    def command(self, ticket_id: str, by: str) -> CloseTicket:
        """Close it for good."""
        return CloseTicket(ticket_id, self.canal, by)
