"""The database of the tables: opening it, and telling its failures apart."""

from functools import partial
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from authorizer.followers.reports.tables.database_url import read_url

DatabaseError = SQLAlchemyError
"""The base class of SQLAlchemy's errors."""

BUSY_SECONDS: Final = 10
CHECKPOINT_PAGES: Final = 8192
"""Pages in the WAL before they go to their places. Each time costs syncs, if there are any."""
CACHE_KIB: Final = 16 << 10
"""A connection's: with less, pages of the indexes are read again and again while rows come in."""
READ_SECONDS: Final = 10


def open_database(url: str, synced: bool = True) -> Engine:
    """A database by its SQLAlchemy URL: SQLite or PostgreSQL.

    One in SQLite that is not `synced` may be torn once the machine has gone down, and nothing in it
    tells: that is its caller's matter.

    Raises:
        ValueError: the URL names another kind, or is none.
    """
    read = read_url(url)
    if read.get_backend_name() == "sqlite":
        engine = create_engine(read, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", partial(_prepare_sqlite, synced))
        return engine
    options = f"-c statement_timeout={READ_SECONDS * 1000}"
    return create_engine(read, pool_pre_ping=True, connect_args={"options": options})


def is_away(error: Exception) -> bool:
    """Whether the database could not be reached, or has ended the connection."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or not error.statement)


def problem_of(error: Exception) -> str:
    """An error in one line, without the statement and values that SQLAlchemy shows."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"


def _prepare_sqlite(synced: bool, connection: Any, _: Any) -> None:
    """WAL lets readers work beside the writer. Transactions that a crash loses are read again."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA synchronous={'NORMAL' if synced else 'OFF'}")
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    cursor.close()
