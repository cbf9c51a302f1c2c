"""The ways in which a journal is written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest

from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.kernel_syncs import KernelSyncs
from authorizer.persistence.journal.loop_journal import LoopJournal
from authorizer.persistence.journal.protocol import Submission, TwoStepJournal
from authorizer.simulation.stepped_syncs import SteppedSyncs
from tests.support.waiting import PATIENCE_S


class SteppedLoopJournal(LoopJournal):
    """A journal that is written when a batch is submitted, and synced when it is told to be."""

    def __init__(self, journal: TwoStepJournal) -> None:
        self._steps = SteppedSyncs()
        super().__init__(journal, self._steps)

    def step(self) -> bool:
        return self._steps.step()


class _Batch(Submission):
    """A batch, and what became of it."""

    def __init__(self, first_position: int, records: Sequence[bytes]) -> None:
        self._first_position = first_position
        self._records = records
        self.error: BaseException | None = None

    @property
    def first_position(self) -> int:
        return self._first_position

    def take(self) -> Sequence[bytes]:
        return self._records

    def written(self, chain: bytes) -> None:
        pass

    def failed(self, error: BaseException) -> None:
        self.error = error


Write = Callable[[FileJournal, Sequence[bytes]], None]
"""Writes a batch behind a journal; raises what keeps it from being durable."""


def by_its_caller(journal: FileJournal, records: Sequence[bytes]) -> None:
    journal.write(journal.position + 1, records)


def by_a_loop(journal: FileJournal, records: Sequence[bytes]) -> None:
    """Written first, and then synced."""
    on_loop = SteppedLoopJournal(journal)
    batch = _Batch(journal.position + 1, records)
    on_loop.submit(batch)
    if batch.error is None:
        on_loop.step()
    if batch.error is not None:
        raise batch.error


WRITES: Final[dict[str, Write]] = {"by its caller": by_its_caller, "by a loop": by_a_loop}
each_way = pytest.mark.parametrize("write_batch", WRITES.values(), ids=WRITES)


class KernelJournal(LoopJournal):
    """A journal that is written by the loop of a thread of its own, and synced by the kernel."""

    def __init__(self, journal: TwoStepJournal) -> None:
        self._own = loop_of_its_own()
        self.loop = self._own.__enter__()
        self._thread = on_loop(self.loop, threading.current_thread)
        syncs: KernelSyncs = on_loop(self.loop, lambda: KernelSyncs(self.loop, journal.file))
        super().__init__(journal, syncs)

    def submit(self, submission: Submission) -> None:
        if threading.current_thread() is self._thread:
            super().submit(submission)
        else:
            self.loop.call_soon_threadsafe(super().submit, submission)

    def close(self) -> None:
        super().close()
        self._own.__exit__(None, None, None)


@contextmanager
def loop_of_its_own() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread."""
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        running.join(PATIENCE_S)
        loop.close()


def on_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> Any:
    """Call something in a loop's thread, and give what it returns."""

    async def calling() -> Any:
        return call()

    return asyncio.run_coroutine_threadsafe(calling(), loop).result(PATIENCE_S)
