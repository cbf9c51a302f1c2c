"""`/clientes/{cliente_id}`: registers and shows customers."""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.access_trail import AccessTrailError
from authorizer.actors.assembly import Actors
from authorizer.actors.customer_file import CustomerFile
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.customers.person_search import same_cpf
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import caller_of
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.access.roles import CARE, CARE_READ
from authorizer.http.api.conditions import IF_MATCH, IF_NONE_MATCH, entity_tag, precondition_of
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.problems import FieldError, InvalidRequestError, accepted
from authorizer.http.api.wire import json_response, read_document
from authorizer.http.customer_document import (
    Customer,
    CustomerDocument,
    customer_document,
    registration,
)

MAX_SAME_CPF: Final = 10
"""Other customers with one CPF that an answer names."""


class CustomerEndpoints:
    """`/clientes/{cliente_id}`."""

    def __init__(self, actors: Actors, ceiling: LimitCeiling, audit: Audit) -> None:
        self._actors = actors
        self._ceiling = ceiling
        self._audit = audit

    @endpoint(
        "PUT",
        "/clientes/{cliente_id}",
        CARE,
        body=CustomerDocument,
        answers={201: Customer, 200: Customer},
        problems=(409, 410, 412),
        takes=(IF_MATCH, IF_NONE_MATCH),
        headers=("ETag", "Authorizer-Same-CPF"),
        repeated=UNCHANGED,
    )
    async def put(self, request: Request) -> Response:
        """Take a customer document in."""
        expected = precondition_of(request)
        document = await read_document(request, CustomerDocument)
        if document.cliente_id != request.path_params["cliente_id"]:
            raise InvalidRequestError(FieldError("cliente_id", "must be the one in the path"))
        new_limits = (
            card.limite_total
            for card in document.cartoes
            if self._actors.dispatcher.account_of_card(card.cartao_id) is None
        )
        self._ceiling.check(caller_of(request), new_limits)
        done, _ = accepted(
            await self._actors.onboarding.register(
                registration(document, caller_of(request).by)._replace(expected=expected),
                tuple(card.terms() for card in document.cartoes),
            )
        )
        file = accepted(await self._actors.customers.read(document.cliente_id))
        if not done.created:  # a document that changes nothing shows cards and history too
            await self._audit.record(request, AccessKind.DOCUMENT, [document.cliente_id])
        response = _answer(file, caller_of(request), 201 if done.created else 200)
        same = await self._same_cpf(request, file)
        if same:
            response.headers["Authorizer-Same-CPF"] = same
        return response

    @endpoint(
        "GET",
        "/clientes/{cliente_id}",
        CARE_READ,
        answers={200: Customer},
        problems=(410,),
        headers=("ETag",),
    )
    async def get(self, request: Request) -> Response:
        """Give the customer document, as it stands."""
        customer_id = request.path_params["cliente_id"]
        file = accepted(await self._actors.customers.read(customer_id))
        await self._audit.record(request, AccessKind.DOCUMENT, [customer_id])
        return _answer(file, caller_of(request), 200)

    async def _same_cpf(self, request: Request, file: CustomerFile) -> str:
        """Other customers with this one's CPF; empty while the search is not ready.

        To name them is a search that found them, and recorded as one; else they are not named.
        """
        if not self._actors.search.is_ready:
            return ""
        found = await self._actors.search.find((same_cpf(file.person.cpf),), None, MAX_SAME_CPF + 1)
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
