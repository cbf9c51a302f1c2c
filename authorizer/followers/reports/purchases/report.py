"""The query `transaction_report`: purchases by day, wallet, MCC, merchant or reason."""

from collections.abc import Iterable, Mapping
from heapq import nsmallest
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from authorizer.domain.moments import day_text
from authorizer.followers.reports.bounds import MAX_GROUPS
from authorizer.followers.reports.groupings import BY_DAY, PURCHASE_DIMENSIONS
from authorizer.followers.reports.local_days import LocalDay, LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.daily_sums import DailySums
from authorizer.followers.reports.purchases.partial_days import Counted, count
from authorizer.followers.reports.purchases.totals import Numbers, PurchaseTotals
from authorizer.followers.reports.tables.purchase_sums import KEYS, TOTAL
from authorizer.followers.reports.tables.schema import progress


class TransactionReport:
    """Answers one query at a time from a cache of the sums.

    Whole days come from the tables' sums; the rest of the period, at its ends, is counted from the
    purchases themselves. So the report is exact to the microsecond, in any time zone.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._days: LocalDays | None = None
        """The days of the tables' sums."""
        self._sums: dict[str, DailySums] = {}

    def __call__(self, connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """The purchases of a period.

        Parameters: `start_us` and `end_us`; `by`, a way to group or None; `time_zone`, the zone of
        the days.
        """
        period, by = Period(params["start_us"], params["end_us"]), params["by"]
        with self._lock:
            while True:
                kept = self._look_at_the_days(connection)
                report = self._make(connection, kept, period, by, LocalDays(params["time_zone"]))
                if _time_zone(connection) == kept.time_zone:  # else they were changed meanwhile
                    return report

    def _look_at_the_days(self, connection: Connection) -> LocalDays:
        time_zone = _time_zone(connection)
        if self._days is None or self._days.time_zone != time_zone:
            self._days = LocalDays(time_zone)
            self._sums = {dimension: DailySums(dimension) for dimension in KEYS}
        return self._days

    def _make(
        self,
        connection: Connection,
        kept: LocalDays,
        period: Period,
        by: str | None,
        days: LocalDays,
    ) -> dict[str, Any]:
        sums = self._sums[PURCHASE_DIMENSIONS.get(by or "", TOTAL)]
        sums.bring_up_to_date(connection, kept.touched(period))
        if by == BY_DAY:
            parts = list(days.parts(period))
            found = [
                PurchaseTotals.of(_numbers(connection, sums, kept, part.part)) for part in parts
            ]
            return PurchaseTotals(*map(sum, zip(*found, strict=True))).document() | {
                "grupos": [
                    {"grupo": day_text(part.day)} | purchases.document()
                    for part, purchases in zip(parts, found, strict=True)
                ]
            }
        numbers = _numbers(connection, sums, kept, period)
        document = PurchaseTotals.of(numbers).document()
        return document | _grouped(numbers, sums.names) if by else document


def _numbers(connection: Connection, sums: DailySums, kept: LocalDays, period: Period) -> Numbers:
    """The purchases of a period, a column for each of the sums' names."""
    whole = _whole(kept.parts(period))
    besides: Counted = {}
    for rest in _rest(period, whole, kept):
        count(connection, rest, sums.dimension, besides)
    return sums.added_up(whole, besides)


def _time_zone(connection: Connection) -> str:
    """The zone of the tables' days; while they are being made anew, any."""
    return connection.execute(select(progress.c.time_zone)).scalar() or "UTC"


def _whole(parts: Iterable[LocalDay]) -> range:
    """The days of which all is asked for; they follow each other."""
    whole = [day for day, _, is_whole in parts if is_whole]
    return range(whole[0], whole[-1] + 1) if whole else range(0)


def _rest(period: Period, whole: range, days: LocalDays) -> list[Period]:
    """The parts of a period outside of its whole days."""
    if not whole:
        return [period]
    return [
        Period(period.start_us, days.start_us(whole.start)),
        Period(days.start_us(whole.stop), period.end_us),
    ]


def _grouped(numbers: Numbers, names: list[str]) -> dict[str, Any]:
    """`grupos`, those with the most purchases first, and `outros` where there are too many.

    A key that is empty stands for none: a declined purchase has no wallet that paid.
    """
    purchases = numbers[0] + numbers[3]
    there = np.flatnonzero(purchases)
    if len(there) > MAX_GROUPS:
        least = np.partition(purchases[there], -MAX_GROUPS)[-MAX_GROUPS]
        there = there[purchases[there] >= least]
    largest = nsmallest(
        MAX_GROUPS, there.tolist(), key=lambda place: (-int(purchases[place]), names[place])
    )
    document: dict[str, Any] = {
        "grupos": [
            {"grupo": names[place] or None} | PurchaseTotals.of(numbers[:, [place]]).document()
            for place in largest
        ]
    }
    rest = np.flatnonzero(purchases)
    rest = rest[~np.isin(rest, largest)]
    if len(rest):
        document["outros"] = {"grupos": len(rest)} | PurchaseTotals.of(numbers[:, rest]).document()
    return document
