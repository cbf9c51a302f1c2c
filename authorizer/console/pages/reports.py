"""`/console/relatorios`: service metrics and purchases of a period, beside the one before."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.responses import Response

from authorizer.actors.business_hours import BusinessHours
from authorizer.actors.ticket_file import ticket_file
from authorizer.console.access.door import page
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.figures import PURCHASES, SERVICE, before, told, with_approval_rate
from authorizer.console.rendering import HEADERS
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.moments import day_text
from authorizer.domain.tickets.at_rest import view_of
from authorizer.followers.reports.export import charts
from authorizer.followers.reports.export.amounts import reais, with_amounts
from authorizer.followers.reports.export.charts import Series
from authorizer.followers.reports.export.spreadsheet import STYLES, csv_of
from authorizer.followers.reports.groupings import BY_DAY
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.report_request import BUSINESS
from authorizer.http.access.roles import BOTH_READ, CARE_READ
from authorizer.http.api.paging import Key, cursor_of, shown
from authorizer.http.api.problems import FieldError, InvalidRequestError
from authorizer.http.api.wire import field_errors
from authorizer.http.report_period import PeriodError, period_of
from authorizer.http.reports import ServiceReportQuery, TransactionReportQuery
from authorizer.http.ticket_lists import TicketListQuery

WEEK: Final = 7
SPANS: Final = (1, WEEK, 30, 90)
TICKETS: Final = 100
"""Tickets that a page of those behind a figure shows."""
_SERVICE_BY: Final = {
    BY_DAY: said("Por dia"),
    "canal": said("Por canal"),
    "categoria": said("Por categoria"),
    "atendente": said("Por atendente"),
}
_PURCHASES_BY: Final = {
    BY_DAY: said("Por dia"),
    "carteira": said("Por carteira"),
    "mcc": said("Por MCC"),
    "estabelecimento": said("Por estabelecimento"),
    "motivo": said("Por motivo"),
}
_ROOT: Final = "/console/relatorios"

Q = TypeVar("Q", ServiceReportQuery, TransactionReportQuery, TicketListQuery)


class _Asked(NamedTuple):
    """What a report is asked for."""

    de: str
    ate: str
    by: str
    hours: str
    period: Period

    def query(self, **changes: str) -> str:
        """The query of another page about the same, but for the changes."""
        asked = {"de": self.de, "ate": self.ate, "agrupar": self.by, "horario": self.hours}
        return urlencode({name: value for name, value in {**asked, **changes}.items() if value})


class ReportPages:
    """`/console/relatorios`."""

    def __init__(self, desk: Desk, hours: BusinessHours) -> None:
        self._desk = desk
        self._hours = hours
        self._days = LocalDays(hours.time_zone)

    @page("GET", _ROOT, BOTH_READ)
    async def service(self, visit: Visit) -> Response:
        """Tell the service metrics of a period, the week before today by default."""
        query = _query_of(visit, ServiceReportQuery)
        asked = self._asked(query, query.horario)
        now, by_day, groups, earlier = await asyncio.gather(
            self._service(asked.period, asked, None),
            self._service(asked.period, asked, BY_DAY),
            self._service(asked.period, asked, asked.by),
            self._service(before(asked.period, self._days), asked, None),
        )
        days = [group["grupo"] for group in by_day["grupos"]]
        opened = Series("opened", "first", [group["abertos"] for group in by_day["grupos"]])
        backlog = Series("backlog", "first", [group["backlog"] for group in by_day["grupos"]])
        return await visit.page(
            "service.html",
            **self._frame(asked, _SERVICE_BY, _ROOT),
            may_see_tickets=visit.user.role in CARE_READ,
            told=told(SERVICE, now, earlier),
            groups=groups["grupos"],
            rest=groups.get("outros"),
            opened=charts.stacked_bars("", "", days, [opened]),
            backlog=charts.line("", "", days, backlog),
        )

    @page("GET", f"{_ROOT}/compras", BOTH_READ)
    async def purchases(self, visit: Visit) -> Response:
        """Tell how many purchases were approved and declined in a period, and of how much."""
        asked = self._asked(_query_of(visit, TransactionReportQuery), "")
        now, by_day, groups, earlier = await asyncio.gather(
            self._purchases(asked.period, None),
            self._purchases(asked.period, BY_DAY),
            self._purchases(asked.period, asked.by),
            self._purchases(before(asked.period, self._days), None),
        )
        days = [group["grupo"] for group in by_day["grupos"]]
        series = [
            Series(kind, css, [group[kind]["quantidade"] for group in by_day["grupos"]])
            for kind, css in (("aprovadas", "first"), ("recusadas", "second"))
        ]
        return await visit.page(
            "purchases.html",
            **self._frame(asked, _PURCHASES_BY, f"{_ROOT}/compras"),
            told=told(PURCHASES, with_approval_rate(now), with_approval_rate(earlier)),
            groups=list(map(with_approval_rate, groups["grupos"])),
            rest=groups.get("outros"),
            drawn=charts.stacked_bars("", "", days, series),
        )

    @page("GET", f"{_ROOT}/atendimento.csv", BOTH_READ)
    async def service_csv(self, visit: Visit) -> Response:
        """The service metrics as a Brazilian Excel reads them."""
        query = _query_of(visit, ServiceReportQuery)
        asked = self._asked(query, query.horario)
        found = await self._service(asked.period, asked, asked.by)
        return self._csv("atendimento", asked, found)

    @page("GET", f"{_ROOT}/compras.csv", BOTH_READ)
    async def purchases_csv(self, visit: Visit) -> Response:
        """The purchases as a Brazilian Excel reads them."""
        asked = self._asked(_query_of(visit, TransactionReportQuery), "")
        found = await self._purchases(asked.period, asked.by)
        return self._csv("compras", asked, with_amounts(found, reais))

    @page("GET", f"{_ROOT}/chamados", CARE_READ)
    async def tickets(self, visit: Visit) -> Response:
        """List the tickets behind a figure."""
        query = _query_of(visit, TicketListQuery)
        now_us = self._desk.clock.wall_us()
        channel = visit.asked("canal") or None
        params = query.params(now_us, self._days) | {"limit": TICKETS, "channel": channel}
        found: Any = await self._desk.reports.query("ticket_list", **params)

        def show(row: dict[str, Any]) -> Any:
            return ticket_file(view_of(row), self._desk.actors.sealer, now_us)

        files = await shown(found["rows"], show)
        customer_ids = [file.ticket.customer_id for file in files]
        await self._desk.audit.record(visit.request, AccessKind.TICKETS, customer_ids)
        return await visit.page(
            "report_tickets.html",
            files=files,
            older=_with_cursor(visit, found["next"]),
            de=query.de,
            ate=query.ate,
            narrowed=[word for word in (query.categoria, query.atendente, channel) if word],
        )

    async def _service(self, period: Period, asked: _Asked, by: str | None) -> Any:
        return await self._desk.reports.query(
            "service_report",
            **period._asdict(),
            now_us=self._desk.clock.wall_us(),
            hours=list(self._hours) if asked.hours == BUSINESS else None,
            time_zone=self._days.time_zone,
            by=by,
        )

    async def _purchases(self, period: Period, by: str | None) -> Any:
        return await self._desk.reports.query(
            "transaction_report", **period._asdict(), time_zone=self._days.time_zone, by=by
        )

    def _asked(self, query: ServiceReportQuery | TransactionReportQuery, hours: str) -> _Asked:
        """What a query asks for; without a period the last seven days, today included.

        Raises:
            InvalidRequestError: it is no period.
        """
        today = self._days.day_of(self._desk.clock.wall_us())
        de, ate = query.de or day_text(today - WEEK + 1), query.ate or day_text(today)
        try:
            period = period_of(de, ate, self._desk.clock.wall_us(), self._days)
        except PeriodError as error:
            raise InvalidRequestError(FieldError(error.field, str(error))) from error
        return _Asked(de, ate, query.agrupar or BY_DAY, hours, period)

    def _frame(self, asked: _Asked, titles: Mapping[str, str], path: str) -> dict[str, Any]:
        """What both reports have around them: their period, other periods, other groupings."""
        today = self._days.day_of(self._desk.clock.wall_us())
        earlier = before(asked.period, self._days)
        return {
            "asked": asked,
            "report_path": path,
            "geometry": charts,
            "by_titles": [(by, title, asked.query(agrupar=by)) for by, title in titles.items()],
            "spans": [
                (days, asked.query(de=day_text(today - days + 1), ate=day_text(today)))
                for days in SPANS
            ],
            "earlier": earlier,
            "last_us": asked.period.end_us - 1,
            "earlier_last_us": earlier.end_us - 1,
            "drill": urlencode({"de": asked.de, "ate": asked.ate}),
        }

    def _csv(self, name: str, asked: _Asked, found: Mapping[str, Any]) -> Response:
        head = {**self._days.edges(asked.period), "fuso_horario": self._days.time_zone}
        file = f"{name}-{asked.de}-{asked.ate}.csv".replace(":", "")
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{file}"'}
        text = csv_of({**head, "agrupar": asked.by, **found}, STYLES["brasil"])
        return Response(text, headers=headers, media_type="text/csv; charset=utf-8; header=present")


def _with_cursor(visit: Visit, key: Key | None) -> str:
    """The query of the page behind a key, about the same; nothing where there is none."""
    if key is None:
        return ""
    asked = dict(visit.request.query_params) | {"cursor": cursor_of(key)}
    return urlencode(asked)


def _query_of(visit: Visit, model: type[Q]) -> Q:
    """The query, held to that of the HTTP interface; what is empty or of others is left out.

    Raises:
        InvalidRequestError: a parameter can't be taken.
    """
    given = visit.request.query_params
    known = {name: given[name] for name in model.model_fields if given.get(name)}
    try:
        return model.model_validate(known)
    except ValidationError as error:
        raise InvalidRequestError(*field_errors(error)) from error
