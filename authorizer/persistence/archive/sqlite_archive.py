"""The archive in an SQLite database of its own.

Every commit is synced (WAL, `synchronous = FULL`). docs/journal-format.md has the tables.
"""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson
import structlog
from typing_extensions import override

from authorizer.domain.accounts.leaving import ClosedPurchases, Leaving
from authorizer.persistence import ownership
from authorizer.persistence.archive.database import (
    FILE,
    PUT,
    SCHEMA,
    VERSION,
    all_of,
    connected,
    found_in,
    telling,
    transaction,
)
from authorizer.persistence.archive.id_filter import (
    Generation,
    IdFilter,
    key_of,
    next_capacity,
)
from authorizer.persistence.archive.protocol import LATEST, Archive, Archived, Mark

_DELETED_AT_ONCE: Final = 2_000

log = structlog.get_logger()


class SqliteArchive(Archive):
    """The archive in a folder, which is made when there is something to put into it.

    One process writes it. A file that is no database, or another version's, or a copy, is taken
    away: the replay makes it anew. A copy may have been taken amid the work, file by file; then it
    is sound, and has not all that it says. An inode number tells it from what was written here.
    """

    takes = True

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._is_doubtful = False
        """Whether the filter may hold what a transaction that failed would have taken."""
        self._have_nothing()
        if not self._path.exists():
            return
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            log.warning("the archive of purchases can't be read", problem=str(error))
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _have_nothing(self) -> None:
        self._mark, self._filter = Mark("", 0), IdFilter(b"")
        self._reach = 0
        """The furthest position that anything left memory at."""
        self.has_any = False

    def _open(self) -> None:
        """All of it, or nothing: no snapshot must rest on what could be read in half."""
        try:
            self._open_all()
        except BaseException:
            self._close()
            self._have_nothing()
            raise

    def _open_all(self) -> None:
        ownership.make_folder(self._path.parent, mode=0o700)
        os.close(ownership.open_or_make(self._path, os.O_RDWR))
        self._connections.append(connected(str(self._path)))
        self._connections.append(connected(str(self._path)))
        self._writer, self._reader = self._connections
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version not in {0, VERSION}:
            raise sqlite3.DatabaseError(f"version {version} is not read by this program")
        if version == 0:
            self._writer.executescript(
                f"PRAGMA journal_mode = WAL; BEGIN; {SCHEMA} PRAGMA user_version = {VERSION};"
            )
            self._writer.execute("COMMIT")
        row = self._writer.execute(
            "SELECT identity, secret, taken, file, reach FROM about"
        ).fetchone()
        if row is None:
            self._begin()
        else:
            identity, self._secret, taken, file, self._reach = row
            if file != self._path.stat().st_ino:
                raise sqlite3.DatabaseError("it is a copy, of which parts may be older than others")
            self._mark = Mark(identity, taken)
            self._load_filter()
        self.has_any = self._mark.taken > 0

    def _begin(self) -> None:
        identity, self._secret = secrets.token_hex(8), secrets.token_bytes(16)
        file = self._path.stat().st_ino
        about = identity, self._secret, file
        self._writer.execute("INSERT INTO about VALUES (?, ?, 0, ?, 0)", about)
        self._reach = 0
        self._mark, self._filter = Mark(identity, 0), IdFilter(self._secret)
        self.has_any = False

    def _load_filter(self) -> None:
        """The filters as they were saved, and what the newest has taken since."""
        made = IdFilter(self._secret)
        rows = self._writer.execute("SELECT first, capacity, count, newest_us, bits FROM filters")
        for first, capacity, count, newest_us, bits in sorted(rows):
            made.begin(Generation(first, capacity, count, newest_us, bits))
        newest = made.newest
        since = newest.first + newest.count if newest else 0
        late = "SELECT account_id, purchase_id, changed_us FROM purchases WHERE number >= ?"
        for account_id, purchase_id, changed_us in self._writer.execute(late, (since,)):
            made.add(account_id + b"\0" + purchase_id, changed_us)
        self._filter = made
        self._is_doubtful = False

    @property
    @override
    def mark(self) -> Mark:
        return self._mark

    @override
    def may_hold(self, account_id: str, purchase_id: str) -> bool:
        return key_of(account_id, purchase_id) in self._filter

    @override
    def put(self, closed: Sequence[ClosedPurchases]) -> None:
        with self._writing, telling():
            if not self._connections:
                self._open()
            if self._is_doubtful:
                self._load_filter()
            taken = self._mark.taken
            try:
                with transaction(self._writer):
                    for each in closed:
                        leaving = each.leaving()
                        self._writer.executemany(PUT, self._rows(each, leaving, taken))
                        taken += len(leaving)
                    reach = max([self._reach, *(each.position for each in closed)])
                    self._writer.execute("UPDATE about SET taken = ?, reach = ?", (taken, reach))
            except Exception:
                self._is_doubtful = True
                self._load_filter()
                raise
        self._reach = reach
        self._mark = self._mark._replace(taken=taken)
        self.has_any = taken > 0

    def _rows(
        self, closed: ClosedPurchases, leaving: Sequence[Leaving], number: int
    ) -> Iterator[tuple[bytes, bytes, int, int, int, bytes]]:
        """The rows, one at a time: between two of them other threads get their turn."""
        account = closed.account_id.encode()
        for left in leaving:
            purchase = left.purchase_id.encode()
            newest = self._filter.newest
            if newest is None or newest.is_full:
                self._begin_generation(number, newest)
            self._filter.add(account + b"\0" + purchase, left.changed_us)
            form = orjson.dumps(left.form)
            yield account, purchase, closed.position, left.changed_us, number, form
            number += 1

    def _begin_generation(self, first: int, before: Generation | None) -> None:
        if before is not None:
            self._save(before)
        generation = Generation(first, next_capacity(self._filter.generations))
        self._save(generation)
        self._filter.begin(generation)

    def _save(self, generation: Generation) -> None:
        self._writer.execute(
            "INSERT OR REPLACE INTO filters VALUES (?, ?, ?, ?, ?)",
            (
                generation.first,
                generation.capacity,
                generation.count,
                generation.newest_us,
                generation.bits,
            ),
        )

    @override
    def find(self, account_id: str, purchase_id: str, before: int = LATEST) -> Archived | None:
        if not self.has_any:
            return None
        with self._reading, telling():
            return found_in(self._reader, account_id, purchase_id, before)

    @override
    def of_account(self, account_id: str, before: int = LATEST) -> Iterator[Archived]:
        if not self.has_any:
            return iter(())
        with self._reading, telling():
            return iter(all_of(self._reader, account_id, before))

    @override
    def cut_after(self, position: int) -> None:
        if self._reach <= position:
            return
        with self._writing, telling(), transaction(self._writer):
            self._writer.execute("DELETE FROM purchases WHERE position > ?", (position,))
            self._writer.execute("UPDATE about SET reach = ?", (position,))
        self._reach = position

    @override
    def forget_before(self, since_us: int) -> int:
        gone = 0
        generations = self._filter.generations
        old = [each for each in generations[:-1] if each.newest_us < since_us]
        for generation in old:
            with self._writing, telling():
                gone += self._forget(generation)
        return gone

    def _forget(self, generation: Generation) -> int:
        """Its purchases go first, a few at a time: the newest form of none is in two of them."""
        gone, end = 0, generation.first + generation.count
        for first in range(generation.first, end, _DELETED_AT_ONCE):
            last = min(first + _DELETED_AT_ONCE, end)
            gone += self._writer.execute(
                "DELETE FROM purchases WHERE number >= ? AND number < ?", (first, last)
            ).rowcount
        self._writer.execute("DELETE FROM filters WHERE first = ?", (generation.first,))
        self._filter.drop(generation)
        return gone

    @override
    def begin_anew(self) -> None:
        if not self._connections:
            return
        with self._writing, telling(), transaction(self._writer):
            for table in ("purchases", "filters", "about"):
                self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._begin()

    @override
    def close(self) -> None:
        """Keep the newest filter too, so that the next start need not make it."""
        newest = self._filter.newest
        with self._writing, self._reading, suppress(sqlite3.Error):
            if newest is not None and not self._is_doubtful:
                self._save(newest)
        self._close()

    def _close(self) -> None:
        for each in self._connections:
            each.close()
        self._connections.clear()
