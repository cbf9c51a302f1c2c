"""The query `transaction_report`: purchases by day, wallet, MCC, merchant or reason."""

from collections.abc import Mapping
from heapq import nsmallest
from threading import Lock
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from authorizer.domain.moments import day_text
from authorizer.reports.daily_sums import DailySums
from authorizer.reports.period import Period
from authorizer.reports.purchases import Numbers, Purchases

BY_DAY: Final = "dia"
TOTAL: Final = "total"
DIMENSIONS: Final = {
    "carteira": "wallet",
    "mcc": "mcc",
    "estabelecimento": "merchant",
    "motivo": "reason",
}
MAX_GROUPS: Final = 100
"""MCCs and merchants are any text: more of them than these, the largest, are told together."""


class TransactionReport:
    """Answers one query at a time from what it keeps of the sums in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sums = {
            dimension: DailySums(dimension) for dimension in (TOTAL, *DIMENSIONS.values())
        }

    def __call__(self, connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """The purchases of a period.

        Parameters: `start_us` and `end_us`, whole UTC days; `by`, a way to group or None.
        """
        days = Period(params["start_us"], params["end_us"]).days
        by = params["by"]
        sums = self._sums[DIMENSIONS.get(by, TOTAL)]
        with self._lock:
            numbers = sums.added_up(connection, days)
            document = Purchases.of(numbers).document()
            if by == BY_DAY:
                document["grupos"] = [
                    {"grupo": day_text(day)} | Purchases.of(sums.kept(day)).document()
                    for day in days
                ]
            elif by:
                document |= _grouped(numbers, sums.names)
        return document


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
            {"grupo": names[place] or None} | Purchases.of(numbers[:, [place]]).document()
            for place in largest
        ]
    }
    rest = np.flatnonzero(purchases)
    rest = rest[~np.isin(rest, largest)]
    if len(rest):
        document["outros"] = {"grupos": len(rest)} | Purchases.of(numbers[:, rest]).document()
    return document
