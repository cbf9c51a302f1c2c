"""How many tickets came in and went out on each day, for the backlog."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from sqlalchemy import Connection, func, select

from authorizer.domain.policy import DAY_US
from authorizer.domain.tickets import TicketStatus
from authorizer.reports.tables import progress
from authorizer.reports.tables import ticket_changes as changes

_ADDS: Final = {
    TicketStatus.OPEN.value: 1,
    TicketStatus.REOPENED.value: 1,
    TicketStatus.RESOLVED.value: -1,
}
"""What a change of status does to the number of open tickets; only a resolved one is closed."""

_DAY: Final = changes.c.at_us // DAY_US
_CHANGES: Final = (
    select(_DAY, changes.c.status, func.count(), func.max(changes.c.position))
    .where(changes.c.status.in_(_ADDS))
    .group_by(_DAY, changes.c.status)
)


class TicketFlow:
    """The change of the number of open tickets by UTC day. One caller at a time."""

    def __init__(self) -> None:
        self.newest_change = 0
        """The newest position in the journal that is in here."""
        self._by_day: Counter[int] = Counter()

    def open_after(self, days: Iterable[int]) -> dict[int, int]:
        """How many tickets were open when each day ended, days counted since 1970."""
        known = sorted(self._by_day)
        standing = [0, *accumulate(self._by_day[day] for day in known)]
        return {day: standing[bisect_right(known, day)] for day in days}

    def bring_up_to_date(self, connection: Connection) -> None:
        """Read what has changed since the last time."""
        reached = connection.execute(select(func.max(progress.c.position))).scalar() or 0
        if reached < self.newest_change:  # the tables are being made anew
            self.newest_change, self._by_day = 0, Counter()
        newer = _CHANGES.where(changes.c.position > self.newest_change)
        for day, status, count, newest in connection.execute(newer).all():
            self._by_day[day] += _ADDS[status] * count
            self.newest_change = max(self.newest_change, newest)
