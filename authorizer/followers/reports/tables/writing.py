"""Writing rows, on SQLite and PostgreSQL alike.

Rows of which there are many go to the driver as they are, positional, with a text that SQLAlchemy
has made once: its work on each value costs more than all the rest.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect

from authorizer.followers.reports.tables.schema import INDEXES_OF_LINES, Row
from authorizer.followers.reports.tables.terms import Values

ROWS_AT_ONCE: Final = 100
"""Rows of one statement on SQLite: they take two thirds of the time of as many single ones."""

Statement = Callable[[Any], Any]
"""Makes a statement with the `insert` of a dialect."""


def insert_values(connection: Connection, table: Table, values: Sequence[Any]) -> None:
    """Insert rows, the values of one behind those of the other, as the driver takes them."""
    width = len(table.c)
    begin = 0
    if connection.dialect.name == "sqlite":
        text, size = _many(table), ROWS_AT_ONCE * width
        while begin + size <= len(values):
            connection.exec_driver_sql(text, tuple(values[begin : begin + size]))
            begin += size
    rest = [iter(values[begin:])] * width
    execute(connection, insertion(table), list(zip(*rest, strict=True)))


def execute(connection: Connection, statement: Statement, rows: Sequence[Values]) -> None:
    """Execute a statement for every row, whose values are in the order of its parameters."""
    if rows:
        connection.exec_driver_sql(_text(statement, connection.dialect.name), list(rows))


@lru_cache
def replacement(table: Table) -> Statement:
    """Insert a row of all columns, in the place of the one with its key, if there is one."""

    def statement(insert: Any) -> Any:
        return _replacing(insert(table), table)

    return statement


def replace(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows by the names of their columns, each in the place of the one with its key."""
    if rows:
        connection.execute(_replacing(insert_of(connection.dialect.name)(table), table), rows)


def make_indexes(connection: Connection) -> None:
    """Make the indexes of lines that are not there yet. It takes time, and is not cut short."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for index in INDEXES_OF_LINES:
        index.create(connection, checkfirst=True)


def _replacing(insertion: Any, table: Table) -> Any:
    key = list(table.primary_key)
    others = {
        column.name: insertion.excluded[column.name] for column in table.c if column not in key
    }
    return insertion.on_conflict_do_update(index_elements=key, set_=others)


def insert_of(dialect: str) -> Any:
    """The `insert` of a dialect, which has `on_conflict_do_update`."""
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


@lru_cache
def insertion(table: Table) -> Statement:
    """Insert a row of all columns."""
    return lambda insert: insert(table)


@lru_cache
def _many(table: Table) -> str:
    """The text that inserts `ROWS_AT_ONCE` rows."""
    one = _text(insertion(table), "sqlite")
    head, row = one.split(" VALUES ")
    return f"{head} VALUES {', '.join([row] * ROWS_AT_ONCE)}"


@lru_cache
def _text(statement: Statement, dialect: str) -> str:
    """The text of a statement, with a mark for each parameter."""
    made = statement(insert_of(dialect))
    if dialect == "sqlite":
        return str(made.compile(dialect=SQLiteDialect_pysqlite(paramstyle="qmark")))
    positional: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    return str(made.compile(dialect=positional))
