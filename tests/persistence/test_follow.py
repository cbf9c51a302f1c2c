"""Following a journal from any place: what a reader from the beginning finds, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.persistence.journal import journal_files
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.frame import BATCH_HEADER_BYTES
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import BEGINNING, OtherJournalError, Place
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import (
    Batch,
    JournalBeginsLateError,
    JournalDamagedError,
    first_position_of,
    segments,
)
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.any_event import unhurried

SMALL = 300

batches_of_records = st.lists(
    st.lists(st.binary(min_size=1, max_size=120), min_size=1, max_size=4), max_size=12
)


def journal_of(disk: MemoryDisk, batches: list[list[bytes]]) -> FileJournal:
    reader = JournalReader(disk)
    assert list(reader) == []
    journal = FileJournal(disk, reader, SMALL)
    for records in batches:
        journal.write(journal.position + 1, records)
    return journal


def read(disk: MemoryDisk) -> list[Batch]:
    return list(JournalReader(disk))


@unhurried
@given(batches_of_records, st.data())
def test_every_batch_is_passed_on_once_from_whatever_place(
    batches: list[list[bytes]], data: st.DataObject
) -> None:
    disk = MemoryDisk()
    journal_of(disk, batches)
    wanted = read(disk)
    found: list[Batch] = []
    place = BEGINNING
    follower = JournalFiles(disk)
    while len(found) < len(wanted):
        ahead = data.draw(st.integers(len(found), len(wanted) - 1))
        found += follower.batches(place, wanted[ahead].last_position)
        place = Place.of(found[-1])
    assert found == wanted
    assert list(follower.batches(place, place.position)) == []


@unhurried
@given(batches_of_records.filter(bool), st.integers(100, 400))
def test_batches_larger_than_a_chunk_are_read_whole(
    batches: list[list[bytes]], chunk_bytes: int
) -> None:
    disk = MemoryDisk()
    journal_of(disk, batches)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(journal_files, "CHUNK_BYTES", chunk_bytes)
        assert list(JournalFiles(disk).batches(BEGINNING, read(disk)[-1].last_position)) == read(
            disk
        )


def test_what_is_not_durable_yet_is_not_looked_at() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"one"], [b"two"]])
    segment = segments(disk)[-1]
    disk.overwrite(segment, disk.size(segment) - 1, b"!")
    follower = JournalFiles(disk)
    assert [batch.records() for batch in follower.batches(BEGINNING, 1)] == [[b"one"]]
    with pytest.raises(JournalDamagedError, match="does not match its checksum"):
        list(follower.batches(BEGINNING, 2))


@pytest.mark.parametrize("left", [0, 1, 60])
def test_durable_bytes_that_are_missing_are_damage(left: int) -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"one"], [b"two"]])
    second = read(disk)[1]
    disk.truncate(second.segment, second.offset + left)
    with pytest.raises(JournalDamagedError):
        list(JournalFiles(disk).batches(BEGINNING, 2))


def test_a_missing_journal_is_damage() -> None:
    with pytest.raises(JournalDamagedError, match="is missing"):
        list(JournalFiles(MemoryDisk()).batches(BEGINNING, 1))


def test_earlier_segments_are_not_read_again() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"x" * 200]] * 6)
    wanted = read(disk)
    place = Place.of(wanted[3])
    for segment in segments(disk):
        if segment < wanted[3].segment:
            disk.remove(segment)
    assert list(JournalFiles(disk).batches(place, 6)) == wanted[4:]


@pytest.mark.parametrize("other", [[], [[b"other"]], [[b"one", b"more"], [b"x"]]])
def test_a_journal_without_the_place_is_another(other: list[list[bytes]]) -> None:
    disk, strange = MemoryDisk(), MemoryDisk()
    journal_of(disk, [[b"one"]])
    place = Place.of(read(disk)[0])
    journal_of(strange, other)
    with pytest.raises(OtherJournalError):
        list(JournalFiles(strange).batches(place, 5))


def test_a_missing_segment_is_another_journal() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"one"]])
    place = Place.of(read(disk)[0])
    disk.remove(segments(disk)[0])
    with pytest.raises(OtherJournalError):
        list(JournalFiles(disk).batches(place, 1))


def test_a_segment_that_does_not_continue_is_damage() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"x" * 300], [b"y" * 300]])
    header = disk.read(segments(disk)[1])
    disk.overwrite(segments(disk)[1], 20, bytes([header[20] ^ 1]))
    with pytest.raises(JournalDamagedError, match="segment header"):
        list(JournalFiles(disk).batches(BEGINNING, 2))


# --- from a position -----------------------------------------------------------------------------


@unhurried
@given(batches_of_records.filter(bool), st.integers(44, 400), st.data())
def test_reading_begins_with_the_batch_that_holds_a_position(
    batches: list[list[bytes]], headers_bytes: int, data: st.DataObject
) -> None:
    disk = MemoryDisk()
    journal_of(disk, batches)
    every = read(disk)
    until = data.draw(st.sampled_from(every)).last_position
    position = data.draw(st.integers(1, until))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(journal_files, "HEADERS_BYTES", max(headers_bytes, BATCH_HEADER_BYTES))
        found = list(JournalFiles(disk).batches_from(position, until))
    assert found == [each for each in every if position <= each.last_position <= until]


def test_what_lies_before_in_the_segment_is_passed_by_its_headers() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"one"], [b"two"], [b"three"]])
    first, second, third = read(disk)
    disk.overwrite(first.segment, second.offset - 1, b"!")  # within the body of the first
    files = JournalFiles(disk)
    assert list(files.batches_from(2, 3)) == [second, third]
    with pytest.raises(JournalDamagedError, match="does not match its checksum"):
        list(files.batches_from(1, 3))


@pytest.mark.parametrize(("at", "problem"), [(0, "header"), (BATCH_HEADER_BYTES, "checksum")])
def test_damage_where_a_position_should_be_is_refused(at: int, problem: str) -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"one"], [b"two"], [b"three"]])
    _, second, _ = read(disk)
    disk.overwrite(second.segment, second.offset + at, b"!")
    for position in (2, 3) if problem == "header" else (2,):
        with pytest.raises(JournalDamagedError, match=problem):
            list(JournalFiles(disk).batches_from(position, 3))


def test_what_lies_before_all_that_is_there_is_told() -> None:
    disk = MemoryDisk()
    journal_of(disk, [[b"r" * 200]] * 5)
    files = JournalFiles(disk)
    assert files.oldest() == 1
    first, second, *_ = segments(disk)
    disk.remove(first)
    assert files.oldest() == first_position_of(second)
    with pytest.raises(JournalBeginsLateError):
        list(files.batches_from(1, 5))
    assert [each.last_position for each in files.batches_from(files.oldest(), 5)][-1] == 5


def test_a_folder_without_a_journal_begins_at_one() -> None:
    files = JournalFiles(MemoryDisk())
    assert files.oldest() == 1
    with pytest.raises(JournalBeginsLateError):
        list(files.batches_from(1, 1))
