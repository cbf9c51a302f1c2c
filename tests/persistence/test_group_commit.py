"""Group commit: what gathers is one batch, and no answer leaves before it is durable."""

from __future__ import annotations

import errno
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from authorizer.persistence.journal import frame, group_commit
from authorizer.persistence.journal.group_commit import MAX_RELEASE, CommitStats, GroupCommit
from authorizer.persistence.journal.journal_thread import JournalThread
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.journal.place import BEGINNING
from authorizer.persistence.journal.protocol import Journal, Submission
from authorizer.persistence.local_disk import LocalDisk
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from authorizer.simulation.stepped_journal import SteppedJournal
from tests.persistence.journals import ONE_SEGMENT, open_journal, read
from tests.persistence.ways import KernelJournal, SteppedLoopJournal
from tests.support.waiting import comes_true


class Loop:
    """The event loop as the group commit sees it: callbacks that are posted, run one by one."""

    def __init__(self) -> None:
        self.posted: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()

    def post(self, callback: Callable[..., object], *arguments: Any) -> None:
        self.posted.append((callback, arguments))

    def run(self) -> None:
        while self.posted:
            callback, arguments = self.posted.popleft()
            callback(*arguments)


class Answers:
    """Answers in the order in which they were let go."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def reply(self) -> Reply:
        return Reply(self)


class Reply:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def set(self, value: Any) -> None:
        self._answers.given.append(value)


class World:
    """A group commit, and all that it works with."""

    def __init__(self, journal: Journal) -> None:
        self.loop = Loop()
        self.answers = Answers()
        self.failures: list[BaseException] = []
        self.raised = 0
        self.ticks = iter(range(10**9))
        self.journal = journal
        self.busy_share = 0.0
        self.busy_s = 0.0
        self.commit = GroupCommit(
            journal, self.loop.post, self.failures.append, self.seconds, self.busy_seconds
        )

    def write(self) -> bool:
        """Have a batch written of all that gathered. False if nothing did."""
        self.commit.flush()
        assert isinstance(self.journal, SteppedJournal | SteppedLoopJournal)
        if self.journal.step():
            return True
        if len(self.failures) > self.raised:
            self.raised = len(self.failures)
            raise self.failures[-1]
        return False

    def end(self) -> None:
        """Have everything written that was appended, and the journal closed."""
        self.commit.finish()
        self.journal.close()

    def seconds(self) -> float:
        self.busy_s += self.busy_share
        return float(next(self.ticks))

    def busy_seconds(self) -> float:
        return self.busy_s

    def work(self, share: float = 1.0) -> None:
        """Have the loop's thread work all the time for a while, or a share of it."""
        self.busy_share = share
        for _ in range(80):
            self.append(b"work")
            self.commit.flush()
            if isinstance(self.journal, SteppedJournal | SteppedLoopJournal):
                self.journal.step()
            assert comes_true(self._is_durable, poll_s=0)

    def _is_durable(self) -> bool:
        self.loop.run()
        return self.commit.durable == self.commit.appended

    def append(self, *records: bytes) -> int:
        return self.commit.append(records)

    def ask(self, position: int, value: Any) -> None:
        self.commit.when_durable(position, self.answers.reply(), value)

    def append_and_ask(self, *records: bytes) -> None:
        self.ask(self.append(*records), records)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def world(journal: MemoryJournal) -> World:
    return World(SteppedJournal(journal))


# --- batches -----------------------------------------------------------------------------------


def test_what_gathered_is_one_batch(world: World, journal: MemoryJournal) -> None:
    """However many appended."""
    assert world.append(b"a") == 1
    assert world.append(b"b", b"c") == 3
    assert world.write()
    assert batches_of(journal) == [[b"a", b"b", b"c"]]


def test_nothing_gathered_is_no_batch(world: World, journal: MemoryJournal) -> None:
    """The journal is not touched."""
    assert not world.write()
    assert batches_of(journal) == []
    assert not world.loop.posted


def test_what_comes_while_a_batch_is_written_is_the_next_one() -> None:
    """The batch that is being written is closed."""
    journal = AppendingJournal()
    world = World(SteppedJournal(journal))
    journal.during_write = lambda: (world.append(b"late"), world.append(b"later"))
    world.append(b"a")
    assert world.write()
    journal.during_write = lambda: None
    assert world.write()
    assert not world.write()
    assert batches_of(journal) == [[b"a"], [b"late", b"later"]]


@pytest.fixture
def appending() -> tuple[World, AppendingJournal]:
    """A group commit, and its journal, to which something is appended while a batch is written."""
    journal = AppendingJournal()
    return World(SteppedJournal(journal)), journal


