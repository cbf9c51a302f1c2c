"""The customer document, in and out."""

from typing import Annotated, Any, Final, NotRequired, Self

from pydantic import Field, StrictStr, model_validator
from typing_extensions import TypedDict

from authorizer.actors.customer_file import CustomerFile
from authorizer.domain.access import Caller
from authorizer.domain.accounts.card_rules import MAX_CARDS
from authorizer.domain.accounts.cards import Operation as CardOperation
from authorizer.domain.customers.commands import RegisterCustomer
from authorizer.domain.customers.person_search import CPF_DIGITS
from authorizer.http.access.masking import person_for
from authorizer.http.api.fields import (
    PRINTABLE,
    Cents,
    Channel,
    Document,
    Identity,
    Moment,
    Money,
    ShortText,
    SignedCents,
    WrittenMoment,
)
from authorizer.http.api.rules import CPF_PATTERN, Rule
from authorizer.http.api.wire import money, parse_time, time_text
from authorizer.http.card_document import Card, CardDocument, Motivo, card_part


def _cpf(text: str) -> str:
    plain = text.isascii() and text.isdigit() and len(text) == CPF_DIGITS
    dotted = len(text) == CPF_DIGITS + 3 and (text[3], text[7], text[11]) == (".", ".", "-")
    digits = text.replace(".", "").replace("-", "")
    if plain or (dotted and len(digits) == CPF_DIGITS and digits.isascii() and digits.isdigit()):
        return text
    raise ValueError("must be eleven digits, as 12345678900 or 123.456.789-00")


_CPF: Final = Rule(_cpf, {"pattern": CPF_PATTERN})


# --- a line of its history -----------------------------------------------------------------------


class OperationDocument(Document):
    """A line of `historico_operacoes`."""

    tipo: Annotated[StrictStr, Field(max_length=40), PRINTABLE]
    cartao_id: Identity
    data: WrittenMoment
    motivo: Motivo | None = None
    justificativa: Annotated[StrictStr, Field(max_length=1000)] | None = None
    limite_disponivel: SignedCents | None = None
    limite_total: Cents | None = None
    limite_anterior: Cents | None = None
    substituido_por: Identity | None = None
    canal: Channel | None = None

    def operation(self) -> CardOperation:
        """The line as the domain has it."""
        return CardOperation(
            kind=self.tipo,
            card_id=self.cartao_id,
            at=parse_time(self.data),
            channel=self.canal,
            block_reason=self.motivo,
            justification=self.justificativa,
            available_cents=self.limite_disponivel,
            limit_total_cents=self.limite_total,
            previous_limit_cents=self.limite_anterior,
            replaced_by=self.substituido_por,
        )


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


def operation_line(operation: CardOperation) -> dict[str, Any]:
    """Build a line of `historico_operacoes`."""
    line: dict[str, Any] = {
        "tipo": operation.kind,
        "cartao_id": operation.card_id,
        "data": time_text(operation.at),
    }
    if operation.block_reason is not None:
        line["motivo"] = operation.block_reason
    if operation.justification is not None:
        line["justificativa"] = operation.justification
    if operation.available_cents is not None:
        line["limite_disponivel"] = money(operation.available_cents)
    if operation.previous_limit_cents is not None:
        line["limite_anterior"] = money(operation.previous_limit_cents)
    if operation.limit_total_cents is not None:
        line["limite_total"] = money(operation.limit_total_cents)
    if operation.replaced_by is not None:
        line["substituido_por"] = operation.replaced_by
    if operation.channel is not None:
        line["canal"] = operation.channel
    return line


# --- the document --------------------------------------------------------------------------------


class CustomerDocument(Document):
    """The customer document."""

    cliente_id: Identity
    conta: Identity | None = None
    nome: ShortText
    cpf: Annotated[StrictStr, _CPF]
    telefone: Annotated[ShortText, Field(max_length=40)] | None = None
    email: ShortText | None = None
    cartoes: list[CardDocument] = Field(default_factory=list, max_length=MAX_CARDS)
    historico_operacoes: list[OperationDocument] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _cards_differ(self) -> Self:
        ids = [card.cartao_id for card in self.cartoes]
        if len(ids) != len(set(ids)):
            raise ValueError("two cards have one cartao_id")
        return self


def registration(document: CustomerDocument, by: str) -> RegisterCustomer:
    """The command that registers the customer of a document, without its cards."""
    return RegisterCustomer(
        customer_id=document.cliente_id,
        account_id=document.conta or document.cliente_id,
        names_account=document.conta is not None,
        name=document.nome,
        cpf=document.cpf,
        phone=document.telefone,
        email=document.email,
        card_ids=tuple(card.cartao_id for card in document.cartoes),
        operations=tuple(line.operation() for line in document.historico_operacoes),
        by=by,
    )


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


def customer_document(file: CustomerFile, caller: Caller) -> dict[str, Any]:
    """Build the customer document."""
    return _person(file, caller) | {
        "cartoes": [card_part(card) for card in file.cards],
        "historico_operacoes": [operation_line(operation) for operation in file.operations],
    }


def customer_head(file: CustomerFile, caller: Caller) -> dict[str, Any]:
    """Build a customer of a list: the cards' ids alone, and no history."""
    return _person(file, caller) | {"cartoes": [card.card_id for card in file.cards]}


def _person(file: CustomerFile, caller: Caller) -> dict[str, Any]:
    customer, person = file.customer, person_for(caller, file.person)
    document: dict[str, Any] = {"cliente_id": customer.customer_id}
    if customer.names_account:
        document["conta"] = customer.account_id
    document |= {"nome": person.name, "cpf": person.cpf}
    if person.phone is not None:
        document["telefone"] = person.phone
    if person.email is not None:
        document["email"] = person.email
    return document
