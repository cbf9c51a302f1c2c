"""Purchases and operations of a part of a day, counted from their rows."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Numeric, case, cast, func, literal, select

from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.totals import PARTS
from authorizer.followers.reports.tables.column_types import MAX_DIGITS
from authorizer.followers.reports.tables.movement_sums import OPERATIONS
from authorizer.followers.reports.tables.purchase_sums import KEYS, TOTAL
from authorizer.followers.reports.tables.schema import CENTS_BASE, movements, transactions

Counted = dict[str, list[int]]
"""By key, the six numbers of `totals.Numbers`."""

_BASE: Final = 10**9
"""Sums of both halves of an amount stay within 64 bits, however many purchases a day has."""
_MOST: Final = literal(MAX_BALANCE_CENTS, BigInteger)


def _numbers(amount_cents: Column[Any]) -> tuple[Any, ...]:
    """The count of rows, and both halves of the sum of their amounts."""
    asked = cast(amount_cents, Numeric(MAX_DIGITS, 0))
    cents = cast(case((asked <= _MOST, asked), else_=literal(0, BigInteger)), BigInteger)
    return (
        func.count(),
        cast(func.sum(cents // literal(_BASE, BigInteger)), BigInteger),
        cast(func.sum(cents % literal(_BASE, BigInteger)), BigInteger),
    )


_PURCHASES: Final = _numbers(transactions.c.amount_cents)
_MOVEMENTS: Final = _numbers(movements.c.amount_cents)
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
        select(_COLUMNS[dimension].label("key"), code, *_PURCHASES)
        .where(transactions.c.at_us >= period.start_us, transactions.c.at_us < period.end_us)
        .group_by(*(() if dimension == TOTAL else (_COLUMNS[dimension],)), code)
    )
    for key, answer, quantity, high, low in rows:
        sums = into.setdefault(KEYS[dimension](key), [0] * PARTS)
        first = 0 if answer == _APPROVED else PARTS // 2
        cents = sums[first + 1] * CENTS_BASE + sums[first + 2] + int(high) * _BASE + int(low)
        sums[first] += quantity
        sums[first + 1], sums[first + 2] = divmod(cents, CENTS_BASE)


def operations(connection: Connection, period: Period) -> Iterator[tuple[str, str, int, int]]:
    """The lines of statements of a period by type and code: how many, and their centavos."""
    if period.start_us >= period.end_us:
        return
    of = movements.c
    for type_, code, count, high, low in connection.execute(
        select(of.type, of.code, *_MOVEMENTS)
        .where(of.at_us >= period.start_us, of.at_us < period.end_us, of.type.in_(OPERATIONS))
        .group_by(of.type, of.code)
    ):
        yield type_, code, count, int(high) * _BASE + int(low)
