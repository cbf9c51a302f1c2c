"""SQLite in the front's own process: one thread writes, a transaction has all that waited for it.

The journal is a write-ahead log that every commit syncs (``synchronous=FULL``). While a group is
decided and committed, the next one gathers.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks import wrk
from benchmarks.compare.peer import Kind, Running, fronted
from benchmarks.compare.purchases import (
    APPROVED,
    INSUFFICIENT,
    REFUSED,
    WALLETS,
    Purchase,
    source_of,
)
from benchmarks.compare.store import Balances, Gatherer

PRAGMAS: Final = (
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("wal_autocheckpoint", "10000"),
    ("cache_size", "-524288"),
)
SCHEMA: Final = """
CREATE TABLE accounts (
    account TEXT PRIMARY KEY, FOOD INTEGER NOT NULL, MEAL INTEGER NOT NULL, CASH INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE purchases (
    account TEXT NOT NULL, id TEXT, amount INTEGER NOT NULL, mcc TEXT NOT NULL,
    merchant TEXT NOT NULL, code TEXT NOT NULL
);
CREATE UNIQUE INDEX of_id ON purchases (account, id) WHERE id IS NOT NULL;
"""
BALANCES: Final = "SELECT FOOD, MEAL, CASH FROM accounts WHERE account = ?"
BEFORE: Final = "SELECT amount, mcc, merchant, code FROM purchases WHERE account = ? AND id = ?"
RECORD: Final = "INSERT INTO purchases VALUES (?, ?, ?, ?, ?, ?)"
DEBIT: Final = {
    wallet: f"UPDATE accounts SET {wallet} = {wallet} - ? WHERE account = ?" for wallet in WALLETS
}


class SQLite:
    """The contender."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.key = "sqlite" + ("-own-front" if kind is Kind.OWN_FRONT else "")
        self.name = "SQLite, group commit" + (", our front" if kind is Kind.OWN_FRONT else "")

    def settings(self) -> str:
        """See `Peer`."""
        told = ", ".join(f"{name} {value}" for name, value in PRAGMAS)
        return f"SQLite {sqlite3.sqlite_version}, one writing thread, {told}"

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        folder.mkdir(parents=True, exist_ok=True)
        own_front = self.kind is Kind.OWN_FRONT
        with fronted("sqlite", folder, accounts, own_front=own_front) as server:
            yield Running(server)


class SQLiteStore:
    """The database, and the thread that alone touches it."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self._path = folder / "accounts.sqlite"
        self._accounts = accounts
        self._thread = ThreadPoolExecutor(1)
        self._gatherer = Gatherer(self._decide_all)
        self._database: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the database; make the accounts where there are none."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    def _open(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        for name, value in PRAGMAS:
            database.execute(f"PRAGMA {name} = {value}")
        if not database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            opening = [wrk.OPENING_CENTS[name] for name in WALLETS]
            numbers = range(wrk.FIRST_ACCOUNT, wrk.FIRST_ACCOUNT + self._accounts)
            database.executescript("BEGIN;" + SCHEMA)
            rows = ((str(number), *opening) for number in numbers)
            database.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database = database

    def decide(self, purchase: Purchase) -> Awaitable[str]:
        """See `Store`."""
        return self._gatherer.decide(purchase)

    async def _decide_all(self, purchases: list[Purchase]) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._commit, purchases)

    def _commit(self, purchases: list[Purchase]) -> list[str]:
        """Decide all in one transaction."""
        assert self._database is not None
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            records: list[tuple[object, ...]] = []
            codes = [self._decide(database, purchase, records) for purchase in purchases]
            database.executemany(RECORD, records)
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
        return codes

    @staticmethod
    def _decide(
        database: sqlite3.Connection, purchase: Purchase, records: list[tuple[object, ...]]
    ) -> str:
        row = database.execute(BALANCES, (purchase.account,)).fetchone()
        if row is None:
            return REFUSED
        account, purchase_id, *fields, _ = purchase
        if purchase_id is not None:
            database.executemany(RECORD, records)  # the same id may be among them
            records.clear()
            before = database.execute(BEFORE, (account, purchase_id)).fetchone()
            if before is not None:
                return str(before[3]) if list(before[:3]) == fields else REFUSED
        source = source_of(purchase, dict(zip(WALLETS, row, strict=True)))
        if source is not None:
            database.execute(DEBIT[source], (purchase.amount_cents, account))
        code = INSUFFICIENT if source is None else APPROVED
        records.append((account, purchase_id, *fields, code))
        return code

    async def balances(self, account: str) -> Balances | None:
        """See `Store`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._balances, account)

    def _balances(self, account: str) -> Balances | None:
        assert self._database is not None
        row = self._database.execute(BALANCES, (account,)).fetchone()
        return None if row is None else dict(zip(WALLETS, row, strict=True))

    async def close(self) -> None:
        """See `Store`."""
        self._thread.shutdown()


def store(_: str, folder: Path, accounts: int) -> SQLiteStore:
    """The store of a front."""
    return SQLiteStore(folder, accounts)
