"""Redis: a Lua script a purchase, an append-only file that is synced before any answer leaves.

A hash an account, a stream with every decision, a key an id. The script runs alone in the server,
so nothing races. Redis syncs once for all that it read in a turn of its loop. One at a time, each
request has a connection of its own while it is under way. Gathered, all requests of one turn of the
front's loop go down one connection in one write, and nobody waits for those before.
"""

import asyncio
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, Final

import hiredis

from benchmarks import cores, wrk
from benchmarks.compare.peer import Kind, MissingError, Running, fronted, short_folder
from benchmarks.compare.purchases import WALLETS, Purchase
from benchmarks.compare.store import Balances
from tests.support.waiting import comes_true

INSTALL: Final = "Redis is not installed: Debian's package `redis-server` has it"
CONNECTIONS: Final = wrk.CONNECTIONS
OPENED_AT_ONCE: Final = 1000
START_S: Final = 60.0
SETTINGS: Final = (
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("save", ""),
    ("auto-aof-rewrite-percentage", "0"),
)
SCRIPT: Final = """
local account, id, cents, mcc, merchant, wallet = unpack(ARGV)
local amount = tonumber(cents)
local has = redis.call('HMGET', 'a:' .. account, wallet, 'CASH')
if not has[2] then return '07' end
local key, same
if id ~= '' then
    key = 'i:' .. account .. ':' .. id
    same = cents .. ' ' .. mcc .. ' ' .. merchant
    local before = redis.call('GET', key)
    if before then
        return string.sub(before, 4) == same and string.sub(before, 1, 2) or '07'
    end
end
local code, source = '00', wallet
if tonumber(has[1]) < amount then source = 'CASH' end
if source == 'CASH' and tonumber(has[2]) < amount then code, source = '51', '' end
if code == '00' then redis.call('HINCRBY', 'a:' .. account, source, -amount) end
if key then redis.call('SET', key, code .. ' ' .. same) end
redis.call('XADD', 'purchases', '*', 'account', account, 'id', id, 'amount', cents,
    'mcc', mcc, 'merchant', merchant, 'code', code, 'source', source)
return code
"""
OPEN: Final = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    redis.call('HSET', string.format('a:%d', n), 'FOOD', ARGV[3], 'MEAL', ARGV[4], 'CASH', ARGV[5])
end
redis.call('SET', 'opened', ARGV[2])
"""


class Redis:
    """The contender."""

    def __init__(self, kind: Kind, *, gathered: bool = False) -> None:
        self.kind = kind
        self._store = "redis-gathered" if gathered else "redis"
        how = "gathered" if gathered else "one at a time"
        own = ", our front" if kind is Kind.OWN_FRONT else ""
        self.key = self._store + ("-own-front" if kind is Kind.OWN_FRONT else "")
        self.name = f"Redis, {how}{own}"

    def settings(self) -> str:
        """See `Peer`."""
        version = subprocess.check_output([_program(), "--version"], text=True)
        number = version.partition("v=")[2].split()[0]
        told = ", ".join(f"{name} {value or 'off'}" for name, value in SETTINGS)
        return (
            f"Redis {number} by hiredis {hiredis.__version__} over a Unix socket, EVALSHA, "
            f"{CONNECTIONS} connections (gathered: one, pipelined), {told}"
        )

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        program = _program()
        folder.mkdir(parents=True, exist_ok=True)
        with short_folder() as sockets:
            address = sockets / "redis"
            command = [program, "--port", "0", "--unixsocket", str(address), "--dir", str(folder)]
            for name, value in SETTINGS:
                command += [f"--{name}", value]
            with (folder / "redis.log").open("ab") as log, cores.started_on(cores.LOAD):
                process = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                if not comes_true(lambda: process.poll() is not None or address.exists(), START_S):
                    raise RuntimeError("Redis did not start")
                (folder / "address").write_text(str(address))
                own_front = self.kind is Kind.OWN_FRONT
                with fronted(self._store, folder, accounts, own_front=own_front) as server:
                    yield Running(server, lambda: [process.pid], lambda: _kill(process))
            finally:
                _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _program() -> str:
    program = which("redis-server")
    if program is None:
        raise MissingError(INSTALL)
    return program


class Connection(asyncio.Protocol):
    """One connection: commands out, answers in the same order; what a turn sends is one write."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(encoding="utf-8")
        self._asked: deque[asyncio.Future[object]] = deque()
        self._unsent: list[bytes] = []
        self._transport: Any = None  # uvloop's, which is none of asyncio's classes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's own."""
        self._transport = transport

    def ask(self, *words: Any) -> "asyncio.Future[object]":
        """Send a command with all others of this turn; its answer."""
        future = self._loop.create_future()
        self._asked.append(future)
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(hiredis.pack_command(words))
        return future

    def _send(self) -> None:
        self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """asyncio's own."""
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            future = self._asked.popleft()
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio's own."""
        for future in self._asked:
            if not future.done():
                future.set_exception(ConnectionResetError("Redis has gone"))

    def close(self) -> None:
        """Drop it."""
        self._transport.abort()


