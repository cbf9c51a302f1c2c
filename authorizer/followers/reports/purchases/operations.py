"""What was done to purchases of several messages, by type: the part `operacoes` of the report."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from authorizer.domain.accounts.purchase_state import OperationType
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases import partial_days
from authorizer.followers.reports.purchases.whole_days import cut
from authorizer.followers.reports.tables.schema import CENTS_BASE
from authorizer.followers.reports.tables.schema import movement_days as table

NAMES: Final = {
    OperationType.AUTHORIZATION.value: "autorizacoes",
    OperationType.INCREMENT.value: "acrescimos",
    OperationType.CAPTURE.value: "capturas",
    OperationType.REVERSAL.value: "estornos",
    OperationType.REFUND.value: "devolucoes",
    OperationType.EXPIRY.value: "expiracoes",
}
"""The word for each type, of those that were approved."""
DECLINED: Final = "recusas"
"""The word for holds and increments that were declined."""

_APPROVED: Final = Reason.APPROVED.answer_code


class OperationTotals:
    """The number and the amount of operations by word, in centavos."""

    def __init__(self) -> None:
        self._numbers = {name: [0, 0] for name in (*NAMES.values(), DECLINED)}

    def add(self, type_: str, code: str, count: int, cents: int) -> None:
        """Add operations of one type and answer code."""
        self.add_to(NAMES[type_] if code == _APPROVED else DECLINED, count, cents)

    def add_to(self, name: str, count: int, cents: int) -> None:
        """Add operations to those of a word."""
        self._numbers[name][0] += count
        self._numbers[name][1] += cents

    def document(self) -> dict[str, Any]:
        """The totals as the member of the report. Amounts are texts: they may be beyond 64 bits."""
        return {
            name: {"quantidade": count, "centavos": str(cents)}
            for name, (count, cents) in self._numbers.items()
        }

    @classmethod
    def over(cls, parts: Iterable["OperationTotals"]) -> "OperationTotals":
        """The totals over several."""
        totals = cls()
        for part in parts:
            for name, numbers in part._numbers.items():  # noqa: SLF001 - its own class
                totals.add_to(name, *numbers)
        return totals


def operations(
    connection: Connection, kept: LocalDays, periods: Sequence[Period]
) -> list[OperationTotals]:
    """The operations of each of some periods, which follow each other.

    `kept` are the days of the tables' sums. Whole ones are read from there, the rest is counted.
    """
    by_day = _by_day(connection, kept.touched(Period(periods[0].start_us, periods[-1].end_us)))
    found = []
    for period in periods:
        totals = OperationTotals()
        whole, rest = cut(period, kept)
        for day in whole:
            for numbers in by_day.get(day, ()):
                totals.add(*numbers)
        for part in rest:
            for numbers in partial_days.operations(connection, part):
                totals.add(*numbers)
        found.append(totals)
    return found


def _by_day(connection: Connection, days: range) -> dict[int, list[tuple[str, str, int, int]]]:
    found: dict[int, list[tuple[str, str, int, int]]] = {}
    for day, type_, code, count, high, low in connection.execute(
        select(
            table.c.day,
            table.c.type,
            table.c.code,
            table.c.count,
            table.c.cents_high,
            table.c.cents_low,
        ).where(table.c.day.between(days.start, days.stop - 1))
    ):
        found.setdefault(day, []).append((type_, code, count, high * CENTS_BASE + low))
    return found
