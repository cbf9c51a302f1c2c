"""The real authorizer on a machine in memory, driven step by step, that dies whenever asked.

The composition is the real one (`runtime.run`); disk, clocks, writer and whatever runs off the loop
are the machine's, and move only when the driver says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from random import Random
from typing import Any, Final
from unittest.mock import patch

from authorizer.actors.assembly import Actors
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.snapshots import SnapshotTaken
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.state import Account
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import Customer, customer_view
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.outcomes import Outcome
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import Ticket, ticket_view
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import Recovered, recover
from authorizer.persistence.state.state import State
from authorizer.runtime import running as runtime
from authorizer.runtime.running import Running, run
from authorizer.runtime.world import World
from authorizer.settings.model import Settings
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from tests.support.purchases import decided

SLICE_TICK_SECONDS: Final = 0.0004
"""How far the clock of the snapshots moves whenever it is read: a slice takes three entries."""
FIRST_WALL_US: Final = 1_751_155_200_000_000

Task = asyncio.Task[Any]


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop that runs until nothing is left to do, and then stands still."""

    _ready: deque[asyncio.Handle]

    def settle(self) -> None:
        while self._ready:
            self.call_soon(self.stop)
            self.run_forever()


class Machine:
    """A disk, two clocks, an event loop, and at most one authorizer that lives on them."""

    def __init__(self, segment_bytes: int = 1 << 20, **settings: Any) -> None:
        self.memory = MemoryDisk()
        self.disk = FaultyDisk(self.memory)
        self.loop = SteppedLoop()
        self.wall_us = FIRST_WALL_US
        self.monotonic_ns = 10**12
        self.seconds = 0.0
        self.gated = False
        """Whether everything off the loop waits for `step`, the making of keys apart."""
        self.failure: BaseException | None = None
        self._settings = Settings(**settings)
        self._segment_bytes = segment_bytes
        self._gates: deque[asyncio.Future[None]] = deque()
        self._tasks: list[Task] = []
        self._context: AbstractAsyncContextManager[Running] | None = None
        self._running: Running | None = None
        self._dead = False

    # --- life and death ------------------------------------------------------------------------

    def start(self) -> Recovered:
        """Recover and start. Gives what was recovered, which the running one takes over."""
        recovered = self.recover()
        self._dead = False
        self.failure = None
        self._context = run(self._settings, self._world(), recovered)
        with patch.object(runtime, "FileJournal", partial(small_journal, self._segment_bytes)):
            self._running = self.loop.run_until_complete(self._context.__aenter__())
        return recovered

    def recover(self, use_snapshots: bool = True) -> Recovered:
        """Recover, and start nothing."""
        retention_us = self._settings.id_retention_us
        return recover(self.disk, use_snapshots=use_snapshots, id_retention_us=retention_us)

    def _world(self) -> World:
        return World(
            disk=self.disk,
            wall_ns=lambda: self.wall_us * 1000,
            monotonic_ns=lambda: self.monotonic_ns,
            seconds=self._tick,
            off_loop=self._off_loop,
            start_writer=self._start_writer,
            on_failure=self._failed,
        )

    def stop(self) -> None:
        """End in order: everything that was asked is answered, everything appended is written."""
        self.gated = False
        while any(not task.done() for task in self._tasks):
            self.step()
            self.commit()
        self._leave()

    def kill(self) -> None:
        """End the process at once. What it wrote is to be read, synced or not."""
        self._die()
        self.memory.kill()

    def lose_power(self, random: Random) -> None:
        """End the machine at once. What was not synced is there, or in part, or not."""
        self._die()
        self.memory.lose_power(random)

    def close(self) -> None:
        """End for good."""
        self._die()
        self.loop.close()

    def _die(self) -> None:
        self._dead = True
        self.gated = False
        self.memory.die_after(0)
        for task in self._tasks:
            task.cancel()
        self._leave()

    def _leave(self) -> None:
        self.loop.settle()
        for task in self._tasks:
            if not task.cancelled():
                task.exception()
        self._tasks.clear()
        self._gates.clear()
        context, self._context, self._running = self._context, None, None
        if context is not None:
            with suppress(MachineDied):
                self.loop.run_until_complete(context.__aexit__(None, None, None))

    # --- what is there -------------------------------------------------------------------------

    @property
    def running(self) -> Running:
        assert self._running is not None, "nothing runs on this machine"
        return self._running

    @property
    def actors(self) -> Actors:
        return self.running.actors

    @property
    def dispatcher(self) -> Dispatcher:
        return self.actors.dispatcher

    @property
    def appended(self) -> int:
        return self.running.commit.appended

    @property
    def durable(self) -> int:
        return self.running.commit.durable

    # --- work ----------------------------------------------------------------------------------

    def ask(self, question: Coroutine[Any, Any, Any]) -> Task:
        """Put a question and let the loop do all that it can before the journal is written."""
        (task,) = self._put(question)
        return task

    def authorize(self, command: Authorize) -> Task:
        """Put a purchase."""
        return self.ask(self._authorize(command))

    def authorize_together(self, commands: Sequence[Authorize]) -> list[Task]:
        """Put purchases in one step of the loop."""
        return self._put(*map(self._authorize, commands))

    def _put(self, *questions: Coroutine[Any, Any, Any]) -> list[Task]:
        tasks: list[Task] = [self.loop.create_task(question) for question in questions]
        self._tasks += tasks
        self.loop.settle()
        return tasks

    async def _authorize(self, command: Authorize) -> Outcome:
        return await decided(self.dispatcher, command)

    def commit(self) -> None:
        """Write and sync what gathered, and what gathers from its answers, and so on."""
        while self.commit_once():
            pass

    def commit_once(self) -> bool:
        """Write and sync what gathered. False if there was nothing."""
        wrote = self.running.commit.commit_gathered()
        self.loop.settle()
        return wrote

    def answer(self, task: Task) -> Any:
        """The answer to a question, whatever must be done for it."""
        while not task.done():
            self.commit()
            self.step()
        return task.result()

    def snapshot(self) -> Task:
        """Begin a snapshot."""
        return self.ask(self.running.snapshots.take())

    def take_snapshot(self) -> SnapshotTaken:
        """Take a snapshot, whole."""
        taken: SnapshotTaken = self.answer(self.snapshot())
        return taken

    def step(self) -> bool:
        """Let the oldest of what waits off the loop happen. False if nothing waits."""
        if not self._gates:
            return False
        self._gates.popleft().set_result(None)
        self.loop.settle()
        return True

    # --- the machine's side of the world -------------------------------------------------------

    async def _off_loop(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.gated and not isinstance(getattr(function, "__self__", None), Vault):
            gate = self.loop.create_future()
            self._gates.append(gate)
            await gate
        return function(*arguments)

    def _start_writer(self, commit: GroupCommit) -> Callable[[], None]:
        def end() -> None:
            while not self._dead and commit.commit_gathered():
                pass

        return end

    def _failed(self, error: BaseException) -> None:
        self.failure = error

    def _tick(self) -> float:
        self.seconds += SLICE_TICK_SECONDS
        return self.seconds


def small_journal(segment_bytes: int, disk: Disk, read: JournalReader, _: int) -> FileJournal:
    """A journal with segments so small that no setting can ask for them."""
    return FileJournal(disk, read, segment_bytes)


# --- what a state holds ------------------------------------------------------------------------


def contents(state: State) -> dict[str, Any]:
    """Everything in a state, to be compared: no page of ids, no order of waking is seen in it."""
    return {
        "accounts": {
            name: account_contents(state[ACCOUNTS].load(name)) for name in state[ACCOUNTS]
        },
        "customers": {
            name: customer_contents(state[CUSTOMERS].load(name)) for name in state[CUSTOMERS]
        },
        "tickets": {name: ticket_contents(state[TICKETS].load(name)) for name in state[TICKETS]},
        **{index.name: dict(entries) for index, entries in state.indexes.items()},
        "merchants": (state.single(MERCHANTS).position, state.single(MERCHANTS).entries()),
    }


def account_contents(account: Account) -> dict[str, Any]:
    """Everything in an account."""
    cards = account.cards.values()
    return {
        "position": account.position,
        "customer": account.customer_id,
        "opening": account.opening_cents,
        "wallets": account.wallets_cents,
        "cards": [(card.customer_id, card.opening, card.terms()) for card in cards],
        "operations": account.operations,
        "ids": all_ids(account.remembered),
        "credits": all_ids(account.credits),
    }


def all_ids(remembered: IdempotencyKeys) -> dict[str, str]:
    """Every remembered id with what is remembered of it."""
    together: dict[str, str] = {}
    for page in (*remembered.sealed_pages, remembered.open_page):
        together.update(page)
    return together


def ticket_contents(ticket: Ticket) -> tuple[int, int, Any]:
    """Everything in a ticket."""
    return ticket.position, ticket.sealed_chars, ticket_view(ticket)


def customer_contents(customer: Customer) -> tuple[int, Any]:
    """Everything in a customer."""
    return customer.position, customer_view(customer)
