"""The purchases of one message that an account has: listing them, and asking for them.

Those that have come lately are not listed yet, so a query has two parts, one for each. Where there
is no list, all are found as those that are not listed are.
"""

from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select, update

from authorizer.followers.reports.tables.schema import (
    STRETCH,
    account_transactions,
    progress,
    transactions,
)

MOST_UNLISTED: Final = 4 * STRETCH
"""Positions that may be left when a run of events is in. With more of them a list takes less time
each, and every question more."""

_LISTED: Final = select(progress.c.listed_position).scalar_subquery()
_UNLISTED: Final = (
    select(transactions.c.account_id, transactions.c.position)
    .where(transactions.c.position > _LISTED)
    .order_by(transactions.c.account_id, transactions.c.position)
)


def has_list(connection: Connection) -> bool:
    """Whether this database has a list, and no index."""
    return connection.dialect.name == "sqlite"


def list_all(connection: Connection) -> int:
    """List all that is not listed yet, if there is a list; the position that the tables are at.

    The first statement locks the database, so nobody else moves the tables on meanwhile.
    """
    if has_list(connection):
        columns = account_transactions.c.keys()
        connection.execute(insert(account_transactions).from_select(columns, _UNLISTED))
        connection.execute(update(progress).values(listed_position=progress.c.position))
    position: int = connection.execute(select(progress.c.position)).scalar_one()
    return position


def listed(query: Select[Any], account_id: Any) -> Select[Any]:
    """Of a query of `transactions` the account's rows that are listed.

    To have them in their order, or from a position on, ask `account_transactions` for it.
    """
    return query.join(
        account_transactions, account_transactions.c.position == transactions.c.position
    ).where(account_transactions.c.account_id == account_id)


def unlisted(query: Select[Any], account_id: Any) -> Select[Any]:
    """Of a query of `transactions` the account's rows that are not listed."""
    return query.where(transactions.c.position > _LISTED, transactions.c.account_id == account_id)
