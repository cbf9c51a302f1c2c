"""Making journals and reading them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import TornTail
from authorizer.simulation.memory_disk import MemoryDisk

ONE_SEGMENT: Final = 1 << 40
"""A size that no segment of a test grows past."""
SMALL_SEGMENT: Final = 300
"""A size that a few batches grow past."""


@dataclass(frozen=True)
class Place:
    """Where a batch lies, and what it holds."""

    segment: str
    begin: int
    end: int
    records: list[bytes]
    chain: bytes


@dataclass(frozen=True)
class Read:
    """What a journal holds, read from its beginning."""

    places: list[Place]
    position: int
    chain: bytes
    torn: TornTail | None

    @property
    def records(self) -> list[bytes]:
        return [record for place in self.places for record in place.records]

    @property
    def segments(self) -> list[str]:
        return sorted({place.segment for place in self.places})


def read(disk: Disk) -> Read:
    """Read a journal, checking all that a reader checks."""
    reader = JournalReader(disk)
    places = [
        Place(
            batch.segment,
            batch.offset,
            batch.offset + batch.size_bytes,
            batch.records(),
            batch.header.chain,
        )
        for batch in reader
    ]
    return Read(places, reader.position, reader.chain, reader.torn)


def open_journal(disk: Disk, segment_bytes: int = ONE_SEGMENT) -> FileJournal:
    """A journal to write on, behind what is there."""
    reader = JournalReader(disk)
    for _ in reader:
        pass
    return FileJournal(disk, reader, segment_bytes)


def write(disk: Disk, *batches: Sequence[bytes], segment_bytes: int = ONE_SEGMENT) -> bytes:
    """Write batches behind what is there, and give the chain's head."""
    opened = open_journal(disk, segment_bytes)
    for batch in batches:
        opened.write(opened.position + 1, batch)
    opened.close()
    return opened.chain


def some_batches(count: int, seed: int = 7) -> list[list[bytes]]:
    """Batches of one to four records of different lengths, as records look: JSON text."""
    random = Random(seed)
    texts = (b"", b"abc", "ação".encode() * 9, b"x" * 40)
    return [
        [b'["event",1,"%s"]' % random.choice(texts) for _ in range(random.randint(1, 4))]
        for _ in range(count)
    ]


def some_segments() -> MemoryDisk:
    """A journal of at least four segments, of several batches each."""
    disk = MemoryDisk()
    write(disk, *some_batches(14), segment_bytes=SMALL_SEGMENT)
    found = read(disk)
    several = [segment for segment in found.segments if len(in_segment(found, segment)) > 1]
    assert len(several) >= 4
    return disk


def in_segment(found: Read, segment: str) -> list[Place]:
    """The batches of one segment."""
    return [place for place in found.places if place.segment == segment]


def assert_goes_on(disk: Disk, expected: Sequence[bytes]) -> None:
    """The journal holds these records, takes more, and is whole with them."""
    more = [b'["more"]', b"[1]"]
    write(disk, more, [b"[2]"], segment_bytes=SMALL_SEGMENT)
    again = read(disk)
    assert again.records == [*expected, *more, b"[2]"]
    assert again.position == len(again.records)
    assert again.torn is None
