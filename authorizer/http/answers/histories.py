"""The answers that come from the read models: statements, histories, lists."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from authorizer.domain.tickets.service_levels import Priority
from authorizer.http.answers.common import Cursor, Moment, Money
from authorizer.http.answers.customers import Operation
from authorizer.http.answers.tickets import TicketSummary


class Movement(TypedDict):
    """A purchase that was decided, or a credit.

    `source` is the wallet that paid, or `credit_limit`; null where nothing was paid. `wallet` is
    the one that moved, by `available_change` and `held_change`; null where none did.
    """

    type: Literal["purchase", "credit"]
    id: NotRequired[str]
    code: str
    reason: str
    amount: Money
    mcc: NotRequired[str]
    merchant: NotRequired[str]
    card: NotRequired[str]
    source: str | None
    override_mcc: NotRequired[str]
    wallet: str | None
    available_change: Money
    held_change: Money
    at: Moment


class Statement(TypedDict):
    """A page of an account's movements, approved and declined, newest first."""

    account: str
    transactions: list[Movement]
    next: Cursor | None


class Operations(TypedDict):
    """A page of a customer's card operations, newest first."""

    operacoes: list[Operation]
    proximo: Cursor | None


class Contact(TypedDict):
    """A contact with a customer. A text whose key was destroyed is null."""

    tipo: str
    data: Moment
    canal: str | None
    protocolo: NotRequired[str]
    cartao_id: NotRequired[str]
    autor: NotRequired[str]
    nome: NotRequired[str]
    publica: NotRequired[bool]
    prioridade: NotRequired[Priority]
    assunto: NotRequired[str | None]
    descricao: NotRequired[str | None]
    mensagem: NotRequired[str | None]
    resolucao: NotRequired[str | None]
    motivo: NotRequired[str | None]


class Contacts(TypedDict):
    """A page of a customer's contacts, newest first."""

    interacoes: list[Contact]
    proximo: Cursor | None


class Tickets(TypedDict):
    """A page of tickets, the one opened last first."""

    chamados: list[TicketSummary]
    proximo: Cursor | None
