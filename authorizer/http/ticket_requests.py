"""The documents of requests about tickets (`chamados`)."""

from typing import Self

from pydantic import Field, StrictBool, model_validator

from authorizer.domain.tickets.commands import Resolution
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


class TicketDocument(Document):
    """What a customer asks for."""

    assunto: Subject
    descricao: MessageText
    categoria: Category
    canal: Channel
    prioridade: PriorityWord = Priority.MEDIUM.value
    cartao_id: Identity | None = None
    id: ClientId | None = None


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


class TakingDocument(Document):
    """Who works on a ticket from now on."""

    atendente: Name
    canal: Channel


class HoldDocument(Document):
    """What the customer is asked; the clock stands still until they answer."""

    canal: Channel
    mensagem: MessageText | None = None
    atendente: Name | None = None


class PriorityDocument(Document):
    """How urgent a ticket is from now on."""

    prioridade: PriorityWord
    canal: Channel


class ResolutionDocument(Document):
    """How a ticket was resolved, and by whom."""

    atendente: Name
    resolucao: MessageText | None = Field(
        None,
        description="How it was resolved. Needed, but where the customer was erased: there, none.",
    )
    canal: Channel

    @property
    def resolution(self) -> Resolution:
        """How it was resolved, and by whom."""
        return Resolution(self.atendente, self.resolucao)


class ReopeningDocument(Document):
    """Why a resolved ticket is opened again."""

    motivo: MessageText
    canal: Channel


class ClosingDocument(Document):
    """How the end of a ticket was asked for."""

    canal: Channel
