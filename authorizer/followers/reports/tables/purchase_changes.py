"""How purchases of several messages get into their table."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Select,
    bindparam,
    case,
    cast,
    func,
    select,
    update,
)

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.account_lines import has_list, listed, unlisted
from authorizer.followers.reports.tables.column_types import WholeNumber
from authorizer.followers.reports.tables.purchase_life import Key, PurchaseChange
from authorizer.followers.reports.tables.schema import (
    account_transactions,
    purchases,
    terms,
    transactions,
)
from authorizer.followers.reports.tables.stretches import within
from authorizer.followers.reports.tables.terms import Values
from authorizer.followers.reports.tables.writing import execute, insert_of

KNOWN_AT_ONCE: Final = 250
UNLISTED_AT_ONCE: Final = 5_000
"""Purchases that are looked up at once; where there is no list, all lines are looked through."""
_KNOWN: Final = (
    "WITH asked (account_id, purchase_id) AS (VALUES {}) "
    "SELECT purchases.account_id, purchases.purchase_id FROM asked CROSS JOIN purchases "
    "WHERE purchases.account_id = asked.account_id "
    "AND purchases.purchase_id = asked.purchase_id"
)
"""Its text: with `IN` SQLite reads all of the table, and SQLAlchemy's `VALUES` it does not take."""
_UNLISTED: Final = (
    "WITH asked (account_id, purchase_id) AS (VALUES {}) "
    "SELECT account_id, transaction_id, position, at_us "
    "FROM transactions JOIN terms ON terms.id = terms_id "
    "WHERE position > (SELECT listed_position FROM progress) "
    "AND (account_id, transaction_id) IN (SELECT account_id, purchase_id FROM asked) "
    "AND reason <> ? ORDER BY position"
)
"""Its text: a join SQLite makes by comparing each with each, for `VALUES` have no column's type."""
_Line = tuple[int, int]
"""The position and the time of a line."""
_MISMATCH: Final = Reason.DUPLICATE_MISMATCH.name_on_wire
"""The reason of a decline that is none of the purchase whose id it names."""
_IS_APPROVED: Final = terms.c.reason == Reason.APPROVED.name_on_wire


def write_purchases(
    connection: Connection,
    changes: Mapping[Key, PurchaseChange],
    make_indexes: Callable[[Connection], None],
) -> None:
    """Put what a run of events has made of purchases into their table.

    A purchase that one message made comes into it when something else happens to it. It is looked
    for by the indexes of lines, so they are made then.
    """
    begun = [(key, change) for key, change in changes.items() if change.begun is not None]
    others = [(key, change) for key, change in changes.items() if change.begun is None]
    perhaps_single = [*(both for both in begun if both[1].is_forced), *others]
    known = set(_known(connection, [key for key, _ in perhaps_single]))
    unknown = [(key, change) for key, change in perhaps_single if key not in known]
    if unknown:
        make_indexes(connection)
    dialect = connection.dialect.name
    is_listed = has_list(connection)
    lately = _lately(connection, [key for key, _ in unknown]) if is_listed else {}
    for key, change in unknown:
        found = _of_one_message(key, change.answered_at_us, lately.get(key, []), is_listed)
        for statement, params in found:
            connection.execute(_insertion(dialect, statement), params)
    execute(connection, _beginning, [_row(key, change) for key, change in begun])
    execute(
        connection,
        _changing,
        [(change.status, change.counted_cents, *key) for key, change in others],
    )


def _of_one_message(
    key: Key, answered_at_us: int | None, lately: list[_Line], is_listed: bool
) -> Iterator[tuple[Select[Any], dict[str, Any]]]:
    """The queries of a purchase that one message made, if one did; and their parameters.

    `is_listed`: whether there is a list. `lately`: the lines with its id that are not in it.
    """
    its = {"of_account": key[0], "of_purchase": key[1]}
    found = [position for position, at_us in lately if answered_at_us in {None, at_us}]
    if answered_at_us is None:  # older records do not say it: look through all of the account's
        yield _LISTED if is_listed else _INDEXED, its
    elif not found:
        at_its_time = _LISTED_AT_ITS_TIME if is_listed else _INDEXED_AT_ITS_TIME
        yield at_its_time, its | {"at_us": answered_at_us}
    for position in found:
        yield _AT_ITS_POSITION, {"its_position": position}


