"""How purchases of several messages get into their table."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, case, cast, func, select, update

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.column_types import WholeNumber
from authorizer.followers.reports.tables.purchase_life import Key, PurchaseChange
from authorizer.followers.reports.tables.schema import purchases, transactions
from authorizer.followers.reports.tables.writing import upserting

_IS_APPROVED: Final = transactions.c.reason == Reason.APPROVED.name_on_wire


def write_purchases(connection: Connection, changes: Mapping[Key, PurchaseChange]) -> None:
    """Put what a run of events has made of purchases into their table.

    A purchase that one message made comes into it when something else happens to it.
    """
    put = [_whole(change) for change in changes.values() if change.put is not None]
    single = [
        {"of_account": key.account_id, "of_purchase": key.purchase_id}
        for key, change in changes.items()
        if change.put is None or change.is_forced
    ]
    others = [
        {
            "of_account": key.account_id,
            "of_purchase": key.purchase_id,
            "adds_cents": change.counted_cents,
            "new_status": change.status,
        }
        for key, change in changes.items()
        if change.put is None
    ]
    insertion = upserting(connection)(purchases)
    known = insertion.from_select(list(purchases.c.keys()), _SINGLE_MESSAGE)
    for row in single:
        connection.execute(known.on_conflict_do_nothing(), row)
    if put:
        key, taken = purchases.primary_key, _taken_from(insertion.excluded)
        connection.execute(insertion.on_conflict_do_update(index_elements=key, set_=taken), put)
    if others:
        connection.execute(_CHANGE, others)


def _taken_from(put: Any) -> dict[str, Any]:
    """What a purchase that is there takes: one that was announced, or declined and then forced.

    It began when it began, and keeps its terms if it has any.
    """
    has_none = purchases.c.mcc.is_(None)
    terms = {
        name: case((has_none, put[name]), else_=purchases.c[name])
        for name in ("mcc", "merchant", "card_id")
    }
    return {**terms, **{name: put[name] for name in ("status", "counted_cents", "source")}}


def _whole(change: PurchaseChange) -> dict[str, Any]:
    assert change.put is not None
    return {**change.put, "status": change.status, "counted_cents": change.counted_cents}


_SINGLE_MESSAGE: Final = select(
    transactions.c.account_id,
    transactions.c.transaction_id,
    transactions.c.position,
    transactions.c.at_us,
    case(
        (_IS_APPROVED, PurchaseStatus.CLOSED.value),
        else_=PurchaseStatus.DECLINED.value,
    ),
    case((_IS_APPROVED, cast(transactions.c.amount_cents, WholeNumber)), else_=0),
    transactions.c.source,
    func.coalesce(transactions.c.override_mcc, transactions.c.mcc),
    transactions.c.merchant,
    transactions.c.card_id,
).where(
    transactions.c.account_id == bindparam("of_account"),
    transactions.c.transaction_id == bindparam("of_purchase"),
    transactions.c.reason != Reason.DUPLICATE_MISMATCH.name_on_wire,
)
_CHANGE: Final = (
    update(purchases)
    .where(
        purchases.c.account_id == bindparam("of_account"),
        purchases.c.purchase_id == bindparam("of_purchase"),
    )
    .values(
        counted_cents=purchases.c.counted_cents + bindparam("adds_cents"),
        status=func.coalesce(bindparam("new_status"), purchases.c.status),
    )
)
