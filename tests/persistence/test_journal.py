"""The journal's promises, kept by every journal there is."""

from __future__ import annotations

import errno
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.journal_thread import JournalThread
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.journal.place import BEGINNING, OtherJournalError, Place
from authorizer.persistence.journal.protocol import (
    BlockingJournal,
    Journal,
    Submission,
    TwoStepJournal,
)
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.local_disk import LocalDisk
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MemoryDisk
from authorizer.simulation.stepped_journal import SteppedJournal
from tests.persistence.journals import (
    SMALL_SEGMENT,
    assert_goes_on,
    in_segment,
    open_journal,
    read,
    some_batches,
    write,
)
from tests.persistence.ways import KernelJournal, SteppedLoopJournal
from tests.support.waiting import PATIENCE_S


class Appending(Submission):
    """A batch that is submitted, and what became of it."""

    def __init__(self, opened: Journal, records: Sequence[bytes]) -> None:
        self._first = opened.position + 1
        self.records = list(records)
        self.chain: bytes | None = None
        self.error: BaseException | None = None
        self.told = 0
        self.then: Callable[[], None] = lambda: None
        self.ended = threading.Event()

    @property
    def first_position(self) -> int:
        return self._first

    def take(self) -> Sequence[bytes]:
        return self.records

    def written(self, chain: bytes) -> None:
        self.chain = chain
        self._end()

    def failed(self, error: BaseException) -> None:
        self.error = error
        self._end()

    def _end(self) -> None:
        self.told += 1
        self.then()
        self.ended.set()


class Kept(ABC):
    """Where one kind of journal is kept, to be opened again and again."""

    @abstractmethod
    def open(self) -> BlockingJournal: ...


class InFiles(Kept):
    def __init__(self, disk: LocalDisk | MemoryDisk) -> None:
        self.disk = disk

    def open(self) -> BlockingJournal:
        return open_journal(self.disk, SMALL_SEGMENT)


class InMemory(Kept):
    def __init__(self) -> None:
        self.journal = MemoryJournal()

    def open(self) -> BlockingJournal:
        return self.journal


def _in_two_steps(journal: BlockingJournal) -> TwoStepJournal:
    assert isinstance(journal, FileJournal)
    return journal


WAYS: Final[dict[str, Callable[[BlockingJournal], Journal]]] = {
    "inline": lambda journal: journal,
    "by a thread": JournalThread,
    "in steps": SteppedJournal,
    "by a loop, synced in steps": lambda journal: SteppedLoopJournal(_in_two_steps(journal)),
    "by a loop, synced by the kernel": lambda journal: KernelJournal(_in_two_steps(journal)),
}
Stepped = SteppedJournal | SteppedLoopJournal


class Store:
    """A kind of journal, written in one of the ways there are."""

    def __init__(self, kept: Kept, way: str) -> None:
        self._kept = kept
        self._way = way

    def open(self) -> Journal:
        return WAYS[self._way](self._kept.open())

    def batches(self) -> list[list[bytes]]:
        opened = self.open()
        found = [batch.records() for batch in opened.batches(BEGINNING, opened.position)]
        opened.close()
        return found


def append(opened: Journal, records: Sequence[bytes]) -> bytes:
    """Have a batch written, and wait for it."""
    batch = Appending(opened, records)
    opened.submit(batch)
    if isinstance(opened, Stepped):
        assert opened.step()
    assert batch.ended.wait(PATIENCE_S)
    assert batch.chain is not None, batch.error
    return batch.chain


def make_kept(name: str, folder: Path) -> Kept:
    if name == "memory":
        return InMemory()
    return InFiles(MemoryDisk() if name == "memory disk" else LocalDisk(folder))


KEPT: Final = {
    "memory": ("inline", "by a thread", "in steps"),
    "memory disk": tuple(way for way in WAYS if way != "by a loop, synced by the kernel"),
    "local disk": tuple(way for way in WAYS if way != "by a loop, synced in steps"),
}
"""Where journals are kept, and the ways in which they are written there."""


@pytest.fixture(params=list(KEPT))
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return make_kept(request.param, tmp_path)


