"""PostgreSQL: one call of a function a purchase, on many connections; or one call for many.

A row an account, with a column a wallet, and a row a purchase. The function debits by one
conditional update, which waits for the row and looks at it anew, and records what it decided: one
transaction and one round trip. An id is looked for behind the account's lock, and unique besides.
Gathered, all purchases of accounts that can pay for theirs by the wallet of the MCC go in one
update; those of all others, and those with ids, one after the other in their order.
"""

import asyncio
import subprocess
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]

from benchmarks import cores, wrk
from benchmarks.compare.peer import (
    Kind,
    MissingError,
    Running,
    fronted,
    let_others_in,
    short_folder,
)
from benchmarks.compare.purchases import WALLETS, Purchase
from benchmarks.compare.store import Balances, Gatherer
from tests.support.postgres import MISSING, Cluster, programs

CONNECTIONS: Final = 32
SETTINGS: Final = (
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
    "wal_buffers=64MB",
)
SCHEMA: Final = """
CREATE TABLE accounts (
    account text PRIMARY KEY,
    food bigint NOT NULL CHECK (food >= 0),
    meal bigint NOT NULL CHECK (meal >= 0),
    cash bigint NOT NULL CHECK (cash >= 0)
) WITH (fillfactor = 50);
CREATE TABLE purchases (
    account text NOT NULL, id text, amount bigint NOT NULL, mcc text NOT NULL,
    merchant text NOT NULL, code text NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON purchases (account, id) WHERE id IS NOT NULL;

CREATE FUNCTION authorize(a text, i text, cents bigint, m text, descriptor text, w text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    before purchases;
BEGIN
    IF i IS NOT NULL THEN
        PERFORM FROM accounts WHERE account = a FOR NO KEY UPDATE;
        SELECT * INTO before FROM purchases WHERE account = a AND id = i;
        IF FOUND THEN
            RETURN CASE WHEN (before.amount, before.mcc, before.merchant) = (cents, m, descriptor)
                THEN before.code ELSE '07' END;
        END IF;
    END IF;
    UPDATE accounts SET
        food = food - CASE WHEN w = 'FOOD' AND food >= cents THEN cents ELSE 0 END,
        meal = meal - CASE WHEN w = 'MEAL' AND meal >= cents THEN cents ELSE 0 END,
        cash = cash - CASE WHEN
            CASE w WHEN 'FOOD' THEN food WHEN 'MEAL' THEN meal ELSE 0 END < cents
            THEN cents ELSE 0 END
    WHERE account = a
        AND greatest(cash, CASE w WHEN 'FOOD' THEN food WHEN 'MEAL' THEN meal ELSE 0 END) >= cents;
    IF FOUND THEN
        answer := '00';
    ELSIF EXISTS (SELECT FROM accounts WHERE account = a) THEN
        answer := '51';
    ELSE
        RETURN '07';
    END IF;
    INSERT INTO purchases (account, id, amount, mcc, merchant, code)
    VALUES (a, i, cents, m, descriptor, answer);
    RETURN answer;
END $$;

CREATE FUNCTION authorize_all(
    accounts_ text[], ids text[], amounts bigint[], mccs text[], merchants text[], wallets text[]
) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    codes text[];
BEGIN
    WITH asked AS (
        SELECT * FROM unnest(accounts_, ids, amounts, mccs, merchants, wallets)
            WITH ORDINALITY AS t (account, id, amount, mcc, merchant, wallet, n)
    ), sums AS (
        SELECT account,
            coalesce(sum(amount) FILTER (WHERE wallet = 'FOOD'), 0)::bigint AS food,
            coalesce(sum(amount) FILTER (WHERE wallet = 'MEAL'), 0)::bigint AS meal,
            coalesce(sum(amount) FILTER (WHERE wallet = 'CASH'), 0)::bigint AS cash
        FROM asked GROUP BY account HAVING count(id) = 0
    ), debited AS (
        UPDATE accounts a SET food = a.food - s.food, meal = a.meal - s.meal, cash = a.cash - s.cash
        FROM sums s
        WHERE a.account = s.account AND a.food >= s.food AND a.meal >= s.meal AND a.cash >= s.cash
        RETURNING a.account
    ), decided AS (
        SELECT asked.*, debited.account IS NOT NULL AS approved
        FROM asked LEFT JOIN debited USING (account)
    ), recorded AS (
        INSERT INTO purchases (account, amount, mcc, merchant, code)
        SELECT account, amount, mcc, merchant, '00' FROM decided WHERE approved
    )
    SELECT array_agg(CASE WHEN approved THEN '00' END ORDER BY n) INTO codes FROM decided;
    FOR n IN 1 .. cardinality(codes) LOOP
        IF codes[n] IS NULL THEN
            codes[n] := authorize(
                accounts_[n], ids[n], amounts[n], mccs[n], merchants[n], wallets[n]);
        END IF;
    END LOOP;
    RETURN codes;
END $$;
"""
ONE: Final = "SELECT authorize($1, $2, $3, $4, $5, $6)"
ALL: Final = "SELECT authorize_all($1, $2, $3, $4, $5, $6)"
OPEN: Final = """
INSERT INTO accounts SELECT ($1::bigint + n)::text, $2, $3, $4 FROM generate_series(0, $5 - 1) n
"""


