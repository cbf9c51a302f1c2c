"""The customer document, in and out."""

from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.access_trail import AccessTrailError
from authorizer.actors.dispatcher import CustomerFile, Dispatcher
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers.commands import RegisterCustomer
from authorizer.domain.customers.person_search import same_cpf
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.audit import Audit
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.access.masking import person_for
from authorizer.http.answers.customers import Customer
from authorizer.http.api.conditions import IF_MATCH, IF_NONE_MATCH, entity_tag, precondition_of
from authorizer.http.api.endpoints import CARE, CARE_READ, Endpoint, caller_of
from authorizer.http.api.problems import FieldError, InvalidRequestError, refused
from authorizer.http.api.wire import json_response, money, read_document, time_text
from authorizer.http.cards import card_part
from authorizer.http.documents import CustomerDocument

MAX_SAME_CPF: Final = 10
"""Other customers with one CPF that are told of."""


class Customers:
    """The endpoints of customers."""

    def __init__(self, desk: Dispatcher, ceiling: LimitCeiling, audit: Audit) -> None:
        self._desk = desk
        self._ceiling = ceiling
        self._audit = audit

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        customer = "/clientes/{cliente_id}"
        return [
            Endpoint(
                "PUT",
                customer,
                self.put,
                CARE,
                "Take a customer document in.",
                body=CustomerDocument,
                answers={201: Customer, 200: Customer},
                problems=(409, 410, 412),
                takes=(IF_MATCH, IF_NONE_MATCH),
                headers=("ETag", "Authorizer-Same-CPF"),
            ),
            Endpoint(
                "GET",
                customer,
                self.get,
                CARE_READ,
                "Give the customer document, as it stands.",
                answers={200: Customer},
                problems=(410,),
                headers=("ETag",),
            ),
        ]

    async def put(self, request: Request) -> Response:
        """Take a customer document in."""
        expected = precondition_of(request)
        document = await read_document(request, CustomerDocument)
        if document.cliente_id != request.path_params["cliente_id"]:
            raise InvalidRequestError(FieldError("cliente_id", "must be the one in the path"))
        new_limits = (
            card.limite_total
            for card in document.cartoes
            if self._desk.account_of_card(card.cartao_id) is None
        )
        self._ceiling.check(caller_of(request), new_limits)
        answer = await self._desk.register_customer(
            registration(document, caller_of(request).by)._replace(expected=expected),
            tuple(card.terms() for card in document.cartoes),
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        file = await self._desk.read_customer(document.cliente_id)
        if isinstance(file, Refusal):
            return refused(file)
        if not answer[0].created:  # a document that changes nothing shows cards and history too
            await self._audit.record(request, AccessKind.DOCUMENT, [document.cliente_id])
        response = _answer(file, caller_of(request), 201 if answer[0].created else 200)
        same = await self._same_cpf(request, file)
        if same:
            response.headers["Authorizer-Same-CPF"] = same
        return response

    async def get(self, request: Request) -> Response:
        """Give the customer document back, as it stands."""
        customer_id = request.path_params["cliente_id"]
        file = await self._desk.read_customer(customer_id)
        if isinstance(file, Refusal):
            return refused(file)
        await self._audit.record(request, AccessKind.DOCUMENT, [customer_id])
        return _answer(file, caller_of(request), 200)

    async def _same_cpf(self, request: Request, file: CustomerFile) -> str:
        """Other customers with this one's CPF, as far as the search is ready to say so.

        To name them is a search that found them, and recorded as one; else they are not named.
        """
        if not self._desk.search.is_ready:
            return ""
        found = await self._desk.search.find((same_cpf(file.person.cpf),), None, MAX_SAME_CPF + 1)
        if isinstance(found, Refusal):
            return ""
        own = file.customer.customer_id
        others = [one.customer_id for one in found if one.customer_id != own][:MAX_SAME_CPF]
        try:
            await self._audit.record(request, AccessKind.SEARCH, others)
        except AccessTrailError:
            return ""
        return ", ".join(quote(customer_id, safe="") for customer_id in others)


def _answer(file: CustomerFile, caller: Caller, status: int) -> Response:
    response = json_response(customer_document(file, caller), status)
    masked = not caller.sees_personal_data
    response.headers["ETag"] = entity_tag(file.customer.position, masked)
    return response


def registration(document: CustomerDocument, by: str) -> RegisterCustomer:
    """What a customer document asks for, cards apart."""
    return RegisterCustomer(
        document.cliente_id,
        document.conta or document.cliente_id,
        document.conta is not None,
        document.nome,
        document.cpf,
        document.telefone,
        document.email,
        tuple(card.cartao_id for card in document.cartoes),
        tuple(line.operation() for line in document.historico_operacoes),
        by,
    )


def customer_document(file: CustomerFile, caller: Caller) -> dict[str, Any]:
    """The customer document, field for field."""
    return _person(file, caller) | {
        "cartoes": [card_part(card) for card in file.cards],
        "historico_operacoes": [operation_line(operation) for operation in file.operations],
    }


def customer_head(file: CustomerFile, caller: Caller) -> dict[str, Any]:
    """A customer as lists show them: the document with the cards' ids alone, and no history."""
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


def operation_line(operation: Operation) -> dict[str, Any]:
    """A line of `historico_operacoes`."""
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
