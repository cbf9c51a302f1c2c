"""The documents of tickets (`chamados`): what requests carry, and how a ticket is shown."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictStr, model_validator

from authorizer.actors.ticket_file import TicketFile, TicketTexts
from authorizer.domain.moments import WrittenTime
from authorizer.domain.tickets.commands import Resolution
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import CUSTOMER, Interaction, TicketClock
from authorizer.http.api.wire import time_text
from authorizer.http.documents import (
    BlockDocument,
    Channel,
    Document,
    Identity,
    PlainLines,
    PlainText,
)
from authorizer.http.transaction_body import MAX_ID_LENGTH

MAX_SUBJECT_LENGTH: Final = 200
MAX_MESSAGE_LENGTH: Final = 4000
MAX_CATEGORY_LENGTH: Final = 60
MAX_NAME_LENGTH: Final = 120
PRIORITIES: Final = ("baixa", "media", "alta", "urgente", "normal", "critica")


def _priority(word: str) -> str:
    if word not in PRIORITIES:
        raise ValueError(f"must be one of {', '.join(PRIORITIES)}")
    return word


Subject = Annotated[StrictStr, Field(max_length=MAX_SUBJECT_LENGTH), PlainText]
Message = Annotated[StrictStr, Field(max_length=MAX_MESSAGE_LENGTH), PlainLines]
Category = Annotated[StrictStr, Field(max_length=MAX_CATEGORY_LENGTH), PlainText]
Name = Annotated[StrictStr, Field(max_length=MAX_NAME_LENGTH), PlainText]
PriorityWord = Annotated[
    StrictStr, AfterValidator(_priority), Field(json_schema_extra={"enum": list(PRIORITIES)})
]


ClientId = Annotated[StrictStr, Field(max_length=MAX_ID_LENGTH), PlainText]


class TicketDocument(Document):
    """What a customer asks for."""

    assunto: Subject
    descricao: Message
    categoria: Category
    canal: Channel
    prioridade: PriorityWord = Priority.MEDIUM.value
    cartao_id: Identity | None = None
    id: ClientId | None = None


class InteractionDocument(Document):
    """Something that was said on a ticket; `publica`: the customer may see it."""

    autor: Literal["cliente", "atendente", "robo"]
    nome: Name | None = None
    canal: Channel
    mensagem: Message
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
    mensagem: Message | None = None
    atendente: Name | None = None


class PriorityDocument(Document):
    """How urgent a ticket is from now on."""

    prioridade: PriorityWord
    canal: Channel


class ResolutionDocument(Document):
    """How a ticket was resolved, and by whom."""

    atendente: Name
    resolucao: Message | None = Field(
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

    motivo: Message
    canal: Channel


class ClosingDocument(Document):
    """How the end of a ticket was asked for."""

    canal: Channel


class BlockTicketDocument(Document):
    """The ticket that a block opens and resolves."""

    assunto: Subject = "Bloqueio de cartão"
    descricao: Message | None = None
    categoria: Category = "bloqueio"
    prioridade: PriorityWord = Priority.MEDIUM.value
    atendente: Name | None = None
    resolucao: Message = "Cartão bloqueado."


class TicketedBlockDocument(BlockDocument):
    """Why a card is blocked, and the ticket (`chamado`) that it may open and resolve."""

    chamado: BlockTicketDocument | None = None


def ticket_document(file: TicketFile) -> dict[str, Any]:
    """A ticket with its interactions."""
    pairs = zip(file.ticket.interactions, file.texts.messages, strict=True)
    interactions = [
        _interaction(number, interaction, *said)
        for number, (interaction, said) in enumerate(pairs, 1)
    ]
    return ticket_summary(file) | {"interacoes": interactions}


def ticket_summary(file: TicketFile) -> dict[str, Any]:
    """A ticket without its interactions, as lists show it. Text whose key is gone is null."""
    ticket, texts = file.ticket, file.texts
    document: dict[str, Any] = {
        "protocolo": ticket.ticket_id,
        "cliente_id": ticket.customer_id,
        "status": ticket.status,
        "assunto": texts.subject,
        "descricao": texts.description,
        "categoria": ticket.category,
        "prioridade": ticket.priority,
        "canal": ticket.channel,
    }
    if ticket.card_id is not None:
        document["cartao_id"] = ticket.card_id
    if ticket.attendant is not None:
        document["atendente"] = ticket.attendant
    document["aberto_em"] = _time(ticket.opened_at_us)
    if ticket.first_response_at_us is not None:
        document["primeira_resposta_em"] = _time(ticket.first_response_at_us)
    if ticket.resolved_at_us is not None:
        document["resolvido_em"] = _time(ticket.resolved_at_us)
    if ticket.closed_at_us is not None:
        document["fechado_em"] = _time(ticket.closed_at_us)
    document |= _outcome(file, texts)
    if ticket.unanswered_since_us is not None:
        document["aguarda_resposta_desde"] = _time(ticket.unanswered_since_us)
    document["reaberturas"] = ticket.reopenings
    if ticket.reopened_at_us is not None:
        document["reaberto_em"] = _time(ticket.reopened_at_us)
    if ticket.reopening_answered_at_us is not None:
        document["resposta_reabertura_em"] = _time(ticket.reopening_answered_at_us)
    document["sla"] = _service_level(file.clock)
    return document


def _outcome(file: TicketFile, texts: TicketTexts) -> dict[str, str | None]:
    outcome = {}
    if file.ticket.resolution is not None:
        outcome["resolucao"] = texts.resolution
    if file.ticket.reopening is not None:
        outcome["motivo_reabertura"] = texts.reopening
    return outcome


def _service_level(clock: TicketClock) -> dict[str, Any]:
    due_us, again_due_us = clock.resolution_due_us, clock.reopening_response_due_us
    document = {
        "primeira_resposta_ate": _time(clock.first_response_due_us),
        "resolucao_ate": None if due_us is None else _time(due_us),
        "primeira_resposta_vencida": clock.first_response_overdue,
        "resolucao_vencida": clock.resolution_overdue,
    }
    if again_due_us is not None:
        document["resposta_reabertura_ate"] = _time(again_due_us)
        document["resposta_reabertura_vencida"] = clock.reopening_response_overdue
    return document


def _interaction(
    number: int, interaction: Interaction, message: str | None, customers_name: str | None
) -> dict[str, Any]:
    document: dict[str, Any] = {"numero": number, "autor": interaction.author}
    name = interaction.name if interaction.name is not None else customers_name
    if name is not None:
        document["nome"] = name
    return document | {
        "canal": interaction.channel,
        "mensagem": message,
        "publica": interaction.public,
        "data": _time(interaction.at_us),
    }


def _time(at_us: int) -> str:
    return time_text(WrittenTime(at_us))
