"""Damage of a journal, and what is behind it: what would go if the journal ended there."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch, JournalDamagedError

Records = Callable[[Disk, Batch], Iterable[tuple[int, Any]]]
"""The records of a batch, read, with their positions. JournalDamagedError if one can't be."""


class Damage(NamedTuple):
    """The first damage of a journal."""

    segment: str
    offset: int
    problem: str
    position: int
    """The newest position before it."""
    chain: bytes
    """The hash chain's head there."""
    can_end_before: bool
    """Whether it is damage of the newest segment: only then can the journal end before it."""


class Readable(NamedTuple):
    """A record behind the damage that can still be read."""

    position: int
    record: Any


class Behind(NamedTuple):
    """What lies behind the damage in its segment."""

    readable: tuple[Readable, ...]
    unreadable_records: int
    """Records of batches whose header says how many they were, and nothing else can."""
    size_bytes: int


def find_damage(disk: Disk, records: Records) -> Damage | None:
    """The first damage before the journal's end; None where a start would take it as it is."""
    reader = JournalReader(disk)
    try:
        for batch in reader:
            deque(records(disk, batch), maxlen=0)
    except JournalDamagedError as error:
        names = journal.segments(disk)
        segment = next(name for name in names if disk.path(name) == error.file)
        return Damage(
            segment, error.offset, error.problem, reader.position, reader.chain,
            segment == names[-1] and _is_its_own(disk, segment, error.offset, reader.position),
        )  # fmt: skip
    return None


def _is_its_own(disk: Disk, segment: str, offset: int, position: int) -> bool:
    """Whether it is the segment that is damaged, and not what should be there before it.

    A sound header that does not continue the segment before says that records are missing there.
    """
    if journal.first_position_of(segment) > position + 1:
        return False
    header = frame.parse_segment_header(disk.read(segment))
    return offset > 0 or header is None


def what_is_behind(disk: Disk, damage: Damage, records: Records) -> Behind:
    """The records in the damaged segment from the damage on, as far as they can be told."""
    data = disk.read(damage.segment)
    readable: list[Readable] = []
    unreadable = 0
    for at, header in _headers(data, damage.offset):
        body_at = at + frame.BATCH_HEADER_BYTES
        body = data[body_at : body_at + header.body_bytes]
        batch = Batch(damage.segment, at, header, body)
        try:
            frame.records_of(header, body)
            readable += [Readable(*found) for found in records(disk, batch)]
        except (JournalDamagedError, ValueError):
            unreadable += header.records
    return Behind(tuple(readable), unreadable, len(data) - damage.offset)


def _headers(data: bytes, offset: int) -> Iterator[tuple[int, frame.BatchHeader]]:
    at = data.find(frame.BATCH_MAGIC, offset)
    while at >= 0:
        header = frame.parse_batch_header(data, at)
        if header is not None:
            yield at, header
        at = data.find(frame.BATCH_MAGIC, at + 1)
