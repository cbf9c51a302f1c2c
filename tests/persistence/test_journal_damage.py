"""A torn tail is cut, anything else that is wrong is refused: nothing is skipped in silence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations
from random import Random

import pytest

from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.state.record import encode
from authorizer.simulation.inode import SECTOR_BYTES, sectors
from authorizer.simulation.memory_disk import MemoryDisk
from tests.persistence.journals import (
    SMALL_SEGMENT,
    Place,
    Read,
    assert_goes_on,
    in_segment,
    open_journal,
    read,
    some_batches,
    some_segments,
    write,
)


@pytest.fixture
def disk() -> MemoryDisk:
    """A journal of several segments."""
    return some_segments()


@pytest.fixture
def whole(disk: MemoryDisk) -> Read:
    """What the journal holds before it is damaged."""
    return read(disk)


def assert_refused(disk: MemoryDisk, segment: str, offset: int) -> str:
    """Reading stops at this place, the message names it, and nothing was changed."""
    before = disk.files()
    with pytest.raises(JournalDamagedError) as refused:
        open_journal(disk)
    assert (refused.value.file, refused.value.offset) == (disk.path(segment), offset)
    message = str(refused.value)
    assert disk.path(segment) in message
    assert f"byte {offset}" in message
    assert disk.files() == before
    return message


def assert_cut(disk: MemoryDisk, segment: str, offset: int, expected: Read) -> None:
    """What lies behind a place is cut and kept aside, and the journal goes on before it."""
    behind = disk.read(segment)[offset:]
    records = records_before(expected, segment, offset)
    found = read(disk)
    assert found.records == records
    assert found.torn is not None
    assert found.torn[:3] == (segment, offset, len(behind))
    assert_goes_on(disk, records)
    assert disk.read(f"{segment}.torn-{offset}") == behind


def records_before(found: Read, segment: str, offset: int) -> list[bytes]:
    return [
        record
        for place in found.places
        if (place.segment, place.end) <= (segment, offset)
        for record in place.records
    ]


# --- cut ---------------------------------------------------------------------------------------


def test_a_journal_that_is_cut_at_any_byte_ends_at_a_batch(disk: MemoryDisk, whole: Read) -> None:
    """Every byte of the newest segment, its header too; what is cut is kept aside."""
    segment = whole.segments[-1]
    content = disk.read(segment)
    bounds = [frame.SEGMENT_HEADER_BYTES, *(at.end for at in in_segment(whole, segment))]
    for length in range(len(content)):
        cut = disk.copy()
        cut.truncate(segment, length)
        begin = max([bound for bound in bounds if bound <= length], default=0)
        if begin < length or length == 0:
            assert_cut(cut, segment, begin, whole)
        else:
            assert read(cut).torn is None
            assert_goes_on(cut, records_before(whole, segment, length))


def test_only_the_newest_segment_is_ever_cut(disk: MemoryDisk, whole: Read) -> None:
    """An older one that is short is damaged: what followed it was durable after it."""
    for segment in whole.segments[:-1]:
        places = in_segment(whole, segment)
        for length in range(frame.SEGMENT_HEADER_BYTES, disk.size(segment)):
            cut = disk.copy()
            cut.truncate(segment, length)
            begin = [place.begin for place in places if place.begin <= length][-1]
            if begin < length:
                assert_refused(cut, segment, begin)
            else:
                following = whole.segments[whole.segments.index(segment) + 1]
                assert_refused(cut, following, 0)
        short_header = disk.copy()
        short_header.truncate(segment, frame.SEGMENT_HEADER_BYTES - 1)
        assert_refused(short_header, segment, 0)


@pytest.mark.parametrize("garbage", [b"\0", b"x", bytes(700), b"x" * 700])
def test_bytes_behind_the_last_batch_are_cut_where_a_crash_explains_them(
    disk: MemoryDisk, whole: Read, garbage: bytes
) -> None:
    """The beginning of a header or zeros; a whole header's worth of something else is damage."""
    segment, end = whole.segments[-1], whole.places[-1].end
    disk.append(segment).write(garbage)
    if len(garbage) < frame.BATCH_HEADER_BYTES or not any(garbage):
        assert_cut(disk, segment, end, whole)
    else:
        assert_refused(disk, segment, end)


# --- changed bytes -----------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_changed_byte_is_refused(disk: MemoryDisk, whole: Read, mask: int) -> None:
    """Any byte of any segment, the last batch too: a byte that is there but wrong is no crash."""
    files = {name: disk.read(name) for name in whole.segments}
    for segment, content in files.items():
        places = in_segment(whole, segment)
        for at in range(len(content)):
            disk.put(segment, flipped(content, at, mask))
            begin = max([place.begin for place in places if place.begin <= at], default=0)
            with pytest.raises(JournalDamagedError) as refused:
                read(disk)
            assert (refused.value.file, refused.value.offset) == (disk.path(segment), begin)
        disk.put(segment, content)
    assert read(disk) == whole


def flipped(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]


