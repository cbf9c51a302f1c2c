"""The rows of the reports' tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

from authorizer.followers.reports.tables.schema import metadata

Tables = dict[str, list[tuple[Any, ...]]]


def tables_of(engine: Engine) -> Tables:
    """All rows of all tables of a database."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