@pytest.fixture(
    params=[(kept, way) for kept, ways in KEPT.items() for way in ways], ids=" written ".join
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    kept, way = request.param
    return Store(make_kept(kept, tmp_path), way)


BATCHES = some_batches(12)


def append_all(store: Store, batches: list[list[bytes]]) -> bytes:
    opened = store.open()
    chain = frame.GENESIS
    for batch in batches:
        chain = append(opened, batch)
    assert (opened.chain, opened.position) == (chain, opened.position)
    opened.close()
    return chain


# --- what every journal does -------------------------------------------------------------------


def test_batches_are_read_back_whole_and_in_order(store: Store) -> None:
    """Records have positions 1, 2, 3 …, batches keep their bounds."""
    append_all(store, BATCHES)
    assert store.batches() == BATCHES


def test_a_journal_goes_on_where_it_ended(store: Store) -> None:
    """Opening it again changes nothing."""
    for batch in BATCHES:
        append_all(store, [batch])
    assert store.batches() == BATCHES


def test_the_chain_is_a_matter_of_the_batches_alone(store: Store) -> None:
    """Every journal has the same head behind the same batches, however they lie in files."""
    expected = frame.GENESIS
    position = 0
    for batch in BATCHES:
        expected = frame.batch(position + 1, batch, expected)[1]
        position += len(batch)
    assert append_all(store, BATCHES) == expected
    opened = store.open()
    assert (opened.position, opened.chain) == (position, expected)
    opened.close()


def test_the_chain_tells_other_batches_apart(store: Store) -> None:
    """The same records in other batches are another history."""
    first = append_all(store, [[b"a", b"b"]])
    assert append_all(Store(InMemory(), "inline"), [[b"a"], [b"b"]]) != first
    assert append_all(Store(InMemory(), "inline"), [[b"ab"]]) != first


@pytest.mark.parametrize("position", [0, 1, 2, 4, 5])
def test_a_position_that_does_not_follow_is_refused(kept: Kept, position: int) -> None:
    """Positions have no gaps and never come twice; the journal is as it was."""
    opened = kept.open()
    opened.write(1, [b"a", b"b"])
    with pytest.raises(ValueError, match="does not follow 2"):
        opened.write(position, [b"c"])
    opened.write(3, [b"c"])
    opened.close()
    assert Store(kept, "inline").batches() == [[b"a", b"b"], [b"c"]]


def test_a_record_may_hold_any_bytes(store: Store) -> None:
    """Also none, zeros, and the bytes that begin a batch or a segment."""
    records = [
        b"",
        bytes(2000),
        frame.BATCH_MAGIC * 3,
        frame.SEGMENT_MAGIC,
        frame.batch(1, [b"x"], frame.GENESIS)[0],
        b"\xff" * 70_000,
    ]
    append_all(store, [records, [b"behind"]])
    assert store.batches() == [records, [b"behind"]]


def test_it_is_read_behind_any_place_and_up_to_any_batch(store: Store) -> None:
    opened = store.open()
    for batch in BATCHES:
        append(opened, batch)
    whole = list(opened.batches(BEGINNING, opened.position))
    places = [BEGINNING, *map(Place.of, whole)]
    for begin, after in enumerate(places):
        for end, until in enumerate(places[begin:], begin):
            assert list(opened.batches(after, until.position)) == whole[begin:end]
    opened.close()


def test_it_is_read_while_it_is_written(store: Store) -> None:
    opened = store.open()
    place, found = BEGINNING, list[list[bytes]]()
    for batch in BATCHES:
        append(opened, batch)
        new: list[Batch] = list(opened.batches(place, opened.position))
        found += [one.records() for one in new]
        place = Place.of(new[-1])
    opened.close()
    assert found == BATCHES


def test_a_place_of_another_journal_is_refused(store: Store) -> None:
    opened = store.open()
    append(opened, [b"one"])
    (batch,) = opened.batches(BEGINNING, 1)
    place = Place.of(batch)
    strange = place._replace(chain=bytes(32)), place._replace(batch_offset=place.batch_offset + 1)
    for other in strange:
        with pytest.raises(OtherJournalError):
            list(opened.batches(other, 1))
    opened.close()


def test_what_is_said_to_be_durable_and_is_not_there_is_damage(store: Store) -> None:
    opened = store.open()
    append(opened, [b"one"])
    with pytest.raises(JournalDamagedError):
        list(opened.batches(BEGINNING, 2))
    opened.close()


def test_a_batch_that_is_refused_is_told_once_and_nothing_is_written(store: Store) -> None:
    opened = store.open()
    append(opened, [b"one"])
    wrong = Appending(opened, [b"two"])
    wrong._first = 5
    opened.submit(wrong)
    if isinstance(opened, SteppedJournal):  # another one writes when a batch is submitted
        with pytest.raises(ValueError, match="does not follow"):
            opened.step()
    assert wrong.ended.wait(PATIENCE_S)
    assert isinstance(wrong.error, ValueError)
    assert (wrong.chain, wrong.told, opened.position) == (None, 1, 1)
    opened.close()
    assert store.batches() == [[b"one"]]


def test_closing_writes_what_was_submitted_and_what_that_leads_to(store: Store) -> None:
    """However long the chain is of batches that are submitted out of `written`."""
    opened = store.open()
    left = [[b"%d" % number] for number in range(50)]

    def submit_next() -> None:
        if left:
            batch = Appending(opened, left.pop(0))
            batch.then = submit_next
            opened.submit(batch)

    submit_next()
    opened.close()
    assert store.batches() == [[b"%d" % number] for number in range(50)]


def test_its_place_is_checked(store: Store) -> None:
    opened = store.open()
    opened.check()
    opened.close()


@pytest.mark.parametrize("way", ["by a thread", "in steps"])
def test_what_comes_before_writing_begins_is_in_the_batch(way: str) -> None:
    """A batch that waits for its turn grows."""
    kept = InMemory()
    opened = Store(kept, way).open()
    busy, go_on = Appending(opened, [b"first"]), threading.Event()
    waiting = Appending(opened, [b"second"])
    waiting._first = 2

    def wait() -> None:
        assert go_on.wait(PATIENCE_S)

    if way == "by a thread":
        busy.then = wait
    opened.submit(busy)
    if isinstance(opened, SteppedJournal):
        opened.step()
    opened.submit(waiting)
    waiting.records.append(b"third")
    go_on.set()
    opened.close()
    assert Store(kept, way).batches() == [[b"first"], [b"second", b"third"]]


# --- what the one in files does ----------------------------------------------------------------


def test_a_new_journal_is_one_empty_segment() -> None:
    """It has no records; the chain is at its beginning."""
    disk = MemoryDisk()
    open_journal(disk).close()
    assert journal.segments(disk) == ["journal/00000000000000000001.journal"]
    found = read(disk)
    assert (found.position, found.chain, found.torn) == (0, frame.GENESIS, None)


def test_a_data_folder_without_a_journal_is_an_empty_journal() -> None:
    """Reading never makes anything."""
    disk = MemoryDisk()
    assert read(disk).position == 0
    assert disk.files() == {}


def test_on_a_loop_whatever_syncs_is_a_step_of_its_own() -> None:
    """The loop writes into memory only; a new segment is begun elsewhere, with all its syncs."""
    disk = FaultyDisk(MemoryDisk())
    opened = SteppedLoopJournal(open_journal(disk, segment_bytes=100))
    disk.calls.clear()

    def operations() -> list[str]:
        return [operation for operation, _ in disk.calls]

    opened.submit(Appending(opened, [b"[1]" * 40]))
    assert operations() == ["write"]
    assert opened.step()
    assert operations() == ["write", "sync"]
    disk.calls.clear()
    opened.submit(Appending(opened, [b"[2]"]))
    assert operations() == []
    assert opened.step()
    assert "rename" in operations()
    assert operations()[-2:] == ["write", "sync"]
    assert read(disk).records == [b"[1]" * 40, b"[2]"]


def test_one_write_and_one_sync_make_a_batch_durable() -> None:
    """However many records it holds."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk)
    disk.calls.clear()
    opened.write(1, [b"record"] * 500)
    segment = "journal/00000000000000000001.journal"
    assert disk.calls == [("write", segment), ("sync", segment)]


def test_a_segment_that_has_grown_past_its_size_is_followed_by_another() -> None:
    """A segment is named for its first position; batches are never split over two."""
    disk = MemoryDisk()
    write(disk, *BATCHES, segment_bytes=SMALL_SEGMENT)
    found = read(disk)
    assert [place.records for place in found.places] == BATCHES
    assert len(found.segments) >= 3
    position = 1
    for segment in found.segments:
        places = in_segment(found, segment)
        assert segment == f"journal/{position:020d}.journal"
        assert places[0].begin == frame.SEGMENT_HEADER_BYTES
        assert all(place.end < SMALL_SEGMENT for place in places[:-1])
        position += sum(len(place.records) for place in places)
    full = [disk.size(segment) for segment in found.segments[:-1]]
    assert min(full) >= SMALL_SEGMENT


def test_a_segment_of_an_older_run_is_followed_by_another_too() -> None:
    """How much is in a segment is known after opening it again."""
    disk = MemoryDisk()
    for batch in BATCHES:
        write(disk, batch, segment_bytes=SMALL_SEGMENT)
    other = MemoryDisk()
    write(other, *BATCHES, segment_bytes=SMALL_SEGMENT)
    assert disk.files() == other.files()


def test_every_segment_names_the_chain_before_it() -> None:
    """So that older segments can be kept elsewhere, and the rest still be checked."""
    disk = MemoryDisk()
    write(disk, *BATCHES, segment_bytes=SMALL_SEGMENT)
    whole = read(disk)
    second = whole.segments[1]
    disk.remove(whole.segments[0])
    reader = JournalReader(disk)
    rest = list(reader)
    assert reader.first_position == int(second[8:28])
    assert (reader.position, reader.chain) == (whole.position, whole.chain)
    assert [batch.records() for batch in rest] == [
        place.records for place in whole.places if place.segment != whole.segments[0]
    ]


@pytest.mark.parametrize("written_bytes", [0, 1, 30, 60, 75])
def test_a_write_that_fails_halfway_is_cut_by_the_next_start(written_bytes: int) -> None:
    """The batch was never answered for; the journal goes on before it."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    disk.fail("write", error=errno.ENOSPC, written_bytes=written_bytes)
    with pytest.raises(OSError, match="No space left"):
        opened.write(2, [b"[2]", b"[3]", b"[4]"])
    disk.mend()
    found = read(disk)
    assert found.records == [b"[1]"]
    assert (found.torn.length if found.torn else 0) == written_bytes
    assert_goes_on(disk, [b"[1]"])


@pytest.mark.parametrize("operation", ["append", "write", "sync", "rename"])
def test_a_segment_that_cannot_be_started_fails_the_write(operation: str) -> None:
    """The batch is not in the journal; the next start goes on before it."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk, segment_bytes=1)
    opened.write(1, [b"[1]"])
    disk.fail(operation, error=errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        opened.write(2, [b"[2]"])
    disk.mend()
    assert_goes_on(disk, [b"[1]"])
