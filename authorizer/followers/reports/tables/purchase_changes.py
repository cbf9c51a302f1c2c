"""How purchases of several messages get into their table."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, cast, func, select, update

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.column_types import WholeNumber
from authorizer.followers.reports.tables.purchase_life import Key, PurchaseChange
from authorizer.followers.reports.tables.schema import purchases, terms, transactions
from authorizer.followers.reports.tables.stretches import within
from authorizer.followers.reports.tables.terms import Values
from authorizer.followers.reports.tables.writing import execute, insert_of

LOOKUP: Final = 250
"""Purchases that are looked up at once."""
_KNOWN: Final = (
    "WITH asked (account_id, purchase_id) AS (VALUES {}) "
    "SELECT purchases.account_id, purchases.purchase_id FROM asked CROSS JOIN purchases "
    "WHERE purchases.account_id = asked.account_id "
    "AND purchases.purchase_id = asked.purchase_id"
)
"""Its text: with `IN` SQLite reads all of the table, and SQLAlchemy's `VALUES` it does not take."""
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
    for key, change in unknown:
        connection.execute(*_of_one_message(connection, key, change.answered_at_us))
    execute(connection, _beginning, [_row(key, change) for key, change in begun])
    execute(
        connection,
        _changing,
        [(change.status, change.counted_cents, *key) for key, change in others],
    )


def _of_one_message(
    connection: Connection, key: Key, answered_at_us: int | None
) -> tuple[Any, dict[str, Any]]:
    """What inserts a purchase that one message made, if one did; and the parameters."""
    its = {"of_account": key[0], "of_purchase": key[1]}
    if answered_at_us is None:  # older records do not say it: look through all of the account's
        return _insertion(connection.dialect.name, _SINGLE_MESSAGE), its
    return _insertion(connection.dialect.name, _AT_ITS_TIME), its | {"at_us": answered_at_us}


@lru_cache
def _insertion(dialect: str, found: Select[Any]) -> Any:
    insertion = insert_of(dialect)(purchases).from_select(list(purchases.c.keys()), found)
    return insertion.on_conflict_do_nothing()


def _known(connection: Connection, keys: list[Key]) -> Iterator[Key]:
    """Those that are in the table already."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for start in range(0, len(keys), LOOKUP):
        asked = keys[start : start + LOOKUP]
        text = _KNOWN.format(", ".join([f"({mark}, {mark})"] * len(asked)))
        found = connection.exec_driver_sql(text, tuple(chain.from_iterable(asked)))
        yield from ((row[0], row[1]) for row in found)


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
    .where(
        transactions.c.account_id == bindparam("of_account"),
        transactions.c.transaction_id == bindparam("of_purchase"),
        terms.c.reason != Reason.DUPLICATE_MISMATCH.name_on_wire,
    )
)
_AT_ITS_TIME: Final = _SINGLE_MESSAGE.where(
    transactions.c.at_us == bindparam("at_us", type_=WholeNumber),
    within(
        transactions.c.position,
        bindparam("at_us", type_=WholeNumber),
        bindparam("at_us", type_=WholeNumber) + 1,
    ),
)
"""It is where the time of the event's answer says."""
