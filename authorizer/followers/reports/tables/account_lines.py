"""The purchases of one message that an account has: listing them, and asking for them.

Those that have come lately are not listed yet. So a query has two parts, one for each.
"""

from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select, update

from authorizer.followers.reports.tables.schema import (
    STRETCH,
    progress,
    transactions,
    transactions_by_account,
)

MOST_UNLISTED: Final = 4 * STRETCH
"""Positions that are not listed, at most, once listing has begun. With more of them a list takes
less time each, and every question more."""

_LISTED: Final = select(progress.c.listed_position).scalar_subquery()
_UNLISTED: Final = (
    select(transactions.c.account_id, transactions.c.position)
    .where(transactions.c.position > _LISTED)
    .order_by(transactions.c.account_id, transactions.c.position)
)


def list_all(connection: Connection) -> int:
    """List all that is not listed yet; the position up to which all is then."""
    connection.execute(
        insert(transactions_by_account).from_select(["account_id", "position"], _UNLISTED)
    )
    connection.execute(update(progress).values(listed_position=progress.c.position))
    position: int = connection.execute(select(progress.c.position)).scalar_one()
    return position


def listed(query: Select[Any], account_id: Any) -> Select[Any]:
    """Of a query of `transactions` the account's rows that are listed.

    To have them in their order, or from a position on, ask `transactions_by_account` for it.
    """
    return query.join(
        transactions_by_account, transactions_by_account.c.position == transactions.c.position
    ).where(transactions_by_account.c.account_id == account_id)


def unlisted(query: Select[Any], account_id: Any) -> Select[Any]:
    """Of a query of `transactions` the account's rows that are not listed."""
    return query.where(transactions.c.position > _LISTED, transactions.c.account_id == account_id)
