"""The query `transaction_report`: purchases by day, wallet, MCC, merchant or reason."""

from collections.abc import Mapping
from heapq import nsmallest
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from authorizer.domain.moments import day_text
from authorizer.followers.reports.bounds import MAX_GROUPS
from authorizer.followers.reports.groupings import BY_DAY, PURCHASE_DIMENSIONS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.daily_sums import DailySums
from authorizer.followers.reports.purchases.operations import OperationTotals, operations
from authorizer.followers.reports.purchases.partial_days import Counted, count
from authorizer.followers.reports.purchases.totals import Numbers, PurchaseTotals
from authorizer.followers.reports.purchases.whole_days import cut
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
        """The purchases of a period; by day, or without groups, what was done to them as well.

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
            done = operations(connection, kept, [part.part for part in parts])
            total = PurchaseTotals(*map(sum, zip(*found, strict=True)))
            return _document(total, OperationTotals.over(done)) | {
                "grupos": [
                    {"grupo": day_text(part.day)} | _document(purchases, of_the_day)
                    for part, purchases, of_the_day in zip(parts, found, done, strict=True)
                ]
            }
        numbers = _numbers(connection, sums, kept, period)
        purchases = PurchaseTotals.of(numbers)
        if by is None:
            return _document(purchases, *operations(connection, kept, [period]))
        return purchases.document() | _grouped(numbers, sums.names)


def _document(purchases: PurchaseTotals, done: OperationTotals) -> dict[str, Any]:
    return {**purchases.document(), "operacoes": done.document()}


def _numbers(connection: Connection, sums: DailySums, kept: LocalDays, period: Period) -> Numbers:
    """The purchases of a period, a column for each of the sums' names."""
    whole, rest = cut(period, kept)
    besides: Counted = {}
    for part in rest:
        count(connection, part, sums.dimension, besides)
    return sums.added_up(whole, besides)


def _time_zone(connection: Connection) -> str:
    """The zone of the tables' days; while they are being made anew, any."""
    return connection.execute(select(progress.c.time_zone)).scalar() or "UTC"


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
