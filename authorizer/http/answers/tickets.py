"""The answers of tickets."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import TicketStatus
from authorizer.http.answers.common import Moment


class Interaction(TypedDict):
    """Something that was said. A text whose key was destroyed is null."""

    numero: int
    autor: Literal["cliente", "atendente", "robo"]
    nome: NotRequired[str]
    canal: str
    mensagem: str | None
    publica: bool
    data: Moment


class ServiceLevel(TypedDict):
    """When a ticket is due. `resolucao_ate` is null while its clock stands still.

    `resposta_reabertura_…` is there once it was reopened, and is about the last reopening.
    """

    primeira_resposta_ate: Moment
    resolucao_ate: Moment | None
    primeira_resposta_vencida: bool
    resolucao_vencida: bool
    resposta_reabertura_ate: NotRequired[Moment]
    resposta_reabertura_vencida: NotRequired[bool]


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
    sla: ServiceLevel


class Ticket(TicketSummary):
    """A ticket with its interactions."""

    interacoes: list[Interaction]
