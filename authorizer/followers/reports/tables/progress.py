"""How far the tables are: the row `progress`, and the tables' making."""

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, insert, inspect, select, update

from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.care_schema import contacts, operations, tickets
from authorizer.followers.reports.tables.schema import (
    INDEXES_OF_LINES,
    SCHEMA_VERSION,
    metadata,
    movements,
    progress,
    purchases,
    transactions,
)
from authorizer.persistence.journal.place import Place


class OvertakenError(Exception):
    """Another process has moved the tables on: the events are in them already."""


class Standing(NamedTuple):
    """The tables' place in the journal, their edition, and the time zone of their days."""

    place: Place
    edition: str
    time_zone: str


def read_standing(connection: Connection) -> Standing | None:
    """How the tables stand; None where there are none, or those of another version."""
    if not inspect(connection).has_table(progress.name):
        return None
    row = connection.execute(select(progress)).mappings().first()
    if row is None or row["schema_version"] != SCHEMA_VERSION:
        return None
    place = Place(row["position"], bytes(row["chain"]), row["segment"], row["batch_offset"])
    return Standing(place, row["edition"], row["time_zone"])


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows the tables have that people ask about."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (transactions, purchases, movements, operations, contacts, tickets)
    }


def make_anew(engine: Engine, beginning: Place, days: LocalDays) -> str:
    """Make all tables, empty and without the indexes of lines; their edition.

    A crash on the way leaves no progress, so they are made again.
    """
    edition = secrets.token_hex(8)
    with engine.begin() as connection:
        progress.drop(connection, checkfirst=True)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        for index in INDEXES_OF_LINES:
            index.drop(connection)
        values = {
            "id": 1,
            "schema_version": SCHEMA_VERSION,
            "time_zone": days.time_zone,
            "edition": edition,
            "listed_position": beginning.position,
            **beginning._asdict(),
        }
        connection.execute(insert(progress).values(values))
    return edition


def move(
    connection: Connection, before: Place, after: Place, edition: str, days: LocalDays
) -> None:
    """Move the tables of an edition from one place of the journal to another.

    Raises:
        OvertakenError: they are not at `before`, not of this edition, or have not these days.
    """
    moved = connection.execute(
        update(progress)
        .where(
            progress.c.schema_version == SCHEMA_VERSION,
            progress.c.position == before.position,
            progress.c.chain == before.chain,
            progress.c.edition == edition,
            progress.c.time_zone == days.time_zone,
        )
        .values(after._asdict())
    )
    if moved.rowcount != 1:
        raise OvertakenError(f"the tables are not at position {before.position} any more")
