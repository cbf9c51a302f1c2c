"""pykka as it comes: a ThreadingActor an account, its thread asleep until a purchase comes.

An actor decides in memory and hands the record to one thread that writes the journal: one write and
one sync for all records that waited. The answer leaves after the sync. A start reads the journal.
A thread an account bounds how many there can be.
"""

import asyncio
import os
import queue
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pykka

from benchmarks import wrk
from benchmarks.compare.peer import Kind, MissingError, Running, fronted
from benchmarks.compare.purchases import APPROVED, INSUFFICIENT, REFUSED, Purchase, source_of
from benchmarks.compare.store import Balances

MOST_ACCOUNTS: Final = 10_000
"""A system with its defaults has 32,768 process ids, and a thread takes one."""
STACK_BYTES: Final = 256 << 10
Future = asyncio.Future[str]


class Pykka:
    """The contender."""

    kind = Kind.GATHERED
    key = "pykka"
    name = "pykka threads, group commit"

    def settings(self) -> str:
        """See `Peer`."""
        return f"pykka {version('pykka')}, a thread an account, one thread for the journal"

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        if accounts > MOST_ACCOUNTS:
            most = Path("/proc/sys/kernel/threads-max").read_text().strip()
            ids = Path("/proc/sys/kernel/pid_max").read_text().strip()
            raise MissingError(
                f"not possible: {accounts:,} threads, and this system has at most {most} and "
                f"{ids} process ids"
            )
        folder.mkdir(parents=True, exist_ok=True)
        with fronted("pykka", folder, accounts) as server:
            yield Running(server)


class Asked(NamedTuple):
    """A purchase under way, and who waits for it."""

    purchase: Purchase
    future: Future


class Account(pykka.ThreadingActor):
    """One account."""

    use_daemon_thread = True

    def __init__(self, journal: "Journal") -> None:
        super().__init__()
        self._journal = journal
        self.wallets = dict(wrk.OPENING_CENTS)
        self._before: dict[str, tuple[list[object], str]] = {}

    def on_receive(self, message: Any) -> Any:
        """Decide a purchase, or say what the wallets hold."""
        if not isinstance(message, Asked):
            return dict(self.wallets)
        purchase, future = message
        _, purchase_id, *fields, _ = purchase
        before = None if purchase_id is None else self._before.get(purchase_id)
        if before is not None:
            code = before[1] if before[0] == fields else REFUSED
            self._journal.append(None, future, code)  # what it rests on may not be on disk yet
            return None
        source = source_of(purchase, self.wallets)
        code = INSUFFICIENT if source is None else APPROVED
        self.take_place(purchase_id, fields, source, code)
        self._journal.append([*purchase[:5], source, code], future, code)
        return None

    def take_place(
        self, purchase_id: str | None, fields: list[Any], source: str | None, code: str
    ) -> None:
        """Change by a decision: as it is made, or as it is read again."""
        if source is not None:
            self.wallets[source] -= fields[0]
        if purchase_id is not None:
            self._before[purchase_id] = (fields, code)


class Journal:
    """Records on disk, and the answers that wait for them."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._queue: queue.SimpleQueue[tuple[bytes, Future, str]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def append(self, record: list[object] | None, future: Future, code: str) -> None:
        """Write a record, if there is one, and answer once it and all before are on disk."""
        line = b"" if record is None else orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        self._queue.put((line, future, code))

    def _write(self) -> None:
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            os.write(self._file, b"".join(line for line, _, _ in batch))
            os.fdatasync(self._file)
            self._loop.call_soon_threadsafe(_answer, batch)


def _answer(batch: list[tuple[bytes, Future, str]]) -> None:
    for _, future, code in batch:
        if not future.done():
            future.set_result(code)


class PykkaStore:
    """The actors of all accounts."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self._path = folder / "journal"
        self._accounts = accounts
        self._actors: dict[str, pykka.ActorRef[Account]] = {}

    async def open(self) -> None:
        """Start the actors, and have them read the journal."""
        threading.stack_size(STACK_BYTES)
        journal = Journal(self._path, asyncio.get_running_loop())
        for number in range(wrk.FIRST_ACCOUNT, wrk.FIRST_ACCOUNT + self._accounts):
            self._actors[str(number)] = Account.start(journal)
        for line in self._path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):  # else torn, and never answered
                account, purchase_id, *fields, source, code = orjson.loads(line)
                proxy = self._actors[account].proxy()
                proxy.take_place(purchase_id, fields, source, code).get()

    def decide(self, purchase: Purchase) -> Awaitable[str]:
        """See `Store`."""
        future: Future = asyncio.get_running_loop().create_future()
        actor = self._actors.get(purchase.account)
        if actor is None:
            future.set_result(REFUSED)
        else:
            actor.tell(Asked(purchase, future))
        return future

    async def balances(self, account: str) -> Balances | None:
        """See `Store`."""
        actor = self._actors.get(account)
        return None if actor is None else await asyncio.to_thread(self._wallets_of, actor)

    @staticmethod
    def _wallets_of(actor: "pykka.ActorRef[Account]") -> Balances:
        wallets: Any = actor.ask("wallets")
        return dict(wallets)

    async def close(self) -> None:
        """See `Store`."""
        pykka.ActorRegistry.stop_all(block=False)


def store(_: str, folder: Path, accounts: int) -> PykkaStore:
    """The store of a front."""
    return PykkaStore(folder, accounts)
