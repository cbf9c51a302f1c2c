"""How purchases of several messages get into their table."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, select, update

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.purchase_life import Key, PurchaseChange
from authorizer.followers.reports.tables.schema import purchases, transactions
from authorizer.followers.reports.tables.writing import replace, upserting

_APPROVED: Final = Reason.APPROVED.name_on_wire


def write_purchases(connection: Connection, changes: Mapping[Key, PurchaseChange]) -> None:
    """Put what a run of events has made of purchases into their table.

    A purchase that one message made comes into it when something else happens to it.
    """
    put = [_whole(change) for change in changes.values() if change.put is not None]
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
    replace(connection, purchases, put)
    if others:
        known = upserting(connection)(purchases).from_select(
            list(purchases.c.keys()), _SINGLE_MESSAGE
        )
        for row in others:
            connection.execute(known.on_conflict_do_nothing(), row)
        connection.execute(_CHANGE, others)


def _whole(change: PurchaseChange) -> dict[str, Any]:
    assert change.put is not None
    return {**change.put, "status": change.status, "counted_cents": change.counted_cents}


_SINGLE_MESSAGE: Final = select(
    transactions.c.account_id,
    transactions.c.transaction_id,
    transactions.c.position,
    transactions.c.at_us,
    literal(PurchaseStatus.CLOSED.value),
    transactions.c.amount_cents,
    transactions.c.source,
    func.coalesce(transactions.c.override_mcc, transactions.c.mcc),
    transactions.c.merchant,
    transactions.c.card_id,
).where(
    transactions.c.account_id == bindparam("of_account"),
    transactions.c.transaction_id == bindparam("of_purchase"),
    transactions.c.reason == _APPROVED,
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