def step(world: World) -> bool:
    """Have the batch written that was submitted; False if none was."""
    assert isinstance(world.journal, SteppedJournal)
    return world.journal.step()


def write_while_something_is_late(world: World, journal: AppendingJournal, *records: bytes) -> None:
    """Have records written as a batch that is asked for, and one more appended meanwhile."""
    journal.during_write = lambda: world.append(b"late")
    world.append_and_ask(*records)
    world.commit.flush()
    assert step(world)
    journal.during_write = lambda: None


@pytest.mark.parametrize("share", [0.0, 0.6, 0.7])
def test_the_end_of_a_batch_submits_the_next_one_where_the_disk_is_what_is_short(
    appending: tuple[World, AppendingJournal], share: float
) -> None:
    """Also where the loop was busy before: answers are let go while the disk is at work."""
    world, journal = appending
    world.work()
    world.work(share)
    write_while_something_is_late(world, journal, b"a")
    assert step(world)
    assert batches_of(journal)[-2:] == [[b"a"], [b"late"]]
    assert world.answers.given == []


@pytest.mark.parametrize("share", [0.9, 1.0])
def test_answers_are_let_go_first_where_the_processor_is_what_is_short(
    appending: tuple[World, AppendingJournal], share: float
) -> None:
    """What the loop comes to until then is part of the next batch, which is submitted then."""
    world, journal = appending
    world.work(share)
    write_while_something_is_late(world, journal, b"a")
    assert not step(world)
    callback, arguments = world.loop.posted.popleft()
    callback(*arguments)
    assert world.answers.given == [(b"a",)]
    world.append(b"later")
    world.loop.run()
    assert step(world)
    assert batches_of(journal)[-2:] == [[b"a"], [b"late", b"later"]]
    assert not step(world)


@pytest.mark.parametrize(("records", "at_once"), [(63, False), (64, True), (500, True)])
def test_a_large_batch_is_followed_at_once_however_busy_the_loop_is(
    appending: tuple[World, AppendingJournal], records: int, at_once: bool
) -> None:
    """The loop may have much to do before it lets answers go, as where batches of lines come."""
    world, journal = appending
    world.work()
    write_while_something_is_late(world, journal, *[b"a"] * records)
    assert step(world) is at_once


