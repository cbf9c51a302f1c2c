"""A machine in memory on which an authorizer lives, driven step by step, and dies when asked."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from random import Random
from typing import Any, Final

from authorizer.actors.assembly import Actors
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.snapshots import SnapshotTaken
from authorizer.persistence.archive.memory_archive import MemoryArchive
from authorizer.persistence.archive.protocol import Attic
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import Recovered, recover
from authorizer.runtime.running import Running, run
from authorizer.settings.model import Settings
from authorizer.simulation.memory_disk import MachineDied
from authorizer.simulation.world import Simulation

SLICE_TICK_SECONDS: Final = 0.0004
"""A slice of a snapshot takes three entries, by a stopwatch that moves so far when it is read."""

Task = asyncio.Task[Any]


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop that runs until nothing is left to do, and then stands still."""

    _ready: deque[asyncio.Handle]

    def settle(self) -> None:
        """Do all that can be done."""
        while self._ready:
            self.call_soon(self.stop)
            self.run_forever()


class Machine(Simulation):
    """A simulation with an event loop, and at most one authorizer that lives on it."""

    def __init__(
        self,
        seed: int = 0,
        segment_bytes: int = 1 << 20,
        *,
        on_loop: bool = False,
        **settings: Any,
    ) -> None:
        """`segment_bytes` may be less than any setting can ask for.

        `on_loop`: the loop writes the journal, and only its syncs are steps. Otherwise a batch is
        taken, written and synced in a step, as by a thread.
        """
        super().__init__(seed)
        self.tick_seconds = SLICE_TICK_SECONDS
        self.busy_share = float(seed % 2)  # so both orders of answers and batches are seen
        self.loop = SteppedLoop()
        self.on_loop = on_loop
        self.gated = False
        """Whether everything off the loop waits for `step`, keys and archive apart."""
        make_world = self.make_world_on_loop if on_loop else self.make_world
        self.world = make_world(self._open_journal, self._off_loop)
        self._raised: BaseException | None = None
        """The failure that whoever drives the machine knows of."""
        self._settings = Settings(**settings)
        self._segment_bytes = segment_bytes
        self._gates: deque[asyncio.Future[None]] = deque()
        self._tasks: list[Task] = []
        self._context: AbstractAsyncContextManager[Running] | None = None
        self._running: Running | None = None

    # --- life and death ------------------------------------------------------------------------

    def start(self) -> Recovered:
        """Recover and start. Gives what was recovered, which the running one takes over."""
        recovered = self.recover(tail_only=True)
        self.failure = self._raised = None
        self._context = run(self._settings, self.world, recovered)
        self._running = self.loop.run_until_complete(self._context.__aenter__())
        return recovered

    def recover(self, use_snapshots: bool = True, *, tail_only: bool = False) -> Recovered:
        """Recover, and start nothing."""
        return recover(
            self.disk,
            use_snapshots=use_snapshots,
            id_retention=self._settings.id_retention,
            attic=Attic(self.archive, self._settings.room) if use_snapshots else None,
            tail_only=tail_only,
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
        self.gated = False
        if self.writer is not None:
            self.writer.abandon()
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
        """The authorizer that lives on the machine."""
        assert self._running is not None, "nothing runs on this machine"
        return self._running

    @property
    def actors(self) -> Actors:
        """Its actors."""
        return self.running.actors

    @property
    def dispatcher(self) -> Dispatcher:
        """The dispatcher of commands that one entity decides by itself."""
        return self.actors.dispatcher

    @property
    def appended(self) -> int:
        """The position of its newest event."""
        return self.running.commit.appended

    @property
    def durable(self) -> int:
        """The position of the newest event that it knows to be durable."""
        return self.running.commit.durable

    # --- work ----------------------------------------------------------------------------------

    def ask(self, question: Coroutine[Any, Any, Any]) -> Task:
        """Put a question, and do all that can be done before the journal is written."""
        (task,) = self.ask_together(question)
        return task

    def ask_together(self, *questions: Coroutine[Any, Any, Any]) -> list[Task]:
        """Put questions in one step of the loop."""
        tasks: list[Task] = [self.loop.create_task(question) for question in questions]
        self._tasks += tasks
        self.loop.settle()
        return tasks

    def commit(self) -> None:
        """Write and sync what gathered, and what gathers from its answers, and so on."""
        while self.commit_once():
            pass

    def commit_once(self) -> bool:
        """Write and sync what gathered, as one batch. False if there was nothing.

        What keeps it from becoming durable is raised, once.
        """
        try:
            wrote = self.writer is not None and self.writer.step()
        except BaseException as error:
            self._raised = error
            raise
        self.loop.settle()
        if self.failure is not self._raised:
            self._raised = self.failure
            assert self.failure is not None
            raise self.failure
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

    def _open_journal(self, recovered: Recovered) -> FileJournal:
        return FileJournal(self.disk, recovered.journal, self._segment_bytes)

    async def _off_loop(self, function: Callable[..., Any], *arguments: Any) -> Any:
        at_once = isinstance(getattr(function, "__self__", None), (Vault, MemoryArchive))
        if self.gated and not at_once:
            gate = self.loop.create_future()
            self._gates.append(gate)
            await gate
        return function(*arguments)
