"""The journal's promises, kept by every journal there is."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.journal.protocol import Journal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MemoryDisk
from tests.persistence.journals import (
    SMALL_SEGMENT,
    assert_goes_on,
    in_segment,
    open_journal,
    read,
    some_batches,
    write,
)


class Store(ABC):
    """A place where one kind of journal lives, to be opened again and again."""

    @abstractmethod
    def open(self) -> Journal: ...

    @abstractmethod
    def batches(self) -> list[list[bytes]]: ...


class FileStore(Store):
    def __init__(self, disk: Disk, segment_bytes: int) -> None:
        self.disk = disk
        self.segment_bytes = segment_bytes

    def open(self) -> FileJournal:
        return open_journal(self.disk, self.segment_bytes)

    def batches(self) -> list[list[bytes]]:
        return [place.records for place in read(self.disk).places]


class MemoryStore(Store):
    def __init__(self) -> None:
        self.journal = MemoryJournal()

    def open(self) -> MemoryJournal:
        return self.journal

    def batches(self) -> list[list[bytes]]:
        return self.journal.batches


@pytest.fixture(params=["local disk", "memory disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    disk = MemoryDisk() if request.param == "memory disk" else LocalDisk(tmp_path)
    return FileStore(disk, SMALL_SEGMENT)


BATCHES = some_batches(12)


def write_all(store: Store, batches: list[list[bytes]], position: int = 0) -> bytes:
    opened = store.open()
    chain = frame.GENESIS
    for batch in batches:
        chain = opened.write(position + 1, batch)
        position += len(batch)
    opened.close()
    return chain


# --- what every journal does -------------------------------------------------------------------


def test_batches_are_read_back_whole_and_in_order(store: Store) -> None:
    """Records have positions 1, 2, 3 …, batches keep their bounds."""
    write_all(store, BATCHES)
    assert store.batches() == BATCHES


def test_a_journal_goes_on_where_it_ended(store: Store) -> None:
    """Opening it again changes nothing."""
    position = 0
    for batch in BATCHES:
        write_all(store, [batch], position)
        position += len(batch)
    assert store.batches() == BATCHES


def test_the_chain_is_a_matter_of_the_batches_alone(store: Store) -> None:
    """Every journal has the same head behind the same batches, however they lie in files."""
    expected = frame.GENESIS
    position = 0
    for batch in BATCHES:
        expected = frame.batch(position + 1, batch, expected)[1]
        position += len(batch)
    assert write_all(store, BATCHES) == expected


def test_the_chain_tells_other_batches_apart(store: Store) -> None:
    """The same records in other batches are another history."""
    opened = store.open()
    first = opened.write(1, [b"a", b"b"])
    opened.close()
    assert write_all(MemoryStore(), [[b"a"], [b"b"]]) != first
    assert write_all(MemoryStore(), [[b"ab"]]) != first


@pytest.mark.parametrize("position", [0, 1, 2, 4, 5])
def test_a_position_that_does_not_follow_is_refused(store: Store, position: int) -> None:
    """Positions have no gaps and never come twice; the journal is as it was."""
    opened = store.open()
    opened.write(1, [b"a", b"b"])
    with pytest.raises(ValueError, match="does not follow 2"):
        opened.write(position, [b"c"])
    opened.write(3, [b"c"])
    opened.close()
    assert store.batches() == [[b"a", b"b"], [b"c"]]


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
    write_all(store, [records, [b"behind"]])
    assert store.batches() == [records, [b"behind"]]


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