class PostgreSQL:
    """The contender."""

    def __init__(self, kind: Kind, *, gathered: bool = False) -> None:
        self.kind = kind
        self._store = "postgresql-gathered" if gathered else "postgresql"
        how = "gathered" if gathered else "one at a time"
        own = ", our front" if kind is Kind.OWN_FRONT else ""
        self.key = self._store + ("-own-front" if kind is Kind.OWN_FRONT else "")
        self.name = f"PostgreSQL, {how}{own}"

    def settings(self) -> str:
        """See `Peer`."""
        version = subprocess.check_output([_programs() / "postgres", "--version"], text=True)
        number = version.split()[2]
        return (
            f"PostgreSQL {number} by asyncpg {asyncpg.__version__} over a Unix socket, prepared, "
            f"{CONNECTIONS} connections (gathered: one), {', '.join(SETTINGS)}"
        )

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        bin_folder = _programs()
        folder.mkdir(parents=True, exist_ok=True)
        let_others_in(folder)
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        database = folder / "cluster"
        database.mkdir(exist_ok=True)
        with short_folder() as sockets:
            cluster = Cluster(bin_folder, database, sockets, options)
            try:
                with cores.started_on(cores.LOAD):
                    cluster.start()
                (folder / "address").write_text(str(sockets))
                own_front = self.kind is Kind.OWN_FRONT
                with fronted(self._store, folder, accounts, own_front=own_front) as server:
                    yield Running(server, lambda: cluster.processes, cluster.kill)
            finally:
                cluster.end()


def _programs() -> Path:
    bin_folder = programs()
    if bin_folder is None:
        raise MissingError(MISSING)
    return bin_folder


class PostgreSQLStore:
    """The front's connections."""

    def __init__(self, folder: Path, accounts: int, *, gathered: bool) -> None:
        self._folder = folder
        self._accounts = accounts
        self._gathered = gathered
        self._gatherer = Gatherer(self._decide_all)
        self._connections: list[Any] = []
        self._free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()

    async def open(self) -> None:
        """Connect; make the schema and the accounts where there are none."""
        address = (self._folder / "address").read_text()
        connect = {"host": address, "user": "tester", "database": "postgres"}
        first = await asyncpg.connect(**connect)
        if not await first.fetchval("SELECT to_regclass('accounts') IS NOT NULL"):
            async with first.transaction():
                await first.execute(SCHEMA)
                opening = [wrk.OPENING_CENTS[name] for name in WALLETS]
                await first.execute(OPEN, wrk.FIRST_ACCOUNT, *opening, self._accounts)
            await first.execute("VACUUM ANALYZE accounts")
            await first.execute("CHECKPOINT")
        await first.close()
        # what is joined here are a few purchases with a large table: never by reading all of it
        planner = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
        for _ in range(1 if self._gathered else CONNECTIONS):
            connection = await asyncpg.connect(**connect, server_settings={**planner, "jit": "off"})
            self._connections.append(connection)
            self._free.put_nowait(await connection.prepare(ALL if self._gathered else ONE))

    def decide(self, purchase: Purchase) -> Awaitable[str]:
        """See `Store`."""
        return self._gatherer.decide(purchase) if self._gathered else self._decide_one(purchase)

    async def _decide_one(self, purchase: Purchase) -> str:
        """On a connection that is free; asyncpg's own pool would have it reset after each call."""
        code: str = await self._asked(*purchase)
        return code

    async def _decide_all(self, purchases: list[Purchase]) -> Sequence[str]:
        codes: list[str] = await self._asked(*map(list, zip(*purchases, strict=True)))
        return codes

    async def _asked(self, *arguments: Any) -> Any:
        statement = await self._free.get()
        try:
            return await statement.fetchval(*arguments)
        finally:
            self._free.put_nowait(statement)

    async def balances(self, account: str) -> Balances | None:
        """See `Store`."""
        row = await self._connections[0].fetchrow(
            "SELECT food, meal, cash FROM accounts WHERE account = $1", account
        )
        return None if row is None else dict(zip(WALLETS, row, strict=True))

    async def close(self) -> None:
        """See `Store`."""
        for connection in self._connections:
            connection.terminate()


def store(name: str, folder: Path, accounts: int) -> PostgreSQLStore:
    """The store of a front."""
    return PostgreSQLStore(folder, accounts, gathered=name == "postgresql-gathered")
