"""All reports of a period at once, each in every grouping."""

from typing import Any

from sqlalchemy import Connection

from authorizer.domain.moments import moment_text
from authorizer.followers.reports.groupings import GROUPINGS, PURCHASES, SERVICE
from authorizer.followers.reports.purchases.report import TransactionReport
from authorizer.followers.reports.report_request import BUSINESS, CALENDAR, ReportRequest
from authorizer.followers.reports.tickets.report import ServiceReport


class AllReports:
    """Both reports, made from caches of the tables."""

    def __init__(self) -> None:
        self.service = ServiceReport()
        self.transactions = TransactionReport()

    def __call__(self, connection: Connection, request: ReportRequest) -> dict[str, Any]:
        """`atendimento` and `transacoes`, as asked for, by grouping; amounts are texts of cents."""
        found: dict[str, Any] = {
            **request.days.edges(request.period),
            "fuso_horario": request.days.time_zone,
            "horario": BUSINESS if request.hours else CALENDAR,
            "gerado_em": moment_text(request.now_us),
        }
        params = request.params()
        for report, make in ((SERVICE, self.service), (PURCHASES, self.transactions)):
            if report in request.about:
                found[report] = {
                    by: make(connection, {**params, "by": by}) for by in GROUPINGS[report]
                }
        return found