@lru_cache
def _insertion(dialect: str, found: Select[Any]) -> Any:
    insertion = insert_of(dialect)(purchases).from_select(list(purchases.c.keys()), found)
    return insertion.on_conflict_do_nothing()


def _known(connection: Connection, keys: list[Key]) -> Iterator[Key]:
    """Those that are in the table already."""
    return ((row[0], row[1]) for row in _asked(connection, _KNOWN, keys, KNOWN_AT_ONCE))


def _lately(connection: Connection, keys: list[Key]) -> dict[Key, list[_Line]]:
    """The lines with ids of some accounts that are not listed, in their order."""
    lines: dict[Key, list[_Line]] = {}
    found = _asked(connection, _UNLISTED, keys, UNLISTED_AT_ONCE, _MISMATCH)
    for account_id, its_id, *line in found:
        lines.setdefault((account_id, its_id), []).append((line[0], line[1]))
    return lines


def _asked(
    connection: Connection, text: str, keys: list[Key], at_once: int, *more: str
) -> Iterator[Any]:
    """The rows of a query that asks for purchases. `more`: its values behind them."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for start in range(0, len(keys), at_once):
        asked = keys[start : start + at_once]
        values = ", ".join([f"({mark}, {mark})"] * len(asked))
        yield from connection.exec_driver_sql(
            text.format(values), (*chain.from_iterable(asked), *more)
        )


def _row(key: Key, change: PurchaseChange) -> Values:
    begun, source = change.begun, change.source
    assert begun is not None
    place = (begun.position, begun.at_us)
    terms = (begun.mcc, begun.merchant, begun.card_id)
    return (*key, *place, change.status, change.counted_cents, source, *terms)


def _beginning(insert: Any) -> Any:
    """Insert a row, or change the one that is there: it was announced, or declined and then forced.

    It began when it began, and keeps its terms if it has any.
    """
    insertion = insert(purchases)
    new = insertion.excluded
    has_none = purchases.c.mcc.is_(None)
    kept = {
        name: case((has_none, new[name]), else_=purchases.c[name])
        for name in ("mcc", "merchant", "card_id")
    }
    taken = {name: new[name] for name in ("status", "counted_cents", "source")}
    return insertion.on_conflict_do_update(
        index_elements=purchases.primary_key, set_={**kept, **taken}
    )


def _changing(_: Any) -> Any:
    """Change a row: the new status, or None, what is added, and the key."""
    return (
        update(purchases)
        .where(
            purchases.c.account_id == bindparam("of_account"),
            purchases.c.purchase_id == bindparam("of_purchase"),
        )
        .values(
            status=func.coalesce(bindparam("new_status"), purchases.c.status),
            counted_cents=purchases.c.counted_cents + bindparam("adds_cents"),
        )
    )


_SINGLE_MESSAGE: Final = (
    select(
        transactions.c.account_id,
        transactions.c.transaction_id,
        transactions.c.position,
        transactions.c.at_us,
        case(
            (_IS_APPROVED, PurchaseStatus.CLOSED.value),
            else_=PurchaseStatus.DECLINED.value,
        ),
        case((_IS_APPROVED, cast(transactions.c.amount_cents, WholeNumber)), else_=0),
        terms.c.source,
        func.coalesce(terms.c.override_mcc, terms.c.mcc),
        terms.c.merchant,
        transactions.c.card_id,
    )
    .join_from(transactions, terms, transactions.c.terms_id == terms.c.id)
    .where(terms.c.reason != _MISMATCH)
)
_AT_ITS_POSITION: Final = _SINGLE_MESSAGE.where(
    transactions.c.position == bindparam("its_position", type_=WholeNumber)
)
_OF_ITS_ID: Final = _SINGLE_MESSAGE.where(transactions.c.transaction_id == bindparam("of_purchase"))
_LISTED: Final = listed(_OF_ITS_ID, bindparam("of_account"))
_INDEXED: Final = unlisted(_OF_ITS_ID, bindparam("of_account"))


def _at_its_time(query: Select[Any], position: Column[int]) -> Select[Any]:
    """It is where the time of the event's answer says."""
    at_us = bindparam("at_us", type_=WholeNumber)
    return query.where(transactions.c.at_us == at_us, within(position, at_us, at_us + 1))


_LISTED_AT_ITS_TIME: Final = _at_its_time(_LISTED, account_transactions.c.position)
_INDEXED_AT_ITS_TIME: Final = _at_its_time(_INDEXED, transactions.c.position)
