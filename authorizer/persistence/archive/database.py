"""The tables of the archive's SQLite database, and how they are read.

docs/journal-format.md tells what is in them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import orjson

from authorizer.persistence.archive.protocol import Archived, ArchiveError

FOLDER: Final = "archive"
FILE: Final = "purchases.sqlite"
VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE purchases (
    account_id BLOB NOT NULL, purchase_id BLOB NOT NULL, position INTEGER NOT NULL,
    changed_us INTEGER NOT NULL, number INTEGER NOT NULL, form BLOB NOT NULL,
    PRIMARY KEY (account_id, purchase_id, position)
) WITHOUT ROWID;
CREATE INDEX purchase_of_number ON purchases (number);
CREATE TABLE filters (
    first INTEGER PRIMARY KEY, capacity INTEGER NOT NULL, count INTEGER NOT NULL,
    newest_us INTEGER NOT NULL, bits BLOB NOT NULL
);
CREATE TABLE about (
    identity TEXT NOT NULL, secret BLOB NOT NULL, taken INTEGER NOT NULL, file INTEGER NOT NULL,
    reach INTEGER NOT NULL
);
"""
PUT: Final = "INSERT OR REPLACE INTO purchases VALUES (?, ?, ?, ?, ?, ?)"
_FIND: Final = """
SELECT position, changed_us, form FROM purchases
WHERE account_id = ? AND purchase_id = ? AND position < ? ORDER BY position DESC LIMIT 1
"""
_CACHE_KIB: Final = 512
"""Of each connection: looks at an archive are rare, and the system keeps its pages too."""
_OF_ACCOUNT: Final = """
SELECT purchase_id, max(position), changed_us, form FROM purchases
WHERE account_id = ? AND position < ? GROUP BY purchase_id
"""


def connected(database: str, *, uri: bool = False) -> sqlite3.Connection:
    """A connection that any thread may use, one at a time; each commit on it is synced."""
    connection = sqlite3.connect(
        database, uri=uri, check_same_thread=False, isolation_level=None, timeout=30
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except BaseException:
        connection.close()
        raise
    return connection


def found_in(
    reader: sqlite3.Connection, account_id: str, purchase_id: str, before: int
) -> Archived | None:
    """The newest form of a purchase from before a position."""
    asked = (account_id.encode(), purchase_id.encode(), before)
    with closing(reader.execute(_FIND, asked)) as found:
        row = found.fetchone()
    if row is None:
        return None
    position, changed_us, form = row
    return Archived(purchase_id, position, changed_us, orjson.loads(form))


def all_of(reader: sqlite3.Connection, account_id: str, before: int) -> list[Archived]:
    """The newest form of every purchase of an account from before a position."""
    rows = reader.execute(_OF_ACCOUNT, (account_id.encode(), before)).fetchall()
    return [
        Archived(name.decode(), position, changed_us, orjson.loads(form))
        for name, position, changed_us, form in rows
    ]


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction, undone by whatever is raised in it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def telling() -> Iterator[None]:
    """Make an error of the database one of the archive."""
    try:
        yield
    except sqlite3.Error as error:
        raise ArchiveError(f"the archive of purchases: {error}") from error
