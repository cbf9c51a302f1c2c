"""The backlog: the number of open tickets at any instant."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import Connection, case, func, select

from authorizer.domain.moments import MINUTE_US
from authorizer.domain.tickets.state import TicketStatus
from authorizer.followers.reports.tables.care_schema import ticket_changes as changes
from authorizer.followers.reports.tables.schema import progress

STEP_US: Final = 15 * MINUTE_US
"""Changes are counted by quarters of an hour: at one of them every local day begins, and has in
every zone since 1972."""

_ADDS: Final = {
    TicketStatus.OPEN.value: 1,
    TicketStatus.REOPENED.value: 1,
    TicketStatus.RESOLVED.value: -1,
}
"""The change of the number of open tickets by a change of status; only resolved ones are closed."""

_STEP: Final = changes.c.at_us // STEP_US
_CHANGES: Final = (
    select(_STEP, changes.c.status, func.count(), func.max(changes.c.position))
    .where(changes.c.status.in_(_ADDS))
    .group_by(_STEP, changes.c.status)
)
_ADDED: Final[Any] = case(_ADDS, value=changes.c.status, else_=0)


class Backlog:
    """The change of the number of open tickets in time. One caller at a time."""

    def __init__(self) -> None:
        self.newest_change = 0
        """The newest position in the journal that is in here."""
        self._by_step: Counter[int] = Counter()

    def open_at(self, connection: Connection, instants_us: Iterable[int]) -> list[int]:
        """The number of open tickets at each instant, before its own changes."""
        known = sorted(self._by_step)
        standing = [0, *accumulate(self._by_step[step] for step in known)]
        return [
            _count(connection, at_us)
            if at_us % STEP_US
            else standing[bisect_left(known, at_us // STEP_US)]
            for at_us in instants_us
        ]

    def bring_up_to_date(self, connection: Connection) -> None:
        """Read the changes since the last time."""
        reached = connection.execute(select(func.max(progress.c.position))).scalar() or 0
        if reached < self.newest_change:  # the tables are being made anew
            self.newest_change, self._by_step = 0, Counter()
        newer = _CHANGES.where(changes.c.position > self.newest_change)
        for step, status, count, newest in connection.execute(newer).all():
            self._by_step[step] += _ADDS[status] * count
            self.newest_change = max(self.newest_change, newest)


def _count(connection: Connection, at_us: int) -> int:
    added = select(func.sum(_ADDED)).where(changes.c.at_us < at_us)
    return int(connection.execute(added).scalar() or 0)
