"""`/clientes/{cliente_id}/dados-pessoais`: all that is held on a person, and its erasure (LGPD)."""

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.assembly import Actors
from authorizer.actors.personal_data_export import PersonalDataExport
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CARE, SUPERVISION
from authorizer.http.accounts import Account, account_document
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.problems import accepted
from authorizer.http.api.wire import json_response
from authorizer.http.customer_document import Customer, customer_document
from authorizer.http.ticket_document import Ticket, ticket_document


class PersonalData(TypedDict):
    """All that is held on a person, apart from the purchases, which the account's statement has."""

    cliente: Customer
    conta: Account | None
    chamados: list[Ticket]


class PersonalDataEndpoints:
    """`/clientes/{cliente_id}/dados-pessoais`."""

    def __init__(self, actors: Actors, audit: Audit) -> None:
        self._actors = actors
        self._audit = audit

    @endpoint(
        "GET",
        "/clientes/{cliente_id}/dados-pessoais",
        CARE,
        answers={200: PersonalData},
        problems=(410,),
    )
    async def get(self, request: Request) -> Response:
        """Give all that is held on a person (LGPD, art. 18, II)."""
        customer_id = request.path_params["cliente_id"]
        found = accepted(await self._actors.exports.gather(customer_id))
        await self._audit.record(request, AccessKind.EXPORT, [customer_id])
        return json_response(await personal_data_document(found, caller_of(request)))

    @endpoint(
        "DELETE",
        "/clientes/{cliente_id}/dados-pessoais",
        SUPERVISION,
        answers={204: None},
        problems=(409,),
        repeated="204, for they are erased.",
    )
    async def delete(self, request: Request) -> Response:
        """Erase a person's data for good (LGPD, art. 18, VI); money and audit trail stay.

        The erasure is durable, and the key is gone, before this answers.
        """
        customer_id = request.path_params["cliente_id"]
        command = ErasePersonalData(customer_id, caller_of(request).by)
        accepted(await self._actors.erasure.erase(command))
        return Response(status_code=204)


async def personal_data_document(found: PersonalDataExport, caller: Caller) -> dict[str, Any]:
    """Build all that is held on a person, with a turn for other tasks after each ticket."""
    tickets = []
    for ticket in found.tickets:
        tickets.append(orjson.Fragment(orjson.dumps(ticket_document(ticket))))
        await asyncio.sleep(0)
    return {
        "cliente": customer_document(found.file, caller),
        "conta": None if found.file.account is None else account_document(found.file.account),
        "chamados": tickets,
    }
