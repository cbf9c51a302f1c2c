"""Reports: the service metrics, and the sums of purchases; as JSON or CSV."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictStr
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.clock import Clock
from authorizer.domain.money import format_cents
from authorizer.http.answers import reports as answers
from authorizer.http.instants import check_edge
from authorizer.http.negotiation import CSV, prefers_csv
from authorizer.http.problems import FieldError, InvalidRequestError
from authorizer.http.query import Query, query_of
from authorizer.http.report_period import PeriodError, period_of
from authorizer.http.routing import BOTH_READ, Endpoint, Text
from authorizer.http.rules import DATE_OR_TIME, Rule
from authorizer.http.wire import json_response, money
from authorizer.reports.amounts import with_amounts
from authorizer.reports.business_hours import BusinessHours
from authorizer.reports.client import Reports
from authorizer.reports.local_days import LocalDays
from authorizer.reports.period import Period
from authorizer.reports.spreadsheet import csv_of

Edge = Annotated[
    StrictStr,
    Rule(check_edge, DATE_OR_TIME),
    Field(max_length=40, description="A local day: 2026-11-22; or an RFC 3339 date and time."),
]
BUSINESS: Final = "comercial"


class ServiceReportQuery(Query):
    """`GET /relatorios/atendimento`."""

    de: Edge | None = None
    ate: Edge | None = None
    agrupar: Literal["dia", "canal", "categoria", "atendente"] | None = None
    horario: Literal["calendario", "comercial"] = "calendario"


class TransactionReportQuery(Query):
    """`GET /relatorios/transacoes`."""

    de: Edge | None = None
    ate: Edge | None = None
    agrupar: Literal["dia", "carteira", "mcc", "estabelecimento", "motivo"] | None = None


class ReportPages:
    """The endpoints of reports."""

    def __init__(self, reports: Reports, clock: Clock, hours: BusinessHours) -> None:
        self._reports = reports
        self._clock = clock
        self._hours = hours
        self._days = LocalDays(hours.time_zone)

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/relatorios/atendimento",
                self.service,
                BOTH_READ,
                "Tell the service metrics of the tickets opened in a period.",
                query=ServiceReportQuery,
                answers={200: (answers.ServiceReport, Text(CSV))},
            ),
            Endpoint(
                "GET",
                "/relatorios/transacoes",
                self.transactions,
                BOTH_READ,
                "Tell how many purchases were approved and declined in a period, and of how much.",
                query=TransactionReportQuery,
                answers={200: (answers.TransactionReport, Text(CSV))},
            ),
        ]

    async def service(self, request: Request) -> Response:
        """The service metrics."""
        query = query_of(request, ServiceReportQuery)
        now_us = self._clock.wall_us()
        period = _period(query.de, query.ate, now_us, self._days)
        found = await self._reports.query(
            "service_report",
            **period._asdict(),
            now_us=now_us,
            by=query.agrupar,
            hours=list(self._hours) if query.horario == BUSINESS else None,
            time_zone=self._days.time_zone,
        )
        head = self._head(period) | {"horario": query.horario, "agrupar": query.agrupar}
        return _answer(request, "atendimento", lambda _: head | found)

    async def transactions(self, request: Request) -> Response:
        """The sums of purchases."""
        query = query_of(request, TransactionReportQuery)
        period = _period(query.de, query.ate, self._clock.wall_us(), self._days)
        found = await self._reports.query(
            "transaction_report",
            **period._asdict(),
            by=query.agrupar,
            time_zone=self._days.time_zone,
        )
        head = self._head(period) | {"agrupar": query.agrupar}
        return _answer(request, "transacoes", lambda write: head | with_amounts(found, write))

    def _head(self, period: Period) -> dict[str, Any]:
        return {**self._days.edges(period), "fuso_horario": self._days.time_zone}


def _period(de: str | None, ate: str | None, now_us: int, days: LocalDays) -> Period:
    try:
        return period_of(de, ate, now_us, days)
    except PeriodError as error:
        raise InvalidRequestError(FieldError(error.field, str(error))) from error


def _answer(
    request: Request, name: str, report: Callable[[Callable[[int], Any]], dict[str, Any]]
) -> Response:
    """The report in the form that the client prefers, given how amounts are written."""
    if not prefers_csv(", ".join(request.headers.getlist("accept"))):
        response = json_response(report(money))
    else:
        document = report(format_cents)
        response = Response(csv_of(document), media_type=f"{CSV}; charset=utf-8; header=present")
        file = f"{name}-{document['de']}-{document['ate']}.csv".replace(":", "")
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.headers["Vary"] = "Accept"
    return response
