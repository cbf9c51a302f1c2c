"""The query `service_report`: the service metrics of a period."""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import zip_longest
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection

from authorizer.actors.business_hours import BusinessHours
from authorizer.domain.moments import MINUTE_US, day_text
from authorizer.followers.reports.groupings import BY_DAY
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tickets.backlog import Backlog
from authorizer.followers.reports.tickets.cache import TicketCache
from authorizer.followers.reports.tickets.groups import grouped_metrics
from authorizer.followers.reports.tickets.matrix import TicketMatrix
from authorizer.followers.reports.tickets.metrics import measure, service_metrics

MAX_REMEMBERED: Final = 16
"""Reports that are remembered until a ticket changes."""


class _Asked(NamedTuple):
    period: Period
    hours: BusinessHours | None
    now_us: int
    by: str | None
    time_zone: str


class ServiceReport:
    """Answers one query at a time from a cache of the tickets."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tickets = TicketCache()
        self._backlog = Backlog()
        self._remembered: OrderedDict[Any, dict[str, Any]] = OrderedDict()

    def __call__(self, connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """The metrics of the tickets opened in a period.

        Parameters: `start_us` and `end_us`; `now_us`, of which the last full minute counts; `by`, a
        way to group or None; `hours`, the business hours as a list, or None for calendar time;
        `time_zone`, the zone of the days.
        """
        asked = _Asked(
            Period(params["start_us"], params["end_us"]),
            BusinessHours.from_json(params["hours"]),
            params["now_us"] // MINUTE_US * MINUTE_US,
            params["by"],
            params["time_zone"],
        )
        with self._lock:
            tickets = self._tickets.up_to_date(connection, asked.period)
            self._backlog.bring_up_to_date(connection)
            key = (asked, tickets.newest_change, self._backlog.newest_change)
            report = self._remembered.pop(key, None)
            if report is None:
                report = self._make(connection, tickets, asked)
            self._remembered[key] = report
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)
            return report

    def _make(self, connection: Connection, tickets: TicketMatrix, asked: _Asked) -> dict[str, Any]:
        columns = tickets.opened_in(asked.period)
        reopenings = tickets.reopenings_of(columns)
        responses = tickets.responses_of(columns)
        measures = measure(columns, reopenings, responses, asked.now_us, asked.hours)
        report = service_metrics(measures, np.zeros(len(columns), np.int64), 1)[0]
        days = LocalDays(asked.time_zone)
        parts = list(days.parts(asked.period))
        begun = [part.day for part in parts if part.day <= days.day_of(asked.now_us)]
        open_tickets = self._backlog.open_at(connection, [days.start_us(day + 1) for day in begun])
        report["backlog"] = [
            {"dia": day_text(day), "abertos": count}
            for day, count in zip(begun, open_tickets, strict=True)
        ]
        if asked.by:
            report |= grouped_metrics(asked.by, columns, measures, tickets.names, parts)
        if asked.by == BY_DAY:
            for group, count in zip_longest(report["grupos"], open_tickets):
                group["backlog"] = count
        return report
