"""The database of the read models: how it is opened, made, and moved on by a run of events."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.database_url import read_url
from authorizer.followers.reports.tables.projection import Rows, needed
from authorizer.followers.reports.tables.purchase_sums import PurchaseSums
from authorizer.followers.reports.tables.schema import (
    CENTS_BASE,
    SCHEMA_VERSION,
    cards,
    contacts,
    local_days,
    metadata,
    movements,
    operations,
    progress,
    ticket_changes,
    tickets,
    transaction_days,
    transactions,
)
from authorizer.followers.reports.tables.ticket_record import Row, TicketRecord
from authorizer.persistence.journal.place import Place

StoreError = SQLAlchemyError
"""What the database says when it can't."""

BUSY_SECONDS: Final = 10
CHECKPOINT_PAGES: Final = 8192
"""Pages in the WAL before they go to their places: each time costs syncs on the journal's disk."""
READ_SECONDS: Final = 10
READ_AT_ONCE: Final = 10_000
LOOKUP: Final = 500
"""How many ids are looked for at once."""


class OvertakenError(Exception):
    """Somebody else has moved the tables on: what was to be put into them is there already."""


def open_store(url: str) -> Engine:
    """A database by its SQLAlchemy URL: SQLite or PostgreSQL.

    Raises:
        ValueError: the URL names another kind, or is none.
    """
    read = read_url(url)
    if read.get_backend_name() == "sqlite":
        engine = create_engine(read, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    options = f"-c statement_timeout={READ_SECONDS * 1000}"
    return create_engine(read, pool_pre_ping=True, connect_args={"options": options})


def is_away(error: Exception) -> bool:
    """Whether the database could not be reached, or has ended the connection."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or not error.statement)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Readers beside the writer; what a crash of the machine takes away is read again."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    cursor.close()


class Standing(NamedTuple):
    """How far the tables are, and by whose days their purchases are added up."""

    place: Place
    time_zone: str


def read_standing(connection: Connection) -> Standing | None:
    """How the tables stand; None where there are none, or those of another version."""
    if not inspect(connection).has_table(progress.name):
        return None
    row = connection.execute(select(progress)).mappings().first()
    if row is None or row["schema_version"] != SCHEMA_VERSION:
        return None
    place = Place(row["position"], bytes(row["chain"]), row["segment"], row["batch_offset"])
    return Standing(place, row["time_zone"])


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows the tables have that people ask about."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (transactions, movements, operations, contacts, tickets)
    }


def make_anew(engine: Engine, beginning: Place, days: LocalDays) -> None:
    """Make all tables, empty. A crash on the way leaves no progress, so they are made again."""
    with engine.begin() as connection:
        progress.drop(connection, checkfirst=True)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        values = {
            "id": 1,
            "schema_version": SCHEMA_VERSION,
            "time_zone": days.time_zone,
            **beginning._asdict(),
        }
        connection.execute(insert(progress).values(values))


def days_fit(connection: Connection, days: LocalDays) -> bool:
    """Whether the days that purchases are added up by begin and end as `days` has them."""
    return all(
        days.whole(row.day) == (row.start_us, row.end_us)
        for row in connection.execute(select(local_days))
    )


def add_up_anew(connection: Connection, days: LocalDays) -> None:
    """Add all purchases in the tables up by other days. Until it is committed nobody sees it."""
    connection.execute(update(progress).values(time_zone=days.time_zone))  # others wait, or fail
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for table in (transaction_days, local_days):
        connection.execute(delete(table))
    position = 0
    while rows := connection.execute(
        _PURCHASES.where(transactions.c.position > position)
        .order_by(transactions.c.position)
        .limit(READ_AT_ONCE)
    ).all():
        sums = PurchaseSums(days)
        for position, at_us, word, source, mcc, merchant, cents in rows:  # noqa: B007 - read on from it
            sums.add(at_us, Reason.of(word), source, mcc, merchant, cents)
        _add(connection, sums)


_PURCHASES: Final = select(
    transactions.c.position,
    transactions.c.at_us,
    transactions.c.reason,
    transactions.c.source,
    transactions.c.mcc,
    transactions.c.merchant,
    transactions.c.amount_cents,
)


def store_events(
    connection: Connection,
    before: Place,
    after: Place,
    found: Sequence[tuple[int, Event]],
    days: LocalDays,
) -> None:
    """Put events with their positions into the tables: all between two places of the journal.

    Raises:
        OvertakenError: the tables are not at `before`, or their days are not `days`; then nothing
            may be committed.
    """
    _move(connection, before, after, days)
    need = needed(event for _, event in found)
    rows = Rows(_owners(connection, need.card_ids), _tickets(connection, need.ticket_ids), days)
    for position, happened in found:
        rows.add(happened, position)
    _write(connection, rows)


def _move(connection: Connection, before: Place, after: Place, days: LocalDays) -> None:
    moved = connection.execute(
        update(progress)
        .where(
            progress.c.schema_version == SCHEMA_VERSION,
            progress.c.position == before.position,
            progress.c.chain == before.chain,
            progress.c.time_zone == days.time_zone,
        )
        .values(after._asdict())
    )
    if moved.rowcount != 1:
        raise OvertakenError(f"the tables are not at position {before.position} any more")


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
        _insert_as_they_are(connection, transactions, rows.transactions)
    for table, new in (
        (movements, rows.movements),
        (operations, rows.operations),
        (contacts, rows.contacts),
        (ticket_changes, rows.ticket_changes),
    ):
        if new:
            connection.execute(insert(table), new)
    _replace(connection, cards, rows.cards)
    _replace(connection, tickets, [record.row() for record in rows.tickets.values()])
    _add(connection, rows.sums)


def _insert_as_they_are(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows past SQLAlchemy's work on each value, which costs more than all the rest.

    The rows hold what the database takes, but for amounts.
    """
    compiled = insert(table).compile(dialect=connection.dialect)
    if connection.dialect.name == "sqlite":
        for row in rows:
            row["amount_cents"] = str(row["amount_cents"])
        values = itemgetter(*(compiled.positiontup or ()))
        connection.exec_driver_sql(str(compiled), list(map(values, rows)))
    else:
        connection.exec_driver_sql(str(compiled), rows)


def _replace(connection: Connection, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    insertion = _upserting(connection)(table)
    key = list(table.primary_key)
    others = {
        column.name: insertion.excluded[column.name] for column in table.c if column not in key
    }
    connection.execute(insertion.on_conflict_do_update(index_elements=key, set_=others), rows)


def _add(connection: Connection, sums: PurchaseSums) -> None:
    rows = sums.sums()
    if rows:
        connection.execute(_add_to_days(connection), rows)
        _replace(connection, local_days, sums.days())


def _add_to_days(connection: Connection) -> Any:
    table = transaction_days
    insertion = _upserting(connection)(table)
    low = table.c.cents_low + insertion.excluded.cents_low
    return insertion.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={
            "count": table.c.count + insertion.excluded.count,
            "cents_high": table.c.cents_high + insertion.excluded.cents_high + low // CENTS_BASE,
            "cents_low": low % CENTS_BASE,
        },
    )


def _upserting(connection: Connection) -> Any:
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def problem_of(error: Exception) -> str:
    """What went wrong, in one line, without the statement and values that SQLAlchemy shows."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"
