"""`/relatorios`: service metrics and sums of purchases, as JSON, CSV or a page."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictStr
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.business_hours import BusinessHours
from authorizer.actors.clock import Clock
from authorizer.followers.reports.client import Reports
from authorizer.followers.reports.export.amounts import reais, with_amounts
from authorizer.followers.reports.export.spreadsheet import STYLES, csv_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.report_request import BUSINESS
from authorizer.http.access.roles import BOTH_READ
from authorizer.http.api.endpoints import NotJson, endpoint
from authorizer.http.api.instants import check_edge
from authorizer.http.api.negotiation import CSV, HTML, preferred_form, prefers_portuguese
from authorizer.http.api.problems import FieldError, InvalidRequestError
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.rules import DATE_OR_TIME, Rule
from authorizer.http.api.wire import json_response, money
from authorizer.http.report_document import ServiceReport, TransactionReport
from authorizer.http.report_period import PeriodError, period_of

PeriodEdge = Annotated[
    StrictStr,
    Rule(check_edge, DATE_OR_TIME),
    Field(max_length=40, description="A local day: 2026-11-22; or an RFC 3339 date and time."),
]
Style = Annotated[
    Literal["internacional", "brasil"],
    Field(
        description="How CSV is written: with commas and points, or as a Brazilian Excel reads it: "
        "semicolons, decimal commas, a byte order mark. By default as Accept-Language suggests."
    ),
]
VARY: Final = "Accept, Accept-Language"
PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class ServiceReportQuery(Query):
    """`GET /relatorios/atendimento`."""

    de: PeriodEdge | None = None
    ate: PeriodEdge | None = None
    agrupar: Literal["dia", "canal", "categoria", "atendente"] | None = None
    estilo: Style | None = None
    horario: Literal["calendario", "comercial"] = "calendario"


class TransactionReportQuery(Query):
    """`GET /relatorios/transacoes`."""

    de: PeriodEdge | None = None
    ate: PeriodEdge | None = None
    agrupar: Literal["dia", "carteira", "mcc", "estabelecimento", "motivo"] | None = None
    estilo: Style | None = None


class ReportEndpoints:
    """`/relatorios`."""

    def __init__(self, reports: Reports, clock: Clock, hours: BusinessHours) -> None:
        self._reports = reports
        self._clock = clock
        self._hours = hours
        self._days = LocalDays(hours.time_zone)

    @endpoint(
        "GET",
        "/relatorios/atendimento",
        BOTH_READ,
        query=ServiceReportQuery,
        answers={200: (ServiceReport, NotJson(CSV), NotJson(HTML))},
    )
    async def service(self, request: Request) -> Response:
        """Tell the service metrics of the tickets opened in a period."""
        query = query_of(request, ServiceReportQuery)
        now_us = self._clock.wall_us()
        period = _period(query.de, query.ate, now_us, self._days)
        asked = {
            **period._asdict(),
            "now_us": now_us,
            "hours": list(self._hours) if query.horario == BUSINESS else None,
            "time_zone": self._days.time_zone,
        }
        if _form(request) == HTML:
            return await self._page("atendimento", asked)
        found = await self._reports.query("service_report", **asked, by=query.agrupar)
        head = self._head(period) | {"horario": query.horario, "agrupar": query.agrupar}
        return _answer(request, "atendimento", query.estilo, lambda _: head | found)

    @endpoint(
        "GET",
        "/relatorios/transacoes",
        BOTH_READ,
        query=TransactionReportQuery,
        answers={200: (TransactionReport, NotJson(CSV), NotJson(HTML))},
    )
    async def transactions(self, request: Request) -> Response:
        """Tell how many purchases were approved and declined in a period, and of how much."""
        query = query_of(request, TransactionReportQuery)
        now_us = self._clock.wall_us()
        period = _period(query.de, query.ate, now_us, self._days)
        asked = {**period._asdict(), "time_zone": self._days.time_zone}
        if _form(request) == HTML:
            return await self._page("transacoes", {**asked, "now_us": now_us, "hours": None})
        found = await self._reports.query("transaction_report", **asked, by=query.agrupar)
        head = self._head(period) | {"agrupar": query.agrupar}
        return _answer(
            request, "transacoes", query.estilo, lambda write: head | with_amounts(found, write)
        )

    async def _page(self, about: str, asked: dict[str, Any]) -> Response:
        """The HTML page, which the reports' process makes: it has the templates."""
        page = await self._reports.query("report_page", **asked, about=[about])
        response = Response(page, media_type=f"{HTML}; charset=utf-8")
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        response.headers["Vary"] = VARY
        return response

    def _head(self, period: Period) -> dict[str, Any]:
        return {**self._days.edges(period), "fuso_horario": self._days.time_zone}


def _period(de: str | None, ate: str | None, now_us: int, days: LocalDays) -> Period:
    try:
        return period_of(de, ate, now_us, days)
    except PeriodError as error:
        raise InvalidRequestError(FieldError(error.field, str(error))) from error


def _form(request: Request) -> str:
    return preferred_form(", ".join(request.headers.getlist("accept")))


def _answer(
    request: Request,
    name: str,
    style: str | None,
    report: Callable[[Callable[[int], Any]], dict[str, Any]],
) -> Response:
    """The report in the media type that the client prefers.

    `report` makes its document, given how an amount is written.
    """
    if _form(request) == CSV:
        document = report(reais)
        if style is None:
            languages = ", ".join(request.headers.getlist("accept-language"))
            style = "brasil" if prefers_portuguese(languages) else "internacional"
        text = csv_of(document, STYLES[style])
        response = Response(text, media_type=f"{CSV}; charset=utf-8; header=present")
        file = f"{name}-{document['de']}-{document['ate']}.csv".replace(":", "")
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    else:
        response = json_response(report(money))
    response.headers["Vary"] = VARY
    return response
