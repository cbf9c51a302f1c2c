"""The log of who read whose data: `DATA/access-log`, hash-chained and synced as the journal is.

It is a journal of its own (`DATA/access-log/journal`), so that no read waits for a purchase's sync
or the other way round, and a full disk that lets nothing be recorded any more refuses reads instead
of ending the process. A reserve is kept for it: a file that gives its place up when the disk is
full. `index.sqlite` beside it finds the records of a customer; it is made anew from the log.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Final, NamedTuple

import orjson

from authorizer.domain.access import Accessed, DataAccess
from authorizer.persistence.disk import Disk, remove_if_there
from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch, JournalDamagedError, TornTail
from authorizer.persistence.problem import Problem

FOLDER: Final = "access-log"
RESERVE: Final = "reserve"
INDEX: Final = "index.sqlite"
SEGMENT_BYTES: Final = 4 << 20
"""A segment is written anew after a failed write, and the reserve has to have room for that."""
RESERVE_BYTES: Final = 2 * SEGMENT_BYTES
_VERSION: Final = 1
_SCHEMA: Final = """
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
CREATE TABLE IF NOT EXISTS access (
    customer_id TEXT NOT NULL, position INTEGER NOT NULL,
    at_us INTEGER NOT NULL, by TEXT NOT NULL, kind TEXT NOT NULL, request_id TEXT NOT NULL,
    PRIMARY KEY (customer_id, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS indexed (position INTEGER NOT NULL, chain TEXT NOT NULL);
"""
_PAGE: Final = """
SELECT position, at_us, by, kind, request_id FROM access
WHERE customer_id = ? AND position < ? ORDER BY position DESC LIMIT ?
"""
_NEWEST: Final = 2**63 - 1


class AccessLog:
    """The log, for one thread at a time, any thread.

    Every method raises OSError where the disk refuses, and JournalDamagedError where the log was
    changed; the next call begins anew with what is on the disk.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._journal: FileJournal | None = None
        self._index: sqlite3.Connection | None = None
        self._reserve_tried = False

    def write(self, accesses: Sequence[DataAccess]) -> None:
        """Record these, durably. Where the disk is full the reserve is given up, once."""
        self._check_place()
        try:
            self._append(accesses)
        except OSError:
            self.close()
            if not self._give_reserve_up():
                raise
            try:
                self._append(accesses)
            except OSError:
                self.close()
                raise

    def page(self, customer_id: str, before: int | None, limit: int) -> list[Accessed]:
        """The newest records of a customer, older than a position, newest first."""
        self._check_place()
        self._opened()
        if self._index is None:
            raise OSError(f"{self._disk.path(INDEX)} can't be brought up to the log")
        place = _NEWEST if before is None else before
        try:
            rows = self._index.execute(_PAGE, (customer_id, place, limit)).fetchall()
        except sqlite3.Error as error:
            self.close()
            raise OSError(f"{self._disk.path(INDEX)}: {error}") from error
        return [
            Accessed(position, DataAccess(at_us, by, kind, (customer_id,), request_id))
            for position, at_us, by, kind, request_id in rows
        ]

    def close(self) -> None:
        """Close the files; the next call opens them again."""
        if self._journal is not None:
            with suppress(OSError):
                self._journal.close()
        if self._index is not None:
            self._index.close()
        self._journal = self._index = None

    def _check_place(self) -> None:
        """OSError if the log was taken away: what is recorded in such a file is gone with it."""
        if self._journal is not None:
            try:
                self._journal.check()
            except OSError:
                self.close()
                raise

    def _append(self, accesses: Sequence[DataAccess]) -> None:
        journal = self._opened()
        first = journal.position + 1
        journal.write(first, [_encode(access) for access in accesses])
        self._add([Accessed(at, access) for at, access in enumerate(accesses, first)], journal)

    def _opened(self) -> FileJournal:
        if self._journal is not None and self._index is not None:
            return self._journal
        self.close()
        try:
            return self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> FileJournal:
        self._disk.make_folder(".")
        if not self._reserve_tried:
            self._reserve_tried = True
            self._keep_reserve()
        try:
            index, indexed, chain = self._open_index()
        except sqlite3.Error:
            for name in (INDEX, f"{INDEX}-wal", f"{INDEX}-shm"):
                remove_if_there(self._disk, name)
            index, indexed, chain = self._made_index()
        self._index = index
        reader = JournalReader(self._disk)
        missing: list[Accessed] = []
        known = indexed == 0
        for batch in reader:
            known = known or (batch.last_position == indexed and batch.header.chain.hex() == chain)
            if batch.last_position > indexed:
                missing += _accessed(batch.first_position, batch.records())
        if not known:  # the log is another one, or an older one, than the index was made of
            index.executescript("DELETE FROM access; DELETE FROM indexed;")
            missing = list(read_accesses(self._disk))
        journal = self._journal = FileJournal(self._disk, reader, SEGMENT_BYTES)
        self._add(missing, journal)
        return journal

    def _open_index(self) -> tuple[sqlite3.Connection, int, str]:
        self._disk.append(INDEX).close()  # SQLite would make it as a file of this process's user
        index = sqlite3.connect(
            self._disk.path(INDEX), check_same_thread=False, isolation_level=None
        )
        try:
            index.executescript(_SCHEMA)
            found = index.execute("SELECT position, chain FROM indexed").fetchone()
        except sqlite3.Error:
            index.close()
            raise
        position, chain = found or (0, "")
        return index, position, chain

    def _made_index(self) -> tuple[sqlite3.Connection, int, str]:
        try:
            return self._open_index()
        except sqlite3.Error as error:
            raise OSError(f"{self._disk.path(INDEX)}: {error}") from error

    def _add(self, found: Sequence[Accessed], journal: FileJournal) -> None:
        """Index records. Rows that fail now are added at the next opening, from the log."""
        index = self._index
        if index is None:
            return
        rows = [
            (customer_id, position, access.at_us, access.by, access.kind, access.request_id)
            for position, access in found
            for customer_id in dict.fromkeys(access.customer_ids)
        ]
        newest = (journal.position, journal.chain.hex())
        try:
            index.execute("BEGIN")
            index.executemany("INSERT INTO access VALUES (?, ?, ?, ?, ?, ?)", rows)
            index.execute("DELETE FROM indexed")
            index.execute("INSERT INTO indexed VALUES (?, ?)", newest)
            index.execute("COMMIT")
        except sqlite3.Error:
            index.close()
            self._index = None

    def _keep_reserve(self) -> None:
        """Allocate the reserve unless it is there. If the disk is full there is no reserve."""
        with suppress(OSError):
            if self._disk.size(RESERVE) == RESERVE_BYTES:
                return
        try:
            remove_if_there(self._disk, RESERVE)
            with closing(self._disk.append(RESERVE)) as file:
                file.write(bytes(RESERVE_BYTES))
                file.sync()
        except OSError:
            self._give_reserve_up()

    def _give_reserve_up(self) -> bool:
        with suppress(OSError):
            self._disk.remove(RESERVE)
            return True
        return False


def access_at_us(batch: Batch) -> int:
    """The time of the newest record of a batch of the log."""
    return _decode(batch.records()[-1]).at_us


def accesses_of(disk: Disk, batch: Batch) -> list[tuple[int, DataAccess]]:
    """The records of a batch of the log. JournalDamagedError if one is none of an access log."""
    try:
        return list(_accessed(batch.first_position, batch.records()))
    except (ValueError, TypeError) as error:
        text = f"a record that is none of an access log ({error})"
        raise JournalDamagedError(disk.path(batch.segment), batch.offset, text) from error


def read_accesses(disk: Disk) -> Iterator[Accessed]:
    """All records, oldest first. JournalDamagedError at the first damage before the end."""
    for batch in JournalReader(disk):
        yield from _accessed(batch.first_position, batch.records())


class CheckedAccesses(NamedTuple):
    """The result of a check of the log."""

    position: int
    """The end of the log, or of its whole part."""
    chain: bytes
    torn: TornTail | None
    """A batch that is being written, or that a crash left incomplete; no problem."""
    problems: tuple[Problem, ...]


def check_accesses(disk: Disk) -> CheckedAccesses | None:
    """Check every byte, link and record of the log; None where there is none. Only reads."""
    if not journal.segments(disk):
        return None
    reader = JournalReader(disk)
    position, chain, problems = 0, frame.GENESIS, []
    try:
        for batch in reader:
            if position == 0 and batch.first_position != 1:
                text = f"the log begins at position {batch.first_position}: records are missing"
                problems.append(Problem(disk.path(batch.segment), batch.offset, text))
            try:
                _accessed(batch.first_position, batch.records())
            except (ValueError, TypeError) as error:
                text = f"a record that is none of an access log ({error})"
                problems.append(Problem(disk.path(batch.segment), batch.offset, text))
            position, chain = batch.last_position, batch.header.chain
    except JournalDamagedError as error:
        problems.append(Problem(error.file, error.offset, error.problem))
    return CheckedAccesses(position, chain, reader.torn, tuple(problems))


def _accessed(first: int, records: Sequence[bytes]) -> list[Accessed]:
    return [Accessed(position, _decode(record)) for position, record in enumerate(records, first)]


def _encode(access: DataAccess) -> bytes:
    return orjson.dumps(("data_read", _VERSION, *access))


def _decode(record: bytes) -> DataAccess:
    _, _, at_us, by, kind, customer_ids, request_id = orjson.loads(record)
    return DataAccess(at_us, by, kind, tuple(customer_ids), request_id)
