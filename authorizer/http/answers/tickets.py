"""The answers of tickets."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from authorizer.domain.service_levels import Priority
from authorizer.domain.tickets import TicketStatus
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
    """When a ticket is due. `resolucao_ate` is null while its clock stands still."""

    primeira_resposta_ate: Moment
    resolucao_ate: Moment | None
    primeira_resposta_vencida: bool
    resolucao_vencida: bool


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
    reaberturas: int
    sla: ServiceLevel


class Ticket(TicketSummary):
    """A ticket with its interactions."""

    interacoes: list[Interaction]
