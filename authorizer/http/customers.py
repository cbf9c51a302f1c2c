"""The customer document, in and out."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.desk import CustomerFile, Desk
from authorizer.domain.cards import Operation
from authorizer.domain.commands import RegisterCustomer
from authorizer.domain.outcomes import Refusal
from authorizer.http.cards import card_part
from authorizer.http.documents import CustomerDocument
from authorizer.http.problems import FieldError, InvalidRequestError, refused
from authorizer.http.routing import CARE, CARE_READ, Endpoint, caller_of
from authorizer.http.wire import json_response, money, read_document, time_text


class Customers:
    """The endpoints of customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

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
            ),
            Endpoint(
                "GET", customer, self.get, CARE_READ, "Give the customer document, as it stands."
            ),
        ]

    async def put(self, request: Request) -> Response:
        """Take a customer document in."""
        document = await read_document(request, CustomerDocument)
        if document.cliente_id != request.path_params["cliente_id"]:
            raise InvalidRequestError(FieldError("cliente_id", "must be the one in the path"))
        answer = await self._desk.register_customer(
            registration(document, caller_of(request).by),
            tuple(card.terms() for card in document.cartoes),
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        file = await self._desk.read_customer(document.cliente_id)
        if isinstance(file, Refusal):
            return refused(file)
        return json_response(customer_document(file), 201 if answer[0].created else 200)

    async def get(self, request: Request) -> Response:
        """Give the customer document back, as it stands."""
        file = await self._desk.read_customer(request.path_params["cliente_id"])
        return (
            refused(file) if isinstance(file, Refusal) else json_response(customer_document(file))
        )


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


def customer_document(file: CustomerFile) -> dict[str, Any]:
    """The customer document, field for field."""
    customer = file.customer
    document: dict[str, Any] = {"cliente_id": customer.customer_id}
    if customer.names_account:
        document["conta"] = customer.account_id
    document |= {"nome": customer.name, "cpf": customer.cpf}
    if customer.phone is not None:
        document["telefone"] = customer.phone
    if customer.email is not None:
        document["email"] = customer.email
    document["cartoes"] = [card_part(card) for card in file.cards]
    document["historico_operacoes"] = [_operation(operation) for operation in file.operations]
    return document


def _operation(operation: Operation) -> dict[str, Any]:
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
    if operation.channel is not None:
        line["canal"] = operation.channel
    return line
