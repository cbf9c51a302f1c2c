"""Group commit: what gathers while one sync runs is the next batch, one write and one sync."""

from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

from authorizer.persistence.journal.protocol import Journal

MAX_BATCH_RECORDS: Final = 8192
"""The most that one batch takes; what is over waits for the next."""
MAX_RELEASE: Final = 128
"""Answers that are let go at a time; between two such times the loop does what else is due."""
_WEIGHT: Final = 4
"""A batch moves what is expected of the next one by its share of this."""


class Waiter(Protocol):
    """The receiver of one value."""

    def set(self, value: Any, /) -> None:
        """Take the value. Called once, and must not raise."""


class CommitStats(NamedTuple):
    """One batch, for the metrics."""

    records: int
    record_bytes: int
    seconds: float


class GroupCommit:
    """The journal as the event loop sees it: appending never waits, answers wait for durability.

    `append`, `flush` and `when_durable` belong to the loop's thread. `commit_gathered` belongs to
    the one writer: a thread that runs `run`, or a simulation that calls it in steps.

    `post` hands a callback to the loop's thread, from any thread. `on_failure` is called in the
    writer's thread when the journal could not be written: it must end the process, for memory may
    be ahead of the disk. Nothing is let go after it.
    """

    def __init__(
        self,
        journal: Journal,
        position: int,
        chain: bytes,
        post: Callable[..., object],
        on_failure: Callable[[BaseException], None],
        seconds: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._post = post
        self._on_failure = on_failure
        self._seconds = seconds
        self._gathered: deque[Sequence[bytes]] = deque()
        self._waiting: deque[tuple[int, Waiter, Any]] = deque()
        self._wakeups: SimpleQueue[None] = SimpleQueue()
        self._idle = False
        self._stopping = False
        self._written = position
        self._releasing = False
        self._usual_s = 0.0
        self._began_s: float | None = None
        self.appended = position
        """The position of the newest record that was appended."""
        self.durable = position
        """The position of the newest record that is on disk, as far as the loop knows."""
        self.chain = chain
        """The hash chain's head at `durable`."""
        self.durable_bytes = 0
        """How many bytes of records were made durable since the start."""
        self.on_commit: Callable[[CommitStats], None] | None = None

    def append(self, records: Sequence[bytes]) -> int:
        """Append records as one whole, and return the position of the last of them."""
        self.appended += len(records)
        self._gathered.append(records)
        return self.appended

    def flush(self) -> None:
        """Have what was appended written now, unless the writer is at work and will find it.

        Whoever appends calls this when no more is about to come: then all of it is one batch.
        """
        if self._idle and self._gathered:
            self._idle = False
            self._wakeups.put(None)

    @property
    def is_releasing(self) -> bool:
        """Whether answers that nothing keeps back any more wait for their turn."""
        return self._releasing

    def expected_s(self) -> float:
        """How long what is appended now will wait for the disk, going by the recent batches.

        That is its own batch, and what is left of the one under way. One that takes longer than
        usual is expected to take as long again: nobody knows what keeps it.
        """
        usual_s, began_s = self._usual_s, self._began_s
        if began_s is None:
            return usual_s
        running_s = self._seconds() - began_s
        return usual_s + (usual_s - running_s if running_s < usual_s else running_s)

    def when_durable(self, position: int, waiter: Waiter, value: Any) -> None:
        """Give the waiter its value when everything up to `position` is on disk, in order."""
        if position <= self.durable and not self._waiting:
            waiter.set(value)
        else:
            self._waiting.append((position, waiter, value))

    def commit_gathered(self) -> bool:
        """Write and sync what has gathered, and have its answers let go. False if there was none.

        A failure reaches `on_failure` and then the caller: nothing more may be written.
        """
        records = self._take()
        if not records:
            return False
        started = self._began_s = self._seconds()
        try:
            chain = self._journal.write(self._written + 1, records)
        except BaseException as error:
            self._on_failure(error)
            raise
        self._written += len(records)
        stats = CommitStats(len(records), sum(map(len, records)), self._seconds() - started)
        self._began_s = None
        self._post(self._release, self._written, chain, stats)
        return True

    def run(self) -> None:
        """Commit until `stop`: the body of the writer's thread. It drains the queue by itself.

        The order matters: idle is said, and whether to stop is read, before the queue is looked at
        once more; the loop does both after it has appended. So no record can lie there unseen.
        """
        while True:
            if self.commit_gathered():
                continue
            self._idle = True
            stopping = self._stopping
            if self._gathered:
                continue
            if stopping:
                return
            self._wakeups.get()

    def stop(self) -> None:
        """Let `run` end when everything that was appended is written."""
        self._stopping = True
        self._wakeups.put(None)

    def _take(self) -> list[bytes]:
        records: list[bytes] = []
        gathered = self._gathered
        while gathered and len(records) < MAX_BATCH_RECORDS:
            records.extend(gathered.popleft())
        return records

    def _release(self, position: int, chain: bytes, stats: CommitStats) -> None:
        self.durable = position
        self.chain = chain
        self.durable_bytes += stats.record_bytes
        self._usual_s += (stats.seconds - self._usual_s) / _WEIGHT
        if not self._releasing:
            self._let_go()
        if self.on_commit is not None:
            self.on_commit(stats)

    def _let_go(self) -> None:
        waiting, durable = self._waiting, self.durable
        for _ in range(MAX_RELEASE):
            if not waiting or waiting[0][0] > durable:
                self._releasing = False
                return
            _, waiter, value = waiting.popleft()
            waiter.set(value)
        self._releasing = True
        self._post(self._let_go)
