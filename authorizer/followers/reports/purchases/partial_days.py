"""Purchases of a part of a day, counted from their rows."""

from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Numeric, case, cast, func, literal, select

from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.totals import PARTS
from authorizer.followers.reports.tables.column_types import MAX_DIGITS
from authorizer.followers.reports.tables.purchase_sums import KEYS, TOTAL
from authorizer.followers.reports.tables.schema import CENTS_BASE, transactions

Counted = dict[str, list[int]]
"""By key, the six numbers of `totals.Numbers`."""

_BASE: Final = 10**9
"""Sums of both halves of an amount stay within 64 bits, however many purchases a day has."""
_ASKED: Final = cast(transactions.c.amount_cents, Numeric(MAX_DIGITS, 0))
_MOST: Final = literal(MAX_BALANCE_CENTS, BigInteger)
_CENTS: Final = cast(case((_ASKED <= _MOST, _ASKED), else_=literal(0, BigInteger)), BigInteger)
_NUMBERS: Final = (
    func.count(),
    cast(func.sum(_CENTS // literal(_BASE, BigInteger)), BigInteger),
    cast(func.sum(_CENTS % literal(_BASE, BigInteger)), BigInteger),
)
_COLUMNS: Final[dict[str, Any]] = {
    TOTAL: literal(""),
    "wallet": transactions.c.source,
    "mcc": transactions.c.mcc,
    "merchant": transactions.c.merchant,
    "reason": transactions.c.reason,
}
_APPROVED: Final = Reason.APPROVED.answer_code


def count(connection: Connection, period: Period, dimension: str, into: Counted) -> None:
    """Add the purchases of a period to those that are counted already, by the dimension's keys."""
    if period.start_us >= period.end_us:
        return
    code = transactions.c.code
    rows = connection.execute(
        select(_COLUMNS[dimension].label("key"), code, *_NUMBERS)
        .where(transactions.c.at_us >= period.start_us, transactions.c.at_us < period.end_us)
        .group_by(*(() if dimension == TOTAL else (_COLUMNS[dimension],)), code)
    )
    for key, answer, quantity, high, low in rows:
        sums = into.setdefault(KEYS[dimension](key), [0] * PARTS)
        first = 0 if answer == _APPROVED else PARTS // 2
        cents = sums[first + 1] * CENTS_BASE + sums[first + 2] + int(high) * _BASE + int(low)
        sums[first] += quantity
        sums[first + 1], sums[first + 2] = divmod(cents, CENTS_BASE)