def test_a_refusal_changes_nothing_and_says_what_to_do(disk: MemoryDisk, whole: Read) -> None:
    """Also where the writer is about to open the journal."""
    place = whole.places[1]
    disk.put(place.segment, flipped(disk.read(place.segment), place.begin + 70, 1))
    message = assert_refused(disk, place.segment, place.begin)
    assert "checksum" in message
    assert "Nothing was changed" in message
    assert "Restore this file" in message


def test_a_body_whose_checksum_was_made_right_is_still_refused(
    disk: MemoryDisk, whole: Read
) -> None:
    """Whoever changes a record and all its checksums still breaks the chain."""
    place = whole.places[1]
    forged = [record.replace(b"event", b"evant") for record in place.records]
    position = len(whole.places[0].records) + 1
    header = frame.parse_batch_header(disk.read(place.segment), place.begin)
    assert header is not None
    data, _ = frame.batch(position, forged, b"\1" * 32)
    replace(disk, place, data)
    assert "hash chain" in assert_refused(disk, place.segment, place.begin)


def test_a_rewritten_batch_is_refused_by_the_one_behind_it(disk: MemoryDisk, whole: Read) -> None:
    """Even one with a right link of its own: all that follows would have to be rewritten."""
    place, after = whole.places[1], whole.places[2]
    forged = [record.replace(b"event", b"evant") for record in place.records]
    data, _ = frame.batch(len(whole.places[0].records) + 1, forged, whole.places[0].chain)
    replace(disk, place, data)
    assert "hash chain" in assert_refused(disk, after.segment, after.begin)


def replace(disk: MemoryDisk, place: Place, data: bytes) -> None:
    content = disk.read(place.segment)
    disk.put(place.segment, content[: place.begin] + data + content[place.end :])


# --- batches that were moved -------------------------------------------------------------------


def batches_of(disk: MemoryDisk, places: list[Place]) -> list[bytes]:
    return [disk.read(place.segment)[place.begin : place.end] for place in places]


def rebuilt(disk: MemoryDisk, segment: str, batches: list[bytes]) -> None:
    header = disk.read(segment)[: frame.SEGMENT_HEADER_BYTES]
    disk.put(segment, header + b"".join(batches))


def test_batches_in_another_order_are_refused(disk: MemoryDisk, whole: Read) -> None:
    """At the first that is not where it was written."""
    places = in_segment(whole, whole.segments[0])
    first, second, *rest = batches_of(disk, places)
    rebuilt(disk, places[0].segment, [second, first, *rest])
    assert "should follow" in assert_refused(disk, places[0].segment, places[0].begin)


def test_a_batch_that_is_there_twice_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """At its second place."""
    places = in_segment(whole, whole.segments[-1])
    *before, last = batches_of(disk, places)
    rebuilt(disk, places[0].segment, [*before, last, last])
    assert_refused(disk, places[0].segment, places[-1].end)


def test_a_batch_that_was_taken_out_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """At the one that came behind it."""
    for segment in whole.segments:
        places = in_segment(whole, segment)
        for index, place in enumerate(places[:-1]):
            without = disk.copy()
            batches = batches_of(disk, places)
            rebuilt(without, segment, batches[:index] + batches[index + 1 :])
            assert_refused(without, segment, place.begin)


def test_a_batch_that_was_put_in_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """At the one that it was put before."""
    places = in_segment(whole, whole.segments[0])
    forged, _ = frame.batch(len(places[0].records) + 1, [b'["forged"]'], places[0].chain)
    first, *rest = batches_of(disk, places)
    rebuilt(disk, places[0].segment, [first, forged, *rest])
    assert_refused(disk, places[0].segment, places[0].end + len(forged))


def test_a_batch_of_another_journal_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """Though its position fits."""
    other = MemoryDisk()
    write(other, *some_batches(14, seed=8), segment_bytes=SMALL_SEGMENT)
    disk.put(whole.segments[0], other.read(whole.segments[0]))
    assert_refused(disk, whole.segments[1], 0)


# --- segments that were moved ------------------------------------------------------------------


def test_a_segment_that_is_missing_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """At the one behind it."""
    for missing, following in zip(whole.segments[1:-1], whole.segments[2:], strict=True):
        without = disk.copy()
        without.remove(missing)
        assert_refused(without, following, 0)


def test_segments_that_changed_their_names_are_refused(disk: MemoryDisk, whole: Read) -> None:
    """A segment says itself which one it is."""
    for one, two in combinations(whole.segments, 2):
        swapped = disk.copy()
        swapped.put(one, disk.read(two))
        swapped.put(two, disk.read(one))
        assert_refused(swapped, one, 0)


def test_a_segment_under_another_name_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """Also where its order among the others is the same."""
    first, last = whole.segments[0], whole.segments[-1]
    for segment, other in (
        (first, "journal/00000000000000000000.journal"),
        (last, "journal/00000000000000000999.journal"),
    ):
        renamed = disk.copy()
        renamed.rename(segment, other)
        assert_refused(renamed, other, 0)


