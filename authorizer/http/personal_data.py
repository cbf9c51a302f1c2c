"""`/clientes/{cliente_id}/dados-pessoais`: all that is held on a person, and its erasure (LGPD)."""

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.personal_data_export import PersonalDataExport, holdings
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.audit import Audit
from authorizer.http.accounts import account_document
from authorizer.http.answers.customers import PersonalData
from authorizer.http.api.endpoints import CARE, SUPERVISION, Endpoint, caller_of
from authorizer.http.api.problems import refused
from authorizer.http.api.wire import json_response
from authorizer.http.customers import customer_document
from authorizer.http.ticket_documents import ticket_document


class PersonalDataEndpoints:
    """The endpoints of personal data."""

    def __init__(self, desk: Dispatcher, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        path = "/clientes/{cliente_id}/dados-pessoais"
        return [
            Endpoint(
                "GET",
                path,
                self.get,
                CARE,
                "Give all that is held on a person (LGPD, art. 18, II).",
                answers={200: PersonalData},
                problems=(410,),
            ),
            Endpoint(
                "DELETE",
                path,
                self.delete,
                SUPERVISION,
                "Erase a person's data for good (LGPD, art. 18, VI); money and audit trail stay.",
                answers={204: None},
                problems=(409,),
            ),
        ]

    async def get(self, request: Request) -> Response:
        """Give all that is held on a person."""
        found = await holdings(self._desk, request.path_params["cliente_id"])
        if isinstance(found, Refusal):
            return refused(found)
        await self._audit.record(request, AccessKind.EXPORT, [request.path_params["cliente_id"]])
        return json_response(await personal_data_document(found, caller_of(request)))

    async def delete(self, request: Request) -> Response:
        """Erase a person's data; it is durable, and the key is gone, when this answers."""
        customer_id = request.path_params["cliente_id"]
        answer = await self._desk.erase_personal_data(
            ErasePersonalData(customer_id, caller_of(request).by)
        )
        return refused(answer) if isinstance(answer, Refusal) else Response(status_code=204)


async def personal_data_document(found: PersonalDataExport, caller: Caller) -> dict[str, Any]:
    """All that is held on a person. Tickets may be many and long: others get their turn between."""
    tickets = []
    for ticket in found.tickets:
        tickets.append(orjson.Fragment(orjson.dumps(ticket_document(ticket))))
        await asyncio.sleep(0)
    return {
        "cliente": customer_document(found.file, caller),
        "conta": None if found.account is None else account_document(found.account),
        "chamados": tickets,
    }
