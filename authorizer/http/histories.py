"""A customer's card operations and contacts, from the read models."""

from typing import Any, Final, NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.assembly import Actors
from authorizer.actors.sealed_texts import open_texts
from authorizer.domain.access import AccessKind
from authorizer.domain.accounts.cards import Operation as CardOperation
from authorizer.domain.customers.rules import opened
from authorizer.domain.moments import WrittenTime
from authorizer.domain.tickets.service_levels import Priority
from authorizer.followers.reports.client import Reports
from authorizer.http.access.audit import Audit
from authorizer.http.access.roles import CARE_READ
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import Cursor, Moment
from authorizer.http.api.paging import (
    DEFAULT_ROWS,
    CursorOfThree,
    Rows,
    cursor_of,
    key_of,
    shown,
)
from authorizer.http.api.problems import accepted_or_erased
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, time_text
from authorizer.http.customer_document import Operation, operation_line

_TEXTS: Final = {
    "abertura": ("assunto", "descricao"),
    "interacao": ("mensagem", "nome"),
    "resolucao": ("resolucao",),
    "reabertura": ("motivo",),
}
"""The members that the sealed text of a contact holds, by the contact's kind."""


class HistoryQuery(Query):
    """`GET /clientes/{cliente_id}/operacoes` and `/interacoes`."""

    limite: Rows = DEFAULT_ROWS
    cursor: CursorOfThree | None = None

    def page(self) -> dict[str, Any]:
        """The page, as parameters of the reports' query."""
        return {"limit": self.limite, "before": self.cursor and key_of(self.cursor, 3)}


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


class HistoryEndpoints:
    """`/clientes/{cliente_id}/operacoes` and `/interacoes`. Both outlive the customer's erasure."""

    def __init__(self, actors: Actors, reports: Reports, audit: Audit) -> None:
        self._actors = actors
        self._audit = audit
        self._reports = reports

    @endpoint(
        "GET",
        "/clientes/{cliente_id}/operacoes",
        CARE_READ,
        query=HistoryQuery,
        answers={200: Operations},
    )
    async def operations(self, request: Request) -> Response:
        """List a customer's card operations, newest first."""
        page = await self._page(request, "card_operations", AccessKind.OPERATIONS)
        customer_id = request.path_params["cliente_id"]

        def show(row: dict[str, Any]) -> dict[str, Any]:
            (operation,) = opened((_operation(row),), customer_id, self._actors.sealer)
            return operation_line(operation)

        return json_response(
            {
                "operacoes": await shown(page["rows"], show),
                "proximo": cursor_of(page["next"]),
            }
        )

    @endpoint(
        "GET",
        "/clientes/{cliente_id}/interacoes",
        CARE_READ,
        query=HistoryQuery,
        answers={200: Contacts},
    )
    async def contacts(self, request: Request) -> Response:
        """List every contact with a customer, newest first."""
        page = await self._page(request, "customer_contacts", AccessKind.CONTACTS)
        return json_response(
            {
                "interacoes": await shown(page["rows"], self.contact),
                "proximo": cursor_of(page["next"]),
            }
        )

    async def _page(self, request: Request, name: str, kind: AccessKind) -> Any:
        query = query_of(request, HistoryQuery)
        customer_id = request.path_params["cliente_id"]
        accepted_or_erased(await self._actors.customers.refusal(customer_id))
        page = await self._reports.query(name, customer_id=customer_id, **query.page())
        await self._audit.record(request, kind, [customer_id])
        return page

    def contact(self, row: dict[str, Any]) -> dict[str, Any]:
        """A contact as it is answered, of its row; its texts are opened."""
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
        texts = open_texts(self._actors.sealer, row["customer_id"], row["text"], len(names))
        said = zip(names, texts, strict=True)
        return contact | {name: text for name, text in said if text is not None or name != "nome"}


def _operation(row: dict[str, Any]) -> CardOperation:
    return CardOperation(
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