def test_a_segment_of_another_journal_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """Its header names another chain before it."""
    other = MemoryDisk()
    write(other, *some_batches(14, seed=8), segment_bytes=SMALL_SEGMENT)
    position = len(records_before(whole, whole.segments[1], 0))
    data, _ = frame.batch(position + 1, [b"[1]"], read(other).chain)
    disk.put(whole.segments[1], frame.segment_header(position + 1, read(other).chain) + data)
    assert_refused(disk, whole.segments[1], 0)


def test_other_files_beside_the_journal_are_let_alone(disk: MemoryDisk, whole: Read) -> None:
    """A copy, a new segment that was never finished, an operator's note."""
    for name in ("00000000000000000001.journal.bak", "new-segment.tmp", "1.journal", "README"):
        disk.put(f"journal/{name}", b"anything")
    assert read(disk) == whole
    assert_goes_on(disk, whole.records)
    assert disk.read("journal/README") == b"anything"


# --- sectors that never arrived ----------------------------------------------------------------


def long_tail(offset_in_sector: int, length: int) -> tuple[MemoryDisk, Place]:
    """A journal whose last batch has this length and begins at this offset inside a sector."""
    disk = MemoryDisk()
    begin = 2 * SECTOR_BYTES + offset_in_sector
    fill = begin - frame.SEGMENT_HEADER_BYTES - frame.BATCH_HEADER_BYTES - 4
    write(disk, [b"x" * fill], [b'["%s"]' % (b"y" * (length - frame.BATCH_HEADER_BYTES - 8))])
    place = read(disk).places[-1]
    assert (place.begin, place.end) == (begin, begin + length)
    return disk, place


def holes(data: bytes, at: int) -> Iterator[bytes]:
    """A write in all the forms in which at least one of its sectors is missing."""
    pieces = sectors(data, at)
    for count in range(1, len(pieces) + 1):
        for missing in combinations(range(len(pieces)), count):
            yield b"".join(
                bytes(len(piece)) if index in missing else piece
                for index, piece in enumerate(pieces)
            )


@pytest.mark.parametrize("length", [100, SECTOR_BYTES, 3 * SECTOR_BYTES + 40])
@pytest.mark.parametrize("offset", [0, 1, 8, 100, 400, 452, 460, 500, 504, 505, 510, 511])
def test_a_last_batch_whose_sectors_did_not_all_arrive_is_cut(offset: int, length: int) -> None:
    """Power was lost while it was written: whatever sectors are missing, it was never answered."""
    disk, place = long_tail(offset, length)
    whole = read(disk)
    content = disk.read(place.segment)
    for tail in holes(content[place.begin :], place.begin):
        holed = disk.copy()
        holed.put(place.segment, content[: place.begin] + tail)
        assert_cut(holed, place.segment, place.begin, whole)


def test_a_missing_sector_before_the_last_batch_is_refused() -> None:
    """What was written behind it was written after it had been synced."""
    disk = MemoryDisk()
    write(disk, [b"x" * 3000], [b"y" * 3000], [b"[1]"])
    found = read(disk)
    place = found.places[1]
    content = disk.read(place.segment)
    for tail in holes(content[place.begin : place.end], place.begin):
        disk.put(place.segment, content[: place.begin] + tail + content[place.end :])
        assert_refused(disk, place.segment, place.begin)


def test_a_missing_sector_of_an_older_segment_is_refused(disk: MemoryDisk, whole: Read) -> None:
    """Also where it is the end of that segment."""
    for segment in whole.segments[:-1]:
        last = in_segment(whole, segment)[-1]
        content = disk.read(segment)
        holed = disk.copy()
        holed.put(segment, content[: last.begin] + bytes(last.end - last.begin))
        assert_refused(holed, segment, last.begin)


def test_what_clients_write_never_looks_like_a_batch() -> None:
    """A text that was made to look like a batch header does not keep a torn tail from being cut.

    Else one purchase at a merchant of that name could keep the server from starting again.
    """
    merchant = text_that_looks_like_a_header()
    if merchant is None:
        return
    record = encode(MerchantRegistered(1, "client", merchant, "5811"))
    disk = MemoryDisk()
    write(disk, [b"[1]"], [record])
    whole = read(disk)
    place = whole.places[-1]
    disk.truncate(place.segment, place.end - 1)
    assert_cut(disk, place.segment, place.begin, whole)


def text_that_looks_like_a_header() -> str | None:
    """A merchant's name that holds a sound batch header; None if no text can."""
    random = Random(1)
    for lead in (b"", b"\xc2", b"\xe2\x82", b"\xf0\x9f\x98"):
        for _ in range(2000):
            fields = bytes(random.choices(b"abcdefgh", k=frame.BATCH_HEADER_BYTES - 8))
            header = frame.BATCH_MAGIC + fields
            header += struct.pack(">I", zlib.crc32(header))
            with suppress(UnicodeDecodeError):
                text = (lead + header).decode()
                if text.isprintable() and not set(text) & set('"\\'):
                    return text
    return None
