"""The query `service_report`: the service metrics of a period."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from authorizer.domain.moments import day_text
from authorizer.domain.policy import DAY_US
from authorizer.domain.service_levels import MINUTE_US
from authorizer.reports.business_hours import BusinessHours
from authorizer.reports.period import Period
from authorizer.reports.service import measure, service_metrics
from authorizer.reports.ticket_cache import TicketCache
from authorizer.reports.ticket_flow import TicketFlow
from authorizer.reports.ticket_groups import BY_DAY, grouped_metrics
from authorizer.reports.ticket_table import TicketTable

MAX_REMEMBERED: Final = 16
"""Reports that are remembered until a ticket changes."""


class ServiceReport:
    """Answers one query at a time from what it keeps of the tickets in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tickets = TicketCache()
        self._flow = TicketFlow()
        self._remembered: OrderedDict[Any, dict[str, Any]] = OrderedDict()

    def __call__(self, connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """The metrics of the tickets opened in a period.

        Parameters: `start_us` and `end_us`; `now_us`, of which the last full minute counts; `by`, a
        way to group or None; `hours`, the business hours as a list, or None for calendar time.
        """
        period = Period(params["start_us"], params["end_us"])
        hours = BusinessHours.from_json(params["hours"]) if params["hours"] else None
        now_us, by = params["now_us"] // MINUTE_US * MINUTE_US, params["by"]
        with self._lock:
            tickets = self._tickets.up_to_date(connection, period)
            self._flow.bring_up_to_date(connection)
            asked = (period, hours, now_us, by, tickets.newest_change, self._flow.newest_change)
            report = self._remembered.pop(asked, None)
            if report is None:
                report = self._make(tickets, period, now_us, by, hours)
            self._remembered[asked] = report
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)
            return report

    def _make(
        self,
        tickets: TicketTable,
        period: Period,
        now_us: int,
        by: str | None,
        hours: BusinessHours | None,
    ) -> dict[str, Any]:
        columns = tickets.opened_in(period)
        measures = measure(columns, now_us, hours)
        report = service_metrics(measures, np.zeros(len(columns), np.int64), 1)[0]
        days = [day for day in period.days if day <= now_us // DAY_US]
        backlog = self._flow.open_after(days)
        report["backlog"] = [{"dia": day_text(day), "abertos": backlog[day]} for day in days]
        if by:
            report |= grouped_metrics(by, columns, measures, tickets.names, period)
        if by == BY_DAY:
            for day, group in zip(period.days, report["grupos"], strict=True):
                group["backlog"] = backlog.get(day)
        return report
