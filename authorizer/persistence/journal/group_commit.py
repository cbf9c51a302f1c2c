"""Group commit: records that gather during one sync are the next batch, with one sync."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final, NamedTuple, Protocol

from typing_extensions import override

from authorizer.persistence.journal.protocol import Journal, Submission

MAX_BATCH_RECORDS: Final = 8192
"""Records of one batch, at most; the others wait for the next one."""
MAX_RELEASE: Final = 128
"""Answers released in one step of the loop, at most; sockets have their turn in between."""
_WEIGHT: Final = 4
"""The expected duration moves by the nth part of each batch's difference from it."""
_BUSY: Final = 0.8
"""The share of its time that the loop's thread works, beyond which the processor is what is short.
With 64 connections at full load it was 0.83 to 0.87 at a sync of 150 us, 0.62 to 0.73 at 1 ms."""
_BUSY_WEIGHT: Final = 16
"""That share moves by the nth part likewise; the first n are a plain mean."""
_SMALL: Final = 64
"""Records of a batch, below which what a batch takes besides its records is worth saving."""


class Waiter(Protocol):
    """The receiver of one value."""

    def set(self, value: Any, /) -> None:
        """Take the value. Called once, and must not raise."""


class CommitStats(NamedTuple):
    """One batch, for the metrics."""

    records: int
    record_bytes: int
    seconds: float


class GroupCommit(Submission):
    """The journal as the event loop sees it: appending never waits, answers wait for durability.

    It is itself the batch that it submits: the records that have gathered. `append`, `flush` and
    `when_durable` belong to the loop's thread. `take`, `written` and `failed` belong to the thread
    of the journal, which may be the loop's.

    `post` hands a callback to the loop's thread, from any thread. `on_failure` is called in the
    journal's thread when a batch could not be written: it must end the process, for memory may be
    ahead of the disk. Nothing is written and nothing is let go after it. `seconds` is a stopwatch,
    and `busy_seconds` the processor time of the calling thread.

    What gathered while a batch was written is submitted at its end. But a batch costs the system
    and the loop processor time, however small it is. So where the loop's thread is at work most of
    the time and batches are small, the disk waits: answers are let go first, and what the loop
    comes to meanwhile is part of the next batch.
    """

    def __init__(
        self,
        journal: Journal,
        post: Callable[..., object],
        on_failure: Callable[[BaseException], None],
        seconds: Callable[[], float],
        busy_seconds: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._post = post
        self._on_failure = on_failure
        self._seconds = seconds
        self._busy_seconds = busy_seconds
        self._gathered: deque[Sequence[bytes]] = deque()
        self._waiting: deque[tuple[int, Waiter, Any]] = deque()
        self._under_way = Lock()
        """Held from a batch's submission until it is written; after a failure it stays held."""
        self._taken: Sequence[bytes] = ()
        self._written = journal.position
        self._releasing = False
        self._told_s = seconds()
        """When the newest batch of which the loop knows had ended."""
        self._busy_s = busy_seconds()
        """The processor time of the loop's thread then."""
        self._busy_share = 0.0
        self._looks = 0
        """How many looks that share is the mean of, up to `_BUSY_WEIGHT`."""
        self._finishing = False
        self._usual_s = 0.0
        self._began_s: float | None = None
        self.appended = journal.position
        """The position of the newest record that was appended."""
        self.durable = journal.position
        """The position of the newest record that is on disk, as far as the loop knows."""
        self.chain = journal.chain
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
        """Have what was appended written now, unless a batch is under way: its end will find it.

        Called once no more records are about to come, so that all of them are one batch.
        """
        if self._gathered and self._under_way.acquire(blocking=False):
            self._journal.submit(self)

    def finish(self) -> None:
        """Have everything written that was appended, by whoever closes the journal after this.

        The end of each batch submits the next one from now on, without the loop's help.
        """
        self._finishing = True
        self.flush()

    @property
    def is_releasing(self) -> bool:
        """True while answers whose events are durable wait for their step of the loop."""
        return self._releasing

    def expected_s(self) -> float:
        """The expected wait for the disk of a record that is appended now, by the recent batches.

        It is the duration of its own batch, and the rest of the one under way. A batch that takes
        longer than usual is expected to take as long again.
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

    @property
    @override
    def first_position(self) -> int:
        return self._written + 1

    @override
    def take(self) -> Sequence[bytes]:
        self._began_s = self._seconds()
        records: list[bytes] = []
        gathered = self._gathered
        while gathered and len(records) < MAX_BATCH_RECORDS:
            records.extend(gathered.popleft())
        self._taken = records
        return records

    @override
    def written(self, chain: bytes) -> None:
        """Have the answers let go, and submit what gathered meanwhile.

        The order matters. The loop appends first, and then takes `_under_way` or finds it held.
        Here it is released first, and then the records are looked for once more. So no record can
        be left unseen, and no two batches can be under way. It is the same with `_finishing`.
        """
        records, began_s = self._taken, self._began_s
        assert began_s is not None
        self._written += len(records)
        ended_s = self._seconds()
        stats = CommitStats(len(records), sum(map(len, records)), ended_s - began_s)
        self._began_s = None
        self._post(self._release, self._written, chain, stats, ended_s)
        if self._busy_share > _BUSY and len(records) < _SMALL:
            self._under_way.release()
            self._post(self.flush)
            if not (self._finishing and self._under_way.acquire(blocking=False)):
                return
        while not self._gathered:
            self._under_way.release()
            if not self._gathered or not self._under_way.acquire(blocking=False):
                return
        self._journal.submit(self)

    @override
    def failed(self, error: BaseException) -> None:
        self._on_failure(error)

    def _release(self, position: int, chain: bytes, stats: CommitStats, ended_s: float) -> None:
        self.durable = position
        self.chain = chain
        self.durable_bytes += stats.record_bytes
        self._usual_s += (stats.seconds - self._usual_s) / _WEIGHT
        self._look_at_work(ended_s)
        if not self._releasing:
            self._let_go()
        if self.on_commit is not None:
            self.on_commit(stats)

    def _look_at_work(self, ended_s: float) -> None:
        """See how much of the time since the batch before the loop's thread, this one, worked."""
        busy_s, passed_s = self._busy_seconds(), ended_s - self._told_s
        if passed_s > 0:
            share = min(1.0, (busy_s - self._busy_s) / passed_s)
            self._looks = min(self._looks + 1, _BUSY_WEIGHT)
            self._busy_share += (share - self._busy_share) / self._looks
        self._busy_s, self._told_s = busy_s, ended_s

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