class RedisStore:
    """The front's connections."""

    def __init__(self, folder: Path, accounts: int, *, gathered: bool) -> None:
        self._folder = folder
        self._accounts = accounts
        self._gathered = gathered
        self._connections: list[Connection] = []
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._script = ""

    async def open(self) -> None:
        """Connect; open the accounts where there are none."""
        address = (self._folder / "address").read_text()
        loop = asyncio.get_running_loop()
        for _ in range(1 if self._gathered else CONNECTIONS):
            _, connection = await loop.create_unix_connection(Connection, address)
            self._connections.append(connection)
            self._free.put_nowait(connection)
        first = self._connections[0]
        await self._wait_until_loaded(first)
        self._script = str(await first.ask("SCRIPT", "LOAD", SCRIPT))
        last = wrk.FIRST_ACCOUNT + self._accounts - 1
        if await first.ask("GET", "opened") != str(last):
            opening = [wrk.OPENING_CENTS[name] for name in WALLETS]
            for number in range(wrk.FIRST_ACCOUNT, last + 1, OPENED_AT_ONCE):
                until = min(number + OPENED_AT_ONCE - 1, last)
                await first.ask("EVAL", OPEN, 0, number, until, *opening)

    @staticmethod
    async def _wait_until_loaded(connection: Connection) -> None:
        """It takes connections before it has read its file."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                await connection.ask("PING")
            except hiredis.ReplyError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.01)
            else:
                return

    def decide(self, purchase: Purchase) -> Awaitable[str]:
        """See `Store`."""
        if self._gathered:
            return self._ask(self._connections[0], purchase)
        return self._decide_one(purchase)

    async def _decide_one(self, purchase: Purchase) -> str:
        connection = await self._free.get()
        try:
            return await self._ask(connection, purchase)
        finally:
            self._free.put_nowait(connection)

    def _ask(self, connection: Connection, purchase: Purchase) -> "asyncio.Future[str]":
        account, purchase_id, cents, mcc, merchant, wallet = purchase
        words = (account, purchase_id or "", cents, mcc, merchant, wallet)
        return connection.ask("EVALSHA", self._script, 0, *words)  # type: ignore[return-value]

    async def balances(self, account: str) -> Balances | None:
        """See `Store`."""
        found = await self._connections[0].ask("HMGET", f"a:{account}", *WALLETS)
        assert isinstance(found, list)
        return None if found[0] is None else dict(zip(WALLETS, map(int, found), strict=True))

    async def close(self) -> None:
        """See `Store`."""
        for connection in self._connections:
            connection.close()


def store(name: str, folder: Path, accounts: int) -> RedisStore:
    """The store of a front."""
    return RedisStore(folder, accounts, gathered=name == "redis-gathered")
