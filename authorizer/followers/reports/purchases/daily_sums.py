"""The sums of purchases by day in memory, brought up to date before each use.

There may be tens of thousands of merchants a day, and adding a month of them up in the database
takes longer than a report may. So the days that were asked for stay in memory. The number of all
purchases of a day tells whether it has changed since.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, func, select

from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.purchases.partial_days import Counted
from authorizer.followers.reports.purchases.totals import PARTS, Numbers
from authorizer.followers.reports.tables.purchase_sums import TOTAL
from authorizer.followers.reports.tables.schema import transaction_days as table

MAX_KEPT_SUMS: Final = 1_000_000
"""Sums that are kept, 56 MB and the names; past them all is forgotten and read again."""

_APPROVED: Final = Reason.APPROVED.answer_code


class _Day(NamedTuple):
    purchases: int
    """How many there were that day when it was read: its version."""
    keys: npt.NDArray[np.int64]
    numbers: Numbers


class DailySums:
    """Sums by day and key, of one dimension. One caller at a time."""

    def __init__(self, dimension: str, max_kept: int = MAX_KEPT_SUMS) -> None:
        self.dimension = dimension
        self._max_kept = max_kept
        self._clear()

    def _clear(self) -> None:
        self._days: dict[int, _Day] = {}
        self._rows = 0
        self._keys: dict[str, int] = {}
        self.names: list[str] = []
        """The keys, by number."""

    def added_up(self, days: Iterable[int], besides: Counted) -> Numbers:
        """The sums over these days and the counts besides, a column for each of `names`.

        Bring the days up to date before.
        """
        places = [self._number(key) for key in besides]
        total = np.zeros((PARTS, len(self.names)), np.int64)
        for day in (self._days[day] for day in days if day in self._days):
            total[:, day.keys] += day.numbers
        if places:
            total[:, places] += np.array(list(besides.values()), np.int64).T
        return total

    def bring_up_to_date(self, connection: Connection, days: range) -> None:
        """Read the days that have changed since they were read, or never were."""
        if self._rows > self._max_kept:
            self._clear()
        versions = _purchases_by_day(connection, days)
        for day in [day for day in days if day in self._days and day not in versions]:
            self._forget(day)  # the tables are being made anew
        stale = [
            day
            for day, purchases in versions.items()
            if day not in self._days or self._days[day].purchases != purchases
        ]
        if stale:
            self._read(connection, versions, stale)

    def _read(
        self, connection: Connection, versions: Mapping[int, int], stale: Sequence[int]
    ) -> None:
        rows = connection.execute(
            select(table.c.day, table.c.key, table.c.code, *_NUMBERS)
            .where(table.c.dimension == self.dimension, table.c.day.in_(stale))
            .order_by(table.c.day)
        )
        for day, found in groupby(rows, key=lambda row: int(row.day)):
            self._forget(day)
            self._days[day] = self._day(versions[day], found)
            self._rows += len(self._days[day].keys)

    def _forget(self, day: int) -> None:
        gone = self._days.pop(day, None)
        self._rows -= len(gone.keys) if gone else 0

    def _day(self, purchases: int, rows: Iterable[Row[*tuple[Any, ...]]]) -> _Day:
        by_key: dict[int, list[int]] = {}
        for row in rows:
            _, key, code, *numbers = tuple(row)
            sums = by_key.setdefault(self._number(key), [0] * PARTS)
            first = 0 if code == _APPROVED else len(_NUMBERS)
            for part, number in enumerate(numbers, first):
                sums[part] += number
        keys = np.fromiter(by_key, np.int64, len(by_key))
        return _Day(purchases, keys, np.array(list(by_key.values()), np.int64).T)

    def _number(self, key: str) -> int:
        number = self._keys.setdefault(key, len(self.names))
        if number == len(self.names):
            self.names.append(key)
        return number


_NUMBERS: Final = (table.c.count, table.c.cents_high, table.c.cents_low)


def _purchases_by_day(connection: Connection, days: range) -> Mapping[int, int]:
    rows = connection.execute(
        select(table.c.day, func.sum(table.c.count))
        .where(table.c.dimension == TOTAL, table.c.day.between(days.start, days.stop - 1))
        .group_by(table.c.day)
    )
    return {int(day): int(count) for day, count in rows}
