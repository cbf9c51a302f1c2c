"""A ticket (`chamado`) in an answer, and the kinds of its texts."""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import AfterValidator, Field, StrictStr
from typing_extensions import TypedDict

from authorizer.actors.ticket_file import TicketFile, TicketTexts
from authorizer.domain.moments import WrittenTime
from authorizer.domain.tickets.clock import TicketClock
from authorizer.domain.tickets.service_levels import PRIORITY_OF_WORD, Priority
from authorizer.domain.tickets.state import Deadline, EscalationLevel, TicketStatus
from authorizer.domain.tickets.state import Escalation as TicketEscalation
from authorizer.domain.tickets.state import Interaction as TicketInteraction
from authorizer.http.api.fields import PRINTABLE, PRINTABLE_LINES, Moment
from authorizer.http.api.wire import time_text

MAX_SUBJECT_LENGTH: Final = 200
MAX_MESSAGE_LENGTH: Final = 4000
MAX_CATEGORY_LENGTH: Final = 60
MAX_NAME_LENGTH: Final = 120


def _priority(word: str) -> str:
    if word not in PRIORITY_OF_WORD:
        raise ValueError(f"must be one of {', '.join(PRIORITY_OF_WORD)}")
    return word


Subject = Annotated[StrictStr, Field(max_length=MAX_SUBJECT_LENGTH), PRINTABLE]
MessageText = Annotated[StrictStr, Field(max_length=MAX_MESSAGE_LENGTH), PRINTABLE_LINES]
Category = Annotated[StrictStr, Field(max_length=MAX_CATEGORY_LENGTH), PRINTABLE]
Name = Annotated[StrictStr, Field(max_length=MAX_NAME_LENGTH), PRINTABLE]
PriorityWord = Annotated[
    StrictStr, AfterValidator(_priority), Field(json_schema_extra={"enum": list(PRIORITY_OF_WORD)})
]

Author = Literal["cliente", "atendente", "robo"]
"""`AUTHORS` of the domain."""


class Interaction(TypedDict):
    """Something that was said. A text whose key was destroyed is null."""

    numero: int
    autor: Author
    nome: NotRequired[str]
    canal: str
    mensagem: str | None
    publica: bool
    data: Moment


class ServiceLevel(TypedDict):
    """When a ticket is due. `resolucao_ate` is null while its clock stands still.

    `resposta_reabertura_…` is there once it was reopened, and is about the last reopening.
    `proxima_resposta_…` is there once the customer wrote again, and is about the last time.
    `prazo_legal_…` is the law's: seven days for an answer (Decreto 11.034/2022).
    """

    primeira_resposta_ate: Moment
    resolucao_ate: Moment | None
    primeira_resposta_vencida: bool
    resolucao_vencida: bool
    resposta_reabertura_ate: NotRequired[Moment]
    resposta_reabertura_vencida: NotRequired[bool]
    proxima_resposta_ate: NotRequired[Moment]
    proxima_resposta_vencida: NotRequired[bool]
    prazo_legal_ate: Moment
    prazo_legal_vencido: bool


class Escalation(TypedDict):
    """A deadline that was missed, or warned of."""

    prazo: Deadline
    nivel: EscalationLevel
    vencimento: Annotated[Moment, Field(description="When it was due.")]
    data: Moment


class TicketSummary(TypedDict):
    """A ticket without its interactions. A text whose key was destroyed is null."""

    protocolo: str
    cliente_id: str
    status: TicketStatus
    assunto: str | None
    descricao: str | None
    categoria: str
    prioridade: Priority
    canal: str
    cartao_id: NotRequired[str]
    atendente: NotRequired[str]
    aberto_em: Moment
    primeira_resposta_em: NotRequired[Moment]
    resolvido_em: NotRequired[Moment]
    fechado_em: NotRequired[Moment]
    resolucao: NotRequired[str | None]
    motivo_reabertura: NotRequired[str | None]
    aguarda_resposta_desde: NotRequired[
        Annotated[Moment, Field(description="What the customer said then has no answer yet.")]
    ]
    reaberturas: int
    reaberto_em: NotRequired[Moment]
    resposta_reabertura_em: NotRequired[Moment]
    escalonado_em: NotRequired[Annotated[Moment, Field(description="The last escalation.")]]
    sla: ServiceLevel


class Ticket(TicketSummary):
    """A ticket with its interactions, and its escalations once there are any."""

    interacoes: list[Interaction]
    escalonamentos: NotRequired[list[Escalation]]


def ticket_document(file: TicketFile) -> dict[str, Any]:
    """Build a ticket with its interactions."""
    pairs = zip(file.ticket.interactions, file.texts.messages, strict=True)
    interactions = [
        _interaction(number, interaction, *said)
        for number, (interaction, said) in enumerate(pairs, 1)
    ]
    document = ticket_summary(file) | {"interacoes": interactions}
    if file.ticket.escalations:
        document["escalonamentos"] = [_escalation(each) for each in file.ticket.escalations]
    return document


def _escalation(escalation: TicketEscalation) -> dict[str, Any]:
    return {
        "prazo": escalation.deadline,
        "nivel": escalation.level,
        "vencimento": _time(escalation.due_us),
        "data": _time(escalation.at_us),
    }


def ticket_summary(file: TicketFile) -> dict[str, Any]:
    """Build a ticket without its interactions. A text whose key was destroyed is null."""
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
    if ticket.escalations:
        document["escalonado_em"] = _time(ticket.escalations[-1].at_us)
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
    if clock.next_response_due_us is not None:
        document["proxima_resposta_ate"] = _time(clock.next_response_due_us)
        document["proxima_resposta_vencida"] = clock.next_response_overdue
    document["prazo_legal_ate"] = _time(clock.legal_due_us)
    document["prazo_legal_vencido"] = clock.legal_overdue
    return document


def _interaction(
    number: int, interaction: TicketInteraction, message: str | None, customers_name: str | None
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
