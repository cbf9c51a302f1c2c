"""`GET /chamados`: lists of tickets, from the read models."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.clock import Clock
from authorizer.actors.ticket_file import ticket_file
from authorizer.domain.access import AccessKind
from authorizer.domain.sealing import Sealer
from authorizer.domain.tickets.at_rest import view_of
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import TicketStatus
from authorizer.followers.reports.client import Reports
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.access.audit import Audit
from authorizer.http.access.roles import CARE_READ
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import Cursor, Identity
from authorizer.http.api.instants import check_edge, end_us, start_us
from authorizer.http.api.paging import (
    DEFAULT_ROWS,
    CursorOfTwo,
    Rows,
    cursor_of,
    key_of,
    shown,
)
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.rules import DATE_OR_TIME, Rule
from authorizer.http.api.wire import json_response
from authorizer.http.ticket_document import (
    Category,
    Name,
    PriorityWord,
    TicketSummary,
    ticket_summary,
)

_OVERDUE: Final = {
    "primeira_resposta": "first_response",
    "resposta_reabertura": "reopening_response",
    "proxima_resposta": "next_response",
    "prazo_legal": "legal",
    "resolucao": "resolution",
}


class TicketListQuery(Query):
    """`GET /chamados`."""

    status: TicketStatus | None = None
    cliente_id: Identity | None = None
    categoria: Category | None = None
    prioridade: PriorityWord | None = None
    atendente: Name | None = None
    de: Annotated[str, Field(max_length=40), Rule(check_edge, DATE_OR_TIME)] | None = Field(
        None, description="Opened then or later: a local day, or a date and time (RFC 3339)."
    )
    ate: Annotated[str, Field(max_length=40), Rule(check_edge, DATE_OR_TIME)] | None = Field(
        None, description="Opened on this local day or before it, or before this time."
    )
    aguarda_resposta: Literal["true", "false"] | None = Field(
        None, description="Whether what the customer said since the opening waits for an answer."
    )
    vencido: (
        Literal[
            "primeira_resposta",
            "resposta_reabertura",
            "proxima_resposta",
            "resolucao",
            "prazo_legal",
        ]
        | None
    ) = Field(None, description="Late by now with what is still to come.")
    limite: Rows = DEFAULT_ROWS
    cursor: CursorOfTwo | None = None

    def params(self, now_us: int, days: LocalDays) -> dict[str, Any]:
        """The list, as parameters of the reports' query."""
        return {
            "status": self.status and self.status.value,
            "customer_id": self.cliente_id,
            "category": self.categoria,
            "priority": self.prioridade and Priority.of(self.prioridade).value,
            "attendant": self.atendente,
            "from_us": self.de and start_us(self.de, days),
            "until_us": self.ate and end_us(self.ate, days),
            "waiting": self.aguarda_resposta and self.aguarda_resposta == "true",
            "overdue": self.vencido and _OVERDUE[self.vencido],
            "now_us": now_us,
            "limit": self.limite,
            "before": self.cursor and key_of(self.cursor, 2),
        }


class Tickets(TypedDict):
    """A page of tickets, the one opened last first."""

    chamados: list[TicketSummary]
    proximo: Cursor | None


class TicketListEndpoints:
    """`/chamados`."""

    def __init__(
        self, sealer: Sealer, reports: Reports, clock: Clock, days: LocalDays, audit: Audit
    ) -> None:
        self._sealer = sealer
        self._audit = audit
        self._reports = reports
        self._clock = clock
        self._days = days

    @endpoint("GET", "/chamados", CARE_READ, query=TicketListQuery, answers={200: Tickets})
    async def get(self, request: Request) -> Response:
        """List tickets, the one opened last first."""
        query = query_of(request, TicketListQuery)
        now_us = self._clock.wall_us()
        page = await self._reports.query("ticket_list", **query.params(now_us, self._days))

        customer_ids = [row["customer_id"] for row in page["rows"]]
        await self._audit.record(request, AccessKind.TICKETS, customer_ids)

        def show(row: dict[str, Any]) -> dict[str, Any]:
            return ticket_summary(ticket_file(view_of(row), self._sealer, now_us))

        return json_response(
            {
                "chamados": await shown(page["rows"], show),
                "proximo": cursor_of(page["next"]),
            }
        )
