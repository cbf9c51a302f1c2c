"""Purchases and operations of a part of a day, counted from their rows."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Numeric,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
    select,
)

from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.totals import PARTS
from authorizer.followers.reports.tables.column_types import MAX_DIGITS
from authorizer.followers.reports.tables.movement_sums import OPERATIONS
from authorizer.followers.reports.tables.purchase_sums import KEYS, TOTAL
from authorizer.followers.reports.tables.schema import (
    CENTS_BASE,
    movements,
    terms,
    transactions,
)
from authorizer.followers.reports.tables.stretches import within

Counted = dict[str, list[int]]
"""By key, the six numbers of `totals.Numbers`."""

_BASE: Final = 10**9
"""Sums of both halves of an amount stay within 64 bits, however many purchases a day has."""
_MOST: Final = literal(MAX_BALANCE_CENTS, BigInteger)


_COLUMNS: Final[dict[str, Any]] = {
    TOTAL: literal(""),
    "wallet": terms.c.source,
    "mcc": terms.c.mcc,
    "merchant": terms.c.merchant,
    "reason": terms.c.reason,
}
_APPROVED: Final = Reason.APPROVED.answer_code


def count(connection: Connection, period: Period, dimension: str, into: Counted) -> None:
    """Add the purchases of a period to those that are counted already, by the dimension's keys."""
    if period.start_us >= period.end_us:
        return
    alike = _by_terms(transactions, period).subquery()
    rows = connection.execute(
        select(
            _COLUMNS[dimension], terms.c.code, alike.c.quantity, alike.c.high, alike.c.low
        ).join_from(alike, terms, alike.c.terms_id == terms.c.id)
    )
    for key, answer, quantity, high, low in rows:
        sums = into.setdefault(KEYS[dimension](key), [0] * PARTS)
        first = 0 if answer == _APPROVED else PARTS // 2
        cents = sums[first + 1] * CENTS_BASE + sums[first + 2] + int(high) * _BASE + int(low)
        sums[first] += quantity
        sums[first + 1], sums[first + 2] = divmod(cents, CENTS_BASE)


def operations(connection: Connection, period: Period) -> Iterator[tuple[str, str, int, int]]:
    """The lines of statements of a period by type and code: how many, and their centavos.

    One type and code may come more than once.
    """
    if period.start_us >= period.end_us:
        return
    alike = (
        _by_terms(movements, period, movements.c.type)
        .where(movements.c.type.in_(OPERATIONS))
        .subquery()
    )
    rows = connection.execute(
        select(alike.c.type, terms.c.code, alike.c.quantity, alike.c.high, alike.c.low).join_from(
            alike, terms, alike.c.terms_id == terms.c.id
        )
    )
    for type_, code, quantity, high, low in rows:
        yield type_, code, quantity, int(high) * _BASE + int(low)


def _by_terms(table: Table, period: Period, *also: Column[Any]) -> Select[Any]:
    """The lines of a period by their terms: `quantity`, and `high` and `low` of their amounts."""
    asked = cast(table.c.amount_cents, Numeric(MAX_DIGITS, 0))
    cents = cast(case((asked <= _MOST, asked), else_=literal(0, BigInteger)), BigInteger)
    return (
        select(
            table.c.terms_id,
            *also,
            func.count().label("quantity"),
            cast(func.sum(cents // literal(_BASE, BigInteger)), BigInteger).label("high"),
            cast(func.sum(cents % literal(_BASE, BigInteger)), BigInteger).label("low"),
        )
        .where(
            table.c.at_us >= period.start_us,
            table.c.at_us < period.end_us,
            within(table.c.position, period.start_us, period.end_us),
        )
        .group_by(table.c.terms_id, *also)
    )
