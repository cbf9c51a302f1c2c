"""Events → tables: a run of events in one transaction."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, insert, select

from authorizer.domain.messages import Event
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.account_lines import MOST_UNLISTED, list_all
from authorizer.followers.reports.tables.care_schema import (
    account_changes,
    cards,
    contacts,
    operations,
    ticket_changes,
    tickets,
)
from authorizer.followers.reports.tables.column_types import storable_json
from authorizer.followers.reports.tables.progress import move
from authorizer.followers.reports.tables.projection import lookups, project
from authorizer.followers.reports.tables.purchase_changes import write_purchases
from authorizer.followers.reports.tables.rows import Rows
from authorizer.followers.reports.tables.schema import (
    movement_days,
    movements,
    terms,
    transaction_days,
    transactions,
)
from authorizer.followers.reports.tables.stretches import put_times
from authorizer.followers.reports.tables.terms import KnownTerms
from authorizer.followers.reports.tables.ticket_record import TicketRecord
from authorizer.followers.reports.tables.transaction_days import add_sums
from authorizer.followers.reports.tables.writing import (
    execute,
    insert_values,
    insertion,
    make_indexes,
    replace,
)
from authorizer.persistence.journal.place import Place
from authorizer.persistence.state.history import RawBatch

LOOKUP: Final = 500
"""Ids that are looked up at once."""


class Store:
    """The tables of one edition as one process fills them, and what it remembers of them.

    `days` are those of the tables' sums.
    """

    def __init__(self, edition: str, days: LocalDays, most_unlisted: int = MOST_UNLISTED) -> None:
        self._edition = edition
        self._days = days
        self._most_unlisted = most_unlisted
        self._known = KnownTerms()
        self._listed_position: int | None = None
        """How far the purchases of accounts are listed, once that has begun."""

    def put(
        self, connection: Connection, before: Place, after: Place, batches: Sequence[RawBatch]
    ) -> None:
        """Put batches into the tables: all between two places of the journal.

        Raises:
            OvertakenError: the tables are not at `before`, or their edition or their days are
                others. After this, and any other exception, nothing may be committed, and what is
                remembered here is not to be believed: the next one takes a `Store` anew.
        """
        move(connection, before, after, self._edition, self._days)
        self._known.begin()
        with _no_collection():
            self._write(connection, self._project(connection, batches))
        listed = self._listed_position
        if listed is not None and after.position - listed > self._most_unlisted:
            self._listed_position = list_all(connection)

    def make_indexes(self, connection: Connection) -> None:
        """Make the indexes of lines, and list those of accounts, if that has not begun.

        Both are kept up from then on. To make them anew is quicker with all rows there.
        """
        if self._listed_position is None:
            make_indexes(connection)
            self._listed_position = list_all(connection)

    def _project(self, connection: Connection, batches: Sequence[RawBatch]) -> Rows:
        rows = Rows(self._known, self._days)
        events = [found for batch in batches for found in _not_short(rows, batch)]
        found = lookups(event for _, event in events)
        rows.owner_of_card.update(_owners(connection, found.card_ids))
        rows.tickets.update(_tickets(connection, found.ticket_ids))
        for position, event in events:
            project(rows, event, position)
        return rows

    def _write(self, connection: Connection, rows: Rows) -> None:
        insert_values(connection, transactions, rows.purchases.values)
        insert_values(connection, movements, rows.lives.values)
        _put_times(connection, rows)
        execute(connection, insertion(terms), self._known.new)
        for table, new in (
            (operations, rows.operations),
            (contacts, rows.contacts),
            (ticket_changes, rows.ticket_changes),
            (account_changes, rows.account_changes),
        ):
            if new:
                connection.execute(insert(table), new)
        write_purchases(connection, rows.lives.changes, self.make_indexes)
        replace(connection, cards, rows.cards)
        replace(connection, tickets, [record.row() for record in rows.tickets.values()])
        add_sums(connection, transaction_days, rows.purchases.sums())
        add_sums(connection, movement_days, rows.lives.sums())


@contextmanager
def _no_collection() -> Iterator[None]:
    """Have no cyclic garbage looked for: a run makes none, and many objects that are gone at once.

    To look through them again and again took a fifth of a run.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _not_short(rows: Rows, batch: RawBatch) -> Iterator[tuple[int, Event]]:
    """Project the records of a batch that go the short way; the events of all others."""
    fields = batch.fields()
    if batch.spells_nul:
        fields = [storable_json(record) for record in fields]
    return batch.events(rows.purchases.short_way(batch.first_position, fields))


def _owners(connection: Connection, card_ids: set[str]) -> dict[str, str]:
    return {
        row.card_id: row.customer_id
        for chunk in _chunks(card_ids)
        for row in connection.execute(
            select(cards.c.card_id, cards.c.customer_id).where(cards.c.card_id.in_(chunk))
        )
    }


def _tickets(connection: Connection, ticket_ids: set[str]) -> dict[str, TicketRecord]:
    return {
        row["protocol"]: TicketRecord.of(dict(row))
        for chunk in _chunks(ticket_ids)
        for row in connection.execute(
            select(tickets).where(tickets.c.protocol.in_(chunk))
        ).mappings()
    }


def _chunks(ids: set[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), LOOKUP):
        yield ordered[start : start + LOOKUP]


def _put_times(connection: Connection, rows: Rows) -> None:
    """Note the times of the lines, which are those of all."""
    for table, values in ((transactions, rows.purchases.values), (movements, rows.lives.values)):
        if values:
            positions, times_us = values[:: len(table.c)], values[1 :: len(table.c)]
            put_times(connection, (min(positions), max(positions)), (min(times_us), max(times_us)))
