"""The answers of customers."""

from typing import NotRequired

from typing_extensions import TypedDict

from authorizer.http.answers.accounts import Account
from authorizer.http.answers.cards import Card
from authorizer.http.answers.common import Cursor, Moment, Money
from authorizer.http.answers.tickets import Ticket


class Operation(TypedDict):
    """A line of `historico_operacoes`."""

    tipo: str
    cartao_id: str
    data: Moment
    motivo: NotRequired[str]
    justificativa: NotRequired[str]
    limite_disponivel: NotRequired[Money]
    limite_anterior: NotRequired[Money]
    limite_total: NotRequired[Money]
    substituido_por: NotRequired[str]
    canal: NotRequired[str]


class Person(TypedDict):
    """Who a customer is. CPF, phone and e-mail are masked for roles that need not know them."""

    cliente_id: str
    conta: NotRequired[str]
    nome: str
    cpf: str
    telefone: NotRequired[str]
    email: NotRequired[str]


class Customer(Person):
    """The customer document."""

    cartoes: list[Card]
    historico_operacoes: list[Operation]


class CustomerHead(Person):
    """A customer as the search shows them, with the ids of their cards."""

    cartoes: list[str]


class CustomerPage(TypedDict):
    """Customers who were found, by name."""

    clientes: list[CustomerHead]
    proximo: Cursor | None


class PersonalData(TypedDict):
    """All that is held on a person, apart from the purchases, which the account's statement has."""

    cliente: Customer
    conta: Account | None
    chamados: list[Ticket]
