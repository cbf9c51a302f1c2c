"""The sums of purchases and of their operations by local day, in their tables."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, literal_column, select, update

from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.movement_sums import MovementSums
from authorizer.followers.reports.tables.purchase_sums import PurchaseSums
from authorizer.followers.reports.tables.schema import (
    CENTS_BASE,
    local_days,
    movement_days,
    movements,
    progress,
    terms,
    transaction_days,
    transactions,
)
from authorizer.followers.reports.tables.terms import Terms
from authorizer.followers.reports.tables.writing import Statement, execute, replacement

READ_AT_ONCE: Final = 10_000


def days_fit(connection: Connection, days: LocalDays) -> bool:
    """Whether the days of the sums begin and end as `days` has them."""
    return all(
        days.whole(row.day) == (row.start_us, row.end_us)
        for row in connection.execute(select(local_days))
    )


def add_up_anew(connection: Connection, days: LocalDays) -> None:
    """Add up all that is in the tables by other days. Readers see the old sums until it ends."""
    connection.execute(update(progress).values(time_zone=days.time_zone))  # others wait, or fail
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for table in (transaction_days, movement_days, local_days):
        connection.execute(delete(table))
    _add_up_purchases(connection, days)
    _add_up_movements(connection, days)


def _add_up_purchases(connection: Connection, days: LocalDays) -> None:
    position = 0
    while rows := connection.execute(
        _PURCHASES.where(transactions.c.position > position)
        .order_by(transactions.c.position)
        .limit(READ_AT_ONCE)
    ).all():
        sums = PurchaseSums(days)
        for position, at_us, word, source, mcc, merchant, cents in rows:  # noqa: B007 - read on from it
            day, _ = days.day_at(at_us)
            like = Terms(Reason.of(word), source, None, mcc, merchant)
            sums.add(day, like, 1, cents if cents <= MAX_BALANCE_CENTS else 0)
        add_sums(connection, transaction_days, sums)


def _add_up_movements(connection: Connection, days: LocalDays) -> None:
    position = 0
    while rows := connection.execute(
        _MOVEMENTS.where(movements.c.position > position)
        .order_by(movements.c.position)
        .limit(READ_AT_ONCE)
    ).all():
        sums = MovementSums(days)
        for position, at_us, type_, code, cents in rows:  # noqa: B007 - read on from it
            sums.add(at_us, type_, code, cents)
        add_sums(connection, movement_days, sums)


def add_sums(connection: Connection, table: Table, sums: PurchaseSums | MovementSums) -> None:
    """Add sums to those in their table."""
    execute(connection, _adding(table), sums.rows())
    execute(connection, replacement(local_days), sums.days())


@lru_cache
def _adding(table: Table) -> Statement:
    base = literal_column(str(CENTS_BASE), table.c.cents_low.type)

    def statement(insert: Any) -> Any:
        insertion = insert(table)
        low = table.c.cents_low + insertion.excluded.cents_low
        return insertion.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={
                "count": table.c.count + insertion.excluded.count,
                "cents_high": table.c.cents_high + insertion.excluded.cents_high + low // base,
                "cents_low": low % base,
            },
        )

    return statement


_PURCHASES: Final = select(
    transactions.c.position,
    transactions.c.at_us,
    terms.c.reason,
    terms.c.source,
    terms.c.mcc,
    terms.c.merchant,
    transactions.c.amount_cents,
).join_from(transactions, terms, transactions.c.terms_id == terms.c.id)
_MOVEMENTS: Final = select(
    movements.c.position,
    movements.c.at_us,
    movements.c.type,
    terms.c.code,
    movements.c.amount_cents,
).join_from(movements, terms, movements.c.terms_id == terms.c.id)