def test_the_lock_is_free_before_the_loop_is_asked_to_submit(
    appending: tuple[World, AppendingJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop may be quicker than the thread that asks it, and nobody asks it again."""
    world, journal = appending
    world.work()
    post = world.loop.post

    def at_once(callback: Callable[..., object], *arguments: Any) -> None:
        callback() if callback == world.commit.flush else post(callback, *arguments)

    monkeypatch.setattr(world.commit, "_post", at_once)
    write_while_something_is_late(world, journal, b"a")
    assert step(world)


class AppendingJournal(MemoryJournal):
    """A journal during whose writes something happens."""

    during_write: Callable[[], object] = staticmethod(lambda: None)

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        self.during_write()
        return super().write(first_position, records)


def test_a_batch_is_bounded_and_what_is_over_is_the_next(
    world: World, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which it was appended."""
    monkeypatch.setattr(group_commit, "MAX_BATCH_RECORDS", 4)
    for number in range(10):
        world.append(b"%d" % number)
    while world.write():
        pass
    assert [len(batch) for batch in batches_of(journal)] == [4, 4, 2]
    assert written(journal) == [b"%d" % number for number in range(10)]


def test_what_was_appended_as_one_whole_is_never_split(
    world: World, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch may grow past its bound by one such whole."""
    monkeypatch.setattr(group_commit, "MAX_BATCH_RECORDS", 4)
    groups = [[b"a"] * 3, [b"b"] * 3, [b"c"] * 9, [b"d"]]
    for group in groups:
        world.append(*group)
    while world.write():
        pass
    assert batches_of(journal) == [groups[0] + groups[1], groups[2], groups[3]]


def test_a_batch_is_bounded_by_default() -> None:
    """A burst does not make one batch of everything: its first answers would wait for its last."""
    assert 1000 <= group_commit.MAX_BATCH_RECORDS <= 100_000


# --- answers -----------------------------------------------------------------------------------


def test_no_answer_leaves_before_its_position_is_durable(world: World) -> None:
    """Not when it is written, only when the sync is done and the loop was told."""
    world.append_and_ask(b"a")
    assert world.answers.given == []
    world.write()
    assert world.answers.given == []
    assert world.commit.durable == 0
    world.loop.run()
    assert world.answers.given == [(b"a",)]
    assert world.commit.durable == 1


def test_an_answer_waits_for_the_whole_of_what_it_rests_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the batch before it is durable already."""
    monkeypatch.setattr(group_commit, "MAX_BATCH_RECORDS", 2)
    for number in range(6):
        world.append(b"r")
        world.ask(number + 1, number + 1)
    for durable in (2, 4, 6):
        world.write()
        world.loop.run()
        assert world.answers.given == list(range(1, durable + 1))


def test_answers_are_let_go_in_the_order_in_which_they_were_given(world: World) -> None:
    """Reads between writes too: none overtakes another."""
    world.append_and_ask(b"a")
    world.ask(0, "read of what was durable long ago")
    world.append_and_ask(b"b", b"c")
    world.ask(1, "read of the first")
    world.write()
    world.loop.run()
    assert world.answers.given == [
        (b"a",),
        "read of what was durable long ago",
        (b"b", b"c"),
        "read of the first",
    ]


def test_only_so_many_answers_are_let_go_at_a_time_and_in_order(world: World) -> None:
    """What comes meanwhile stands behind, though it is durable already."""
    for number in range(MAX_RELEASE + 3):
        world.append(b"r")
        world.ask(number + 1, number)
    world.write()
    callback, arguments = world.loop.posted.popleft()
    callback(*arguments)
    assert world.answers.given == list(range(MAX_RELEASE))
    assert world.commit.is_releasing
    world.ask(0, "behind")
    world.append_and_ask(b"next")
    world.write()
    world.loop.run()
    assert world.answers.given[MAX_RELEASE:] == [
        *range(MAX_RELEASE, MAX_RELEASE + 3),
        "behind",
        (b"next",),
    ]
    assert not world.commit.is_releasing


# --- how long the disk will take ------------------------------------------------------------------


def test_the_disk_is_expected_to_take_what_it_took_of_late(world: World) -> None:
    assert world.commit.expected_s() == 0
    for _ in range(40):
        world.append(b"r")
        world.write()
        world.loop.run()
    assert world.commit.expected_s() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("running_s", "expected_s"), [(1, 4 + 3), (3, 4 + 1), (6, 4 + 6)])
def test_the_batch_under_way_is_waited_for_and_one_that_hangs_for_as_long_again(
    running_s: int, expected_s: float
) -> None:
    journal = AppendingJournal()
    world = World(SteppedJournal(journal))
    seen: list[float] = []
    journal.during_write = lambda: [world.seconds() for _ in range(3)]
    for _ in range(40):  # of 4 s each
        world.append(b"r")
        world.write()
        world.loop.run()

    def look() -> None:
        for _ in range(running_s - 1):
            world.seconds()
        seen.append(world.commit.expected_s())

    journal.during_write = look
    world.append(b"r")
    world.write()
    assert seen == [pytest.approx(expected_s, abs=0.01)]


def test_an_answer_that_rests_on_what_is_durable_is_let_go_at_once(world: World) -> None:
    """Nothing waits, so nothing is overtaken."""
    world.ask(0, "before anything")
    world.append(b"a")
    world.write()
    world.ask(1, "not known to be durable yet")
    assert world.answers.given == ["before anything"]
    world.loop.run()
    world.ask(1, "now it is")
    assert world.answers.given == ["before anything", "not known to be durable yet", "now it is"]


def test_an_answer_may_append_and_ask_for_more(world: World) -> None:
    """What waits for an answer goes on in the middle of the release."""

    class Again(Reply):
        def set(self, value: Any) -> None:
            super().set(value)
            world.append_and_ask(b"more")

    world.commit.when_durable(world.append(b"a"), Again(world.answers), "first")
    world.append_and_ask(b"b")
    world.write()
    world.loop.run()
    assert world.answers.given == ["first", (b"b",)]
    world.write()
    world.loop.run()
    assert world.answers.given == ["first", (b"b",), (b"more",)]


def test_the_head_of_the_chain_belongs_to_what_is_durable(
    world: World, journal: MemoryJournal
) -> None:
    """Position, chain and bytes move together, in the loop's thread."""
    world.append(b"a", b"bc")
    world.write()
    world.append(b"d")
    world.write()
    assert (world.commit.durable, world.commit.chain) == (0, frame.GENESIS)
    world.loop.run()
    assert (world.commit.durable, world.commit.chain) == (3, journal.chain)
    assert world.commit.durable_bytes == 4


def test_every_batch_is_told_with_its_size_and_time(world: World) -> None:
    """For the metrics; after its answers."""
    seen: list[tuple[CommitStats, int]] = []
    world.commit.on_commit = lambda stats: seen.append((stats, len(world.answers.given)))
    world.append_and_ask(b"a", b"bc")
    world.write()
    world.loop.run()
    assert seen == [(CommitStats(records=2, record_bytes=3, seconds=1.0), 1)]


def test_positions_go_on_behind_what_was_recovered() -> None:
    """A restart continues the numbers."""
    journal = MemoryJournal()
    chain = journal.write(1, [b"old"] * 41)
    world = World(SteppedJournal(journal))
    commit = world.commit
    assert (commit.appended, commit.durable, commit.chain) == (41, 41, chain)
    assert commit.append([b"new"]) == 42
    world.write()
    world.loop.run()
    assert journal.position == commit.durable == 42


# --- failure -----------------------------------------------------------------------------------


@pytest.fixture(params=["write", "sync", "new segment"])
def refused(request: pytest.FixtureRequest) -> str:
    """What the disk refuses."""
    return str(request.param)


@pytest.fixture(params=[SteppedJournal, SteppedLoopJournal])
def failing(request: pytest.FixtureRequest, refused: str) -> tuple[World, FaultyDisk]:
    """A group commit that has written one batch, on a disk that refuses the second, once."""
    disk = FaultyDisk(MemoryDisk())
    segment_bytes = 1 if refused == "new segment" else ONE_SEGMENT
    world = World(request.param(open_journal(disk, segment_bytes)))
    world.append_and_ask(b"[1]")
    world.write()
    world.loop.run()
    if refused == "write":
        disk.fail("write", error=errno.ENOSPC, written_bytes=40)
    else:
        disk.fail("sync" if refused == "sync" else "rename")
    disk.calls.clear()
    return world, disk


def test_a_journal_that_cannot_be_written_lets_no_answer_go(
    failing: tuple[World, FaultyDisk],
) -> None:
    """Whoever ends the process is told why; what waits gets no answer, which is the truth."""
    world, _ = failing
    world.append_and_ask(b"[2]")
    world.ask(1, "a read behind it")
    with pytest.raises(OSError, match="memory:/journal") as raised:
        world.write()
    assert world.failures == [raised.value]
    world.raised = 1
    world.loop.run()
    assert world.answers.given == [(b"[1]",)]
    assert world.commit.durable == 1


def test_a_journal_that_failed_is_never_written_again(
    failing: tuple[World, FaultyDisk],
) -> None:
    """No second sync and no next batch: nobody knows what the failed one left behind."""
    world, disk = failing
    world.append_and_ask(b"[2]")
    world.append_and_ask(b"[3]")
    with pytest.raises(OSError, match="memory:/journal"):
        world.write()
    world.raised = 1
    assert not world.write()
    world.append_and_ask(b"[4]")
    assert not world.write()
    assert disk.calls == disk.calls[: disk.calls.index(disk.refused[0]) + 1]
    assert len(world.failures) == 1
    world.loop.run()
    assert world.answers.given == [(b"[1]",)]
    assert read(disk).records[:1] == [b"[1]"]


def test_whatever_is_raised_ends_the_writer() -> None:
    """A bug in the journal, or the end of the machine: memory is ahead of the disk all the same."""
    for error in (ValueError("a bug"), MachineDied("sync"), KeyboardInterrupt()):
        world = World(RaisingJournal(error))
        world.append_and_ask(b"a")
        world.commit.flush()
        assert world.failures == [error]
        assert not world.loop.posted


class RaisingJournal(MemoryJournal):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        raise self._error


# --- the writer's thread -----------------------------------------------------------------------


@pytest.fixture
def nervous_threads() -> Iterator[None]:
    """Threads that change places all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run_until_answered(world: World, count: int) -> bool:
    """Run the loop's callbacks until so many answers were given. False if they never are."""

    def answered() -> bool:
        world.loop.run()
        return len(world.answers.given) >= count

    return comes_true(answered, poll_s=0)


@pytest.mark.usefixtures("nervous_threads")
def test_no_record_is_left_lying_when_the_writer_falls_asleep(journal: MemoryJournal) -> None:
    """Each one alone, appended at the moment when the writer finds nothing more to do."""
    world = World(JournalThread(journal))
    for number in range(5000):
        world.append_and_ask(b"%d" % number)
        world.commit.flush()
        if number % 3 == 0:
            assert run_until_answered(world, number + 1), "a record that nobody writes"
    assert run_until_answered(world, 5000), "a record that nobody writes"
    assert world.answers.given == [(b"%d" % number,) for number in range(5000)]
    world.end()


@pytest.mark.usefixtures("nervous_threads")
@pytest.mark.parametrize("busy", [False, True])
def test_ending_writes_all_that_was_appended(busy: bool) -> None:
    """Flushed or not, with a batch under way or without, and though the loop runs nothing more."""
    for count in (0, 1, 2, 500):
        for flushed in (False, True):
            journal = MemoryJournal()
            world = World(JournalThread(journal))
            if busy:
                world.work()
            before = written(journal)
            records = [b"%d" % number for number in range(count)]
            for record in records:
                world.append(record)
                if flushed:
                    world.commit.flush()
            world.end()
            assert written(journal) == before + records


class WatchedDeque(deque[Any]):
    """Where records gather; tells when somebody looks whether there are any."""

    def __init__(self, looked: Callable[[], None]) -> None:
        super().__init__()
        self._looked = looked

    def __len__(self) -> int:
        length = super().__len__()
        self._looked()
        return length


class WatchedLock:
    """What is held while a batch is under way; tells when it changes hands."""

    def __init__(self, looked: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._looked = looked

    def acquire(self, *, blocking: bool) -> bool:
        self._looked()
        acquired = self._lock.acquire(blocking=blocking)
        self._looked()
        return acquired

    def release(self) -> None:
        self._looked()
        self._lock.release()
        self._looked()


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("moment", range(1, 20))
def test_what_is_appended_at_any_moment_is_written(moment: int, is_last: bool, busy: bool) -> None:
    """The loop's thread steps in at every moment at which the writer looks for work.

    It appends, and has it written unless a batch is under way: the record is written either way,
    and no two batches are under way. What is the last does not need the loop any more.
    """
    journal = OneAtATime()
    world = World(journal)
    if busy:
        world.work()
    moments = iter(range(1, 1000))

    def step_in() -> None:
        if next(moments) == moment:
            world.append(b"late")
            world.commit.finish() if is_last else world.commit.flush()

    world.commit._gathered = WatchedDeque(step_in)
    world.commit._under_way = WatchedLock(step_in)  # type: ignore[assignment]
    world.append(b"early")
    world.commit.flush()
    if not is_last:
        world.loop.run()
    assert len(written(journal)) == world.commit.appended == journal.position
    assert not journal.waiting


class OneAtATime(MemoryJournal):
    """A journal that is submitted to by two threads, if they can, and writes in one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Submission] = []

    def submit(self, submission: Submission) -> None:
        assert not self.waiting, "two batches are under way"
        self.waiting.append(submission)
        chain = self.write(submission.first_position, submission.take())
        self.waiting.clear()
        submission.written(chain)


def batches_of(journal: MemoryJournal) -> list[list[bytes]]:
    return [batch.records() for batch in journal.batches(BEGINNING, journal.position)]


def written(journal: MemoryJournal) -> list[bytes]:
    return [record for batch in batches_of(journal) for record in batch]


def test_what_the_thread_wrote_is_in_the_journal_once_and_in_order() -> None:
    """The real journal under the real thread."""
    disk = MemoryDisk()
    world = World(JournalThread(open_journal(disk, segment_bytes=4000)))
    for number in range(3000):
        world.append_and_ask(b"[%d]" % number, b"[]")
        if number % 7 == 0:
            world.commit.flush()
        world.loop.run()
    world.commit.flush()
    assert run_until_answered(world, 3000)
    world.end()
    expected = [record for number in range(3000) for record in (b"[%d]" % number, b"[]")]
    assert read(disk).records == expected


def test_what_the_kernel_synced_is_in_the_journal_once_and_in_order(tmp_path: Path) -> None:
    """The real journal, written by a real loop. Every batch begins a segment."""
    disk = LocalDisk(tmp_path)
    journal = KernelJournal(open_journal(disk, segment_bytes=1))
    world = World(journal)

    def append_and_flush(number: int) -> None:
        world.append_and_ask(b"[%d]" % number, b"[]")
        if number % 7 == 0:
            world.commit.flush()

    for until in range(100, 1001, 100):
        for number in range(until - 100, until):
            journal.loop.call_soon_threadsafe(append_and_flush, number)
            world.loop.run()
        journal.loop.call_soon_threadsafe(world.commit.flush)
        assert run_until_answered(world, until)
    world.journal.close()
    expected = [record for number in range(1000) for record in (b"[%d]" % number, b"[]")]
    found = read(disk)
    assert found.records == expected
    assert len(found.segments) == len(found.places) >= 10
    assert world.failures == []
