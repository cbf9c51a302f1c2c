"""Pages of rows: the newest first, each page behind a key of the one before."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, tuple_

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS

Params = Mapping[str, Any]
"""The parameters of a query: JSON values by name."""


def newest_first(
    query: Select[Any], table: Table, key: tuple[str, ...], params: Params
) -> Select[Any]:
    """The rows behind the key `before` of `params`, or all, in descending order of their keys."""
    columns = [table.c[name] for name in key]
    if params.get("before") is not None:
        query = query.where(tuple_(*columns) < tuple_(*params["before"]))
    return query.order_by(*(column.desc() for column in columns))


def page_of(
    connection: Connection, query: Select[Any], params: Params, key: tuple[str, ...]
) -> dict[str, Any]:
    """Up to `limit` of `params` as `rows`, and the key of the last as `next`, if more follow."""
    limit = min(params["limit"], MAX_PAGE_ROWS)
    result = connection.execute(query.limit(limit + 1))
    names = list(map(str, result.keys()))  # SQLAlchemy's are no plain strings
    rows = [dict(zip(names, row, strict=True)) for row in result]
    more = len(rows) > limit
    del rows[limit:]
    return {"rows": rows, "next": [rows[-1][name] for name in key] if more else None}
