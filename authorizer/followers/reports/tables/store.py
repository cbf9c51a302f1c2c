"""Events → tables: a run of events in one transaction."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, insert, select

from authorizer.followers.feed import Events
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.progress import move
from authorizer.followers.reports.tables.projection import lookups, project
from authorizer.followers.reports.tables.purchase_changes import write_purchases
from authorizer.followers.reports.tables.rows import Rows
from authorizer.followers.reports.tables.schema import (
    cards,
    contacts,
    movement_days,
    movements,
    operations,
    ticket_changes,
    tickets,
    transaction_days,
    transactions,
)
from authorizer.followers.reports.tables.ticket_record import TicketRecord
from authorizer.followers.reports.tables.transaction_days import add_sums
from authorizer.followers.reports.tables.writing import insert_as_they_are, replace
from authorizer.persistence.journal.place import Place

LOOKUP: Final = 500
"""Ids that are looked up at once."""


def store_events(
    connection: Connection, before: Place, after: Place, events: Events, days: LocalDays
) -> None:
    """Put events with their positions into the tables: all between two places of the journal.

    Raises:
        OvertakenError: the tables are not at `before`, or their days are not `days`; then nothing
            may be committed.
    """
    move(connection, before, after, days)
    found = lookups(event for _, event in events)
    rows = Rows(_owners(connection, found.card_ids), _tickets(connection, found.ticket_ids), days)
    for position, event in events:
        project(rows, event, position)
    _write(connection, rows)


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


def _write(connection: Connection, rows: Rows) -> None:
    if rows.transactions:
        insert_as_they_are(connection, transactions, rows.transactions)
    for table, new in (
        (movements, rows.lives.lines),
        (operations, rows.operations),
        (contacts, rows.contacts),
        (ticket_changes, rows.ticket_changes),
    ):
        if new:
            connection.execute(insert(table), new)
    write_purchases(connection, rows.lives.changes)
    replace(connection, cards, rows.cards)
    replace(connection, tickets, [record.row() for record in rows.tickets.values()])
    add_sums(connection, transaction_days, rows.sums)
    add_sums(connection, movement_days, rows.movement_sums)
