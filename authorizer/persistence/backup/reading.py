"""The journal of a data folder as a backup reads it: segment by segment, every byte checked.

What is read while a server writes is a journal that ends earlier. Of its files only the newest one
changes, and only at its end.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from typing_extensions import override

from authorizer.persistence.disk import Disk
from authorizer.persistence.disk_view import DiskView
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch

NewestUs = Callable[[Batch], int]
"""The time of a batch's newest record."""


class ReadSegment(NamedTuple):
    """A segment that was read, up to the end of its last sound batch."""

    name: str
    data: bytes
    chain_before: str
    """The hash chain's head before its first batch, in hexadecimal."""
    first_batch_chain: str
    first_position: int
    last_position: int
    chain: str
    newest_at_us: int


class _FromSegment(DiskView):
    """A folder of which the journal's older segments are not seen. Keeps what was read last."""

    def __init__(self, disk: Disk, first: str) -> None:
        super().__init__(disk)
        self._first = first
        self.data = b""

    @override
    def names(self, folder: str) -> list[str]:
        names = super().names(folder)
        return [name for name in names if f"{folder}/{name}" >= self._first]

    @override
    def read(self, name: str) -> bytes:
        self.data = super().read(name)
        return self.data


def segments_from(disk: Disk, first: str, newest_us: NewestUs) -> Iterator[ReadSegment]:
    """The segments from one on that hold records; all that they hold is on the device.

    Raises:
        JournalDamagedError: there is damage before the end.
    """
    view = _FromSegment(disk, first)
    reader = JournalReader(view)
    inside: list[Batch] = []
    data = b""
    for batch in reader:
        if inside and batch.segment != inside[-1].segment:
            yield _read(inside, data, newest_us)
            inside = []
        data = view.data
        inside = [*inside[:1], batch]
    if inside:
        disk.sync(inside[-1].segment)  # a crash must not take from the journal what a backup has
        yield _read(inside, data, newest_us)


def _read(inside: list[Batch], data: bytes, newest_us: NewestUs) -> ReadSegment:
    first, last = inside[0], inside[-1]
    header = frame.parse_segment_header(data)
    assert header is not None, "the reader has checked it"
    return ReadSegment(
        first.segment,
        data[: last.offset + last.size_bytes],
        header.chain.hex(),
        first.header.chain.hex(),
        first.first_position,
        last.last_position,
        last.header.chain.hex(),
        newest_us(last),
    )
