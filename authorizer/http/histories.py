"""A customer's operations and contacts, from the read models."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.sealed_texts import open_texts
from authorizer.domain.access import AccessKind
from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers.rules import opened
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import RefusalKind
from authorizer.followers.reports.client import Reports
from authorizer.http.access.audit import Audit
from authorizer.http.answers.histories import Contacts, Operations
from authorizer.http.api.endpoints import CARE_READ, Endpoint
from authorizer.http.api.paging import HistoryQuery, cursor_of, shown
from authorizer.http.api.problems import refused
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import json_response, time_text
from authorizer.http.customers import operation_line

_TEXTS: Final = {
    "abertura": ("assunto", "descricao"),
    "interacao": ("mensagem", "nome"),
    "resolucao": ("resolucao",),
    "reabertura": ("motivo",),
}
"""What the sealed text of a contact holds, by the contact's kind."""


class Histories:
    """The endpoints of histories. What happened to an erased customer stays to be seen."""

    def __init__(self, desk: Dispatcher, reports: Reports, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit
        self._reports = reports

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/clientes/{cliente_id}/operacoes",
                self.operations,
                CARE_READ,
                "List a customer's card operations, newest first.",
                query=HistoryQuery,
                answers={200: Operations},
            ),
            Endpoint(
                "GET",
                "/clientes/{cliente_id}/interacoes",
                self.contacts,
                CARE_READ,
                "List every contact with a customer, newest first.",
                query=HistoryQuery,
                answers={200: Contacts},
            ),
        ]

    async def operations(self, request: Request) -> Response:
        """A page of the operations."""
        page = await self._page(request, "card_operations", AccessKind.OPERATIONS)
        if isinstance(page, Response):
            return page
        customer_id = request.path_params["cliente_id"]

        def show(row: dict[str, Any]) -> dict[str, Any]:
            (operation,) = opened((_operation(row),), customer_id, self._desk.sealer)
            return operation_line(operation)

        return json_response(
            {
                "operacoes": await shown(page["rows"], show),
                "proximo": cursor_of(page["next"]),
            }
        )

    async def contacts(self, request: Request) -> Response:
        """A page of the contacts."""
        page = await self._page(request, "customer_contacts", AccessKind.CONTACTS)
        if isinstance(page, Response):
            return page
        return json_response(
            {
                "interacoes": await shown(page["rows"], self._contact),
                "proximo": cursor_of(page["next"]),
            }
        )

    async def _page(self, request: Request, name: str, kind: AccessKind) -> Any:
        query = query_of(request, HistoryQuery)
        customer_id = request.path_params["cliente_id"]
        refusal = await self._desk.known_customer(customer_id)
        if refusal is not None and refusal.kind is not RefusalKind.GONE:
            return refused(refusal)
        page = await self._reports.query(name, customer_id=customer_id, **query.page())
        await self._audit.record(request, kind, [customer_id])
        return page

    def _contact(self, row: dict[str, Any]) -> dict[str, Any]:
        optional = {
            "protocolo": row["protocol"],
            "cartao_id": row["card_id"],
            "autor": row["author"],
            "nome": row["name"],
            "publica": row["public"],
            "prioridade": row["priority"],
        }
        contact = {
            "tipo": row["kind"],
            "data": time_text(WrittenTime(row["at_us"], row["at_text"])),
            "canal": row["channel"],
            **{name: value for name, value in optional.items() if value is not None},
        }
        if row["text"] is None:
            return contact
        names = _TEXTS[row["kind"]]
        texts = open_texts(self._desk.sealer, row["customer_id"], row["text"], len(names))
        said = zip(names, texts, strict=True)
        return contact | {name: text for name, text in said if text is not None or name != "nome"}


def _operation(row: dict[str, Any]) -> Operation:
    return Operation(
        kind=row["kind"],
        card_id=row["card_id"],
        at=WrittenTime(row["at_us"], row["at_text"]),
        channel=row["channel"],
        block_reason=row["block_reason"],
        justification=row["justification"],
        available_cents=row["available_cents"],
        limit_total_cents=row["limit_total_cents"],
        previous_limit_cents=row["previous_limit_cents"],
        replaced_by=row["replaced_by"],
    )
