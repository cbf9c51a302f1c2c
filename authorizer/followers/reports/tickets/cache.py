"""The tickets of recent periods in memory, brought up to date before each use.

Reading a hundred thousand rows takes longer than a report may. So the tickets opened since the
earliest period that was asked for stay in memory, and only those that changed are read again.
"""

from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.care_schema import tickets
from authorizer.followers.reports.tables.schema import progress
from authorizer.followers.reports.tickets.matrix import ROWS, TicketMatrix

MAX_KEPT_TICKETS: Final = 1_000_000
"""Tickets that are kept: 128 MB, and half as much again while they grow. Where a period begins so
early that there would be more, its tickets are read for it alone."""

_READ_AT_ONCE: Final = 10_000


class TicketCache:
    """Tickets as columns of numbers. One caller at a time; a matrix holds until the next call."""

    def __init__(self, max_kept: int = MAX_KEPT_TICKETS) -> None:
        self._max_kept = max_kept
        self._since_us: int | None = None
        """Every ticket opened since then is kept; None: none is."""
        self._kept = TicketMatrix()

    def up_to_date(self, connection: Connection, period: Period) -> TicketMatrix:
        """At least the tickets opened in a period, as the tables have them now."""
        since_us, self._since_us = self._since_us, None  # until all has been read
        reached = connection.execute(select(func.max(progress.c.position))).scalar() or 0
        made_anew = reached < self._kept.newest_change
        too_many = len(self._kept) > self._max_kept
        if since_us is None or period.start_us < since_us or made_anew or too_many:
            return self._read_anew(connection, period)
        changed = tickets.c.position > self._kept.newest_change
        rows = ROWS.where(changed, tickets.c.opened_at_us >= since_us)
        _read(connection, rows, self._kept)
        self._since_us = since_us
        return self._kept

    def _read_anew(self, connection: Connection, period: Period) -> TicketMatrix:
        self._kept = TicketMatrix()
        since = tickets.c.opened_at_us >= period.start_us
        count = select(func.count()).select_from(tickets).where(since)
        if (connection.execute(count).scalar() or 0) > self._max_kept:
            within = tickets.c.opened_at_us < period.end_us
            return _read(connection, ROWS.where(since, within), TicketMatrix())
        _read(connection, ROWS.where(since), self._kept)
        self._since_us = period.start_us
        return self._kept


def _read(connection: Connection, rows: Select[Any], table: TicketMatrix) -> TicketMatrix:
    for part in connection.execute(rows).partitions(_READ_AT_ONCE):
        table.put(part)
    return table
