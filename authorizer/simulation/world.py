"""The world of an authorizer, in memory."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from authorizer.actors.entity import OffLoop
from authorizer.persistence.archive.memory_archive import MemoryArchive
from authorizer.persistence.journal.loop_journal import LoopJournal
from authorizer.persistence.journal.protocol import BlockingJournal, Journal, TwoStepJournal
from authorizer.persistence.state.recovery import Recovered
from authorizer.runtime.world import KEYS, KeyPlace, World
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MemoryDisk
from authorizer.simulation.stepped_journal import SteppedJournal
from authorizer.simulation.stepped_syncs import SteppedSyncs

FIRST_WALL_NS: Final = 1_751_155_200_000_000_000
FIRST_MONOTONIC_NS: Final = 10**12


class Simulation:
    """A disk, clocks that stand still until they are moved, and chance that a seed decides."""

    def __init__(self, seed: int = 0) -> None:
        self.memory = MemoryDisk()
        self.disk = FaultyDisk(self.memory)
        self.random = Random(seed)  # noqa: S311 - that it can be guessed is what it is for
        self.archive = MemoryArchive(lambda: self.random.randbytes(8).hex())
        self.wall_ns = FIRST_WALL_NS
        self.monotonic_ns = FIRST_MONOTONIC_NS
        self.seconds = 0.0
        """The stopwatch."""
        self.tick_seconds = 0.0
        """How far the stopwatch moves whenever it is read."""
        self.busy_share = 0.0
        """The share of that time which the loop's thread works."""
        self.free_bytes = 1 << 40
        """What can still be written, as far as the authorizer is told."""
        self.writer: SteppedJournal | SteppedSyncs | None = None
        """What makes the next batch durable, of the journal that was opened last."""
        self.failure: BaseException | None = None
        """The error that kept the journal or the keys from being written."""

    def let_pass(self, time_ns: int) -> None:
        """Let time pass, on both clocks."""
        self.wall_ns += time_ns
        self.monotonic_ns += time_ns

    def make_world(
        self, journal_of: Callable[[Recovered], BlockingJournal], off_loop: OffLoop
    ) -> World:
        """The world of an authorizer. `journal_of` opens the journal that is written in steps."""

        def open_journal(recovered: Recovered) -> Journal:
            self.writer = SteppedJournal(journal_of(recovered))
            return self.writer

        return self._world(open_journal, off_loop)

    def make_world_on_loop(
        self, journal_of: Callable[[Recovered], TwoStepJournal], off_loop: OffLoop
    ) -> World:
        """The same, with a journal that the loop writes, and that is synced in steps."""

        def open_journal(recovered: Recovered) -> Journal:
            self.writer = SteppedSyncs()
            return LoopJournal(journal_of(recovered), self.writer)

        return self._world(open_journal, off_loop)

    def _world(self, open_journal: Callable[[Recovered], Journal], off_loop: OffLoop) -> World:
        return World(
            disk=self.disk,
            keys=KeyPlace(self.disk, KEYS),
            archive=self.archive,
            open_journal=open_journal,
            free_bytes=lambda: self.free_bytes,
            random=self.random.randbytes,
            wall_ns=lambda: self.wall_ns,
            monotonic_ns=lambda: self.monotonic_ns,
            seconds=self._read_stopwatch,
            busy_seconds=lambda: self.seconds * self.busy_share,
            off_loop=off_loop,
            yield_core=lambda: None,
            on_failure=self._fail,
        )

    def _read_stopwatch(self) -> float:
        self.seconds += self.tick_seconds
        return self.seconds

    def _fail(self, error: BaseException) -> None:
        self.failure = error


async def inline(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function at once: nothing blocks in memory."""
    return function(*arguments)
