"""Following a journal that somebody else writes: what is durable, batch by batch, from any place.

Every byte that is passed on is checked as `JournalReader` checks it. What lies behind the durable
position is never looked at: it may be half written, and a crash may take it away.
"""

from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.segments import (
    Batch,
    JournalDamagedError,
    batch_problem,
    segment_name,
    segments,
)

CHUNK_BYTES: Final = 1 << 20


class Place(NamedTuple):
    """How far somebody has read: the newest batch that was, and where it lies."""

    position: int
    chain: bytes
    segment: str | None
    batch_offset: int

    @classmethod
    def of(cls, batch: Batch) -> "Place":
        """The place of whoever has read up to this batch."""
        return cls(batch.last_position, batch.header.chain, batch.segment, batch.offset)


BEGINNING: Final = Place(0, frame.GENESIS, None, 0)


class OtherJournalError(Exception):
    """The journal is not the one that was read before: it does not have the place in it."""


class Follower:
    """Reads on from a place. One whose batches could not be used is thrown away for a new one."""

    def __init__(self, disk: Disk, place: Place = BEGINNING) -> None:
        self._disk = disk
        self._place = place
        self._position = place.position
        self._chain = place.chain
        self._segment = place.segment or ""
        self._offset: int | None = None

    def batches(self, durable: int) -> Iterator[Batch]:
        """The batches behind the place, up to the one that ends at `durable`.

        Raises:
            OtherJournalError: the journal does not have the place in it.
            JournalDamagedError: something that is durable is missing or unsound.
        """
        if self._offset is None:
            self._offset = self._resume()
        while self._position < durable:
            if not self._segment or not (yield from self._chunk(durable)):
                self._begin(self._next_segment())

    def _resume(self) -> int:
        """Where the batch behind the place begins; the one at the place must be as it was."""
        name, at = self._place.segment, self._place.batch_offset
        if name is None:
            return 0
        try:
            data = self._disk.read_part(name, at, frame.BATCH_HEADER_BYTES)
        except FileNotFoundError as error:
            raise OtherJournalError(f"there is no {self._disk.path(name)}") from error
        header = frame.parse_batch_header(data, 0)
        known = (self._position, self._chain)
        if header is None or (header.last_position, header.chain) != known:
            raise OtherJournalError(
                f"{self._disk.path(name)} has another batch at byte {at} than before"
            )
        return at + frame.BATCH_HEADER_BYTES + header.body_bytes

    def _chunk(self, durable: int) -> Generator[Batch, None, bool]:
        """The batches that are whole in the next bytes; whether there was any byte to read."""
        assert self._offset is not None
        data = self._disk.read_part(self._segment, self._offset, CHUNK_BYTES)
        at = 0
        while at < len(data) and self._position < durable:
            header = frame.parse_batch_header(data, at)
            size = frame.BATCH_HEADER_BYTES + (header.body_bytes if header else 0)
            if at + size > len(data):
                if at:
                    break  # read again, from its beginning
                data = self._disk.read_part(self._segment, self._offset, size)
            body = data[at + frame.BATCH_HEADER_BYTES : at + size]
            problem = batch_problem(header, body, self._position, self._chain)
            if problem is not None or header is None:
                raise JournalDamagedError(
                    self._disk.path(self._segment), self._offset, problem or ""
                )
            batch = Batch(self._segment, self._offset, header, body)
            self._position, self._chain = header.last_position, header.chain
            self._offset += size
            at += size
            yield batch
        return bool(data)

    def _next_segment(self) -> str:
        if not self._segment:
            found = segments(self._disk)
            if found:
                return found[0]
        name = segment_name(self._position + 1)
        if name not in segments(self._disk):
            raise JournalDamagedError(
                self._disk.path(self._segment or name),
                self._offset or 0,
                f"what follows position {self._position} is missing",
            )
        return name

    def _begin(self, name: str) -> None:
        data = self._disk.read_part(name, 0, frame.SEGMENT_HEADER_BYTES)
        header = frame.parse_segment_header(data)
        if header is None:
            raise JournalDamagedError(self._disk.path(name), 0, "no sound segment header")
        if not self._segment:
            self._position, self._chain = header.first_position - 1, header.chain
        elif (header.first_position, header.chain) != (self._position + 1, self._chain):
            raise JournalDamagedError(
                self._disk.path(name), 0, "it does not continue the segment before it"
            )
        self._segment, self._offset = name, frame.SEGMENT_HEADER_BYTES
