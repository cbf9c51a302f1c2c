"""Writing rows, on SQLite and PostgreSQL alike."""

from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from authorizer.followers.reports.tables.schema import Row


def insert_as_they_are(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows without SQLAlchemy's work on each value, which costs more than all the rest.

    The rows hold values that the driver takes, amounts excepted.
    """
    compiled = insert(table).compile(dialect=connection.dialect)
    if connection.dialect.name == "sqlite":
        for row in rows:
            row["amount_cents"] = str(row["amount_cents"])
        values = itemgetter(*(compiled.positiontup or ()))
        connection.exec_driver_sql(str(compiled), list(map(values, rows)))
    else:
        connection.exec_driver_sql(str(compiled), rows)


def replace(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows, each in the place of the one with its key, if there is one."""
    if not rows:
        return
    insertion = upserting(connection)(table)
    key = list(table.primary_key)
    others = {
        column.name: insertion.excluded[column.name] for column in table.c if column not in key
    }
    connection.execute(insertion.on_conflict_do_update(index_elements=key, set_=others), rows)


def upserting(connection: Connection) -> Any:
    """The `insert` of the database's dialect, which has `on_conflict_do_update`."""
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
