"""The rows of the reports' tables."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, Select, Table, select

from authorizer.followers.reports.tables import care_schema
from authorizer.followers.reports.tables.schema import (
    account_transactions,
    metadata,
    movements,
    stretches,
    terms,
    transactions,
)

Tables = dict[str, list[tuple[Any, ...]]]
LINES: Final = (transactions, movements)
NO_CONTENT: Final = ("terms_id", "edition", "listed_position")
"""Columns that differ in tables of the same content."""
OF_THE_RUNS: Final = (terms, stretches, account_transactions)
"""The tables whose rows depend on how the events were cut into runs."""

assert care_schema.tickets.metadata is metadata  # which has all tables once that module is loaded


def columns_of(name: str) -> list[str]:
    """The columns of a table as `tables_of` gives them."""
    table = metadata.tables[name]
    of_terms = [c.name for c in terms.c if c.name != "id"] if table in LINES else []
    return [*(c.name for c in table.c if c.name not in NO_CONTENT), *of_terms]


def tables_of(engine: Engine) -> Tables:
    """The content of a database: all rows of its tables, lines of statements with their terms."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(_rows(table))), key=repr)
            for table in metadata.sorted_tables
            if table not in OF_THE_RUNS
        }


def _rows(table: Table) -> Select[Any]:
    found = [table.c[name] if name in table.c else terms.c[name] for name in columns_of(table.name)]
    if table not in LINES:
        return select(*found)
    return select(*found).join_from(table, terms, table.c.terms_id == terms.c.id, isouter=True)
