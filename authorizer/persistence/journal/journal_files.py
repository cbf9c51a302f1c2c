"""A journal in files, read on from any place, also while another process writes it."""

from bisect import bisect_right
from collections.abc import Generator, Iterator
from typing import Final

from typing_extensions import override

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.place import OtherJournalError, Place
from authorizer.persistence.journal.protocol import SearchableSource
from authorizer.persistence.journal.segment_walk import SegmentWalk
from authorizer.persistence.journal.segments import (
    Batch,
    JournalBeginsLateError,
    JournalDamagedError,
    first_position_of,
    segment_name,
    segments,
)

CHUNK_BYTES: Final = 1 << 20
"""How much is read at a time; a batch that is longer is read as a whole."""
HEADERS_BYTES: Final = 64 << 10
"""How much is read at a time where batches are passed by their headers: of small ones many."""


class JournalFiles(SearchableSource):
    """The segments of a folder. Nothing is remembered between two calls of `batches`.

    `whole`: whoever reads from the beginning needs all of it, from position 1 on.
    """

    def __init__(self, disk: Disk, *, whole: bool = False) -> None:
        self._disk = disk
        self._whole = whole

    @override
    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        yield from self._walked(self._resumed(after), until)

    @override
    def oldest(self) -> int:
        found = segments(self._disk)
        return first_position_of(found[0]) if found else 1

    @override
    def batches_from(self, position: int, until: int) -> Iterator[Batch]:
        yield from self._walked(self._entered(position), until)

    def _walked(self, walk: SegmentWalk, until: int) -> Iterator[Batch]:
        while walk.position < until:
            if walk.segment is None or not (yield from self._chunk(walk, walk.segment, until)):
                self._begin_next(walk)

    def _entered(self, position: int) -> SegmentWalk:
        """The walk before the batch that holds a position."""
        found = segments(self._disk)
        at = bisect_right(found, position, key=first_position_of) - 1
        if at < 0:
            raise JournalBeginsLateError(self._disk, (found or [segment_name(1)])[0])
        walk = SegmentWalk(self._disk)
        self._begin(walk, found[at])
        self._pass_headers(walk, found[at], position)
        return walk

    def _pass_headers(self, walk: SegmentWalk, segment: str, position: int) -> None:
        """Have the walk pass what ends before a position, by its headers alone."""
        begin, data = 0, b""
        while walk.position + 1 < position:
            at = walk.offset - begin
            if at > len(data) - frame.BATCH_HEADER_BYTES:
                begin, at = walk.offset, 0
                data = self._disk.read_part(segment, begin, HEADERS_BYTES)
            header = frame.parse_batch_header(data, at)
            if (
                header is None
                or header.first_position != walk.position + 1
                or header.last_position >= position
            ):
                return  # it is the batch, or what the walk will refuse
            walk.position, walk.chain = header.last_position, header.chain
            walk.resume(segment, walk.offset + frame.BATCH_HEADER_BYTES + header.body_bytes)

    def _resumed(self, place: Place) -> SegmentWalk:
        """The walk behind the batch at a place, which must be as it was."""
        walk = SegmentWalk(self._disk, place.position, place.chain)
        name, at = place.segment, place.batch_offset
        if name is None:
            return walk
        try:
            data = self._disk.read_part(name, at, frame.BATCH_HEADER_BYTES)
        except FileNotFoundError as error:
            raise OtherJournalError(f"there is no {self._disk.path(name)}") from error
        header = frame.parse_batch_header(data, 0)
        known = (place.position, place.chain)
        if header is None or (header.last_position, header.chain) != known:
            raise OtherJournalError(
                f"{self._disk.path(name)} has another batch at byte {at} than before"
            )
        walk.resume(name, at + frame.BATCH_HEADER_BYTES + header.body_bytes)
        return walk

    def _chunk(self, walk: SegmentWalk, segment: str, until: int) -> Generator[Batch, None, bool]:
        """The batches that are whole in the next bytes; whether there was any byte to read."""
        begin = walk.offset
        data = self._disk.read_part(segment, begin, CHUNK_BYTES)
        for batch in walk.batches(data, begin):
            yield batch
            if walk.position >= until:
                return True
        if walk.problem is None or walk.offset > begin:
            return bool(data)  # a batch that the chunk has cut is read again, from its beginning
        body_bytes = walk.header.body_bytes if walk.header else 0
        data = self._disk.read_part(segment, begin, frame.BATCH_HEADER_BYTES + body_bytes)
        yield from walk.batches(data, begin)
        if walk.problem is not None:
            raise JournalDamagedError(self._disk.path(segment), begin, walk.problem)
        return True

    def _begin_next(self, walk: SegmentWalk) -> None:
        self._begin(walk, self._next_segment(walk))

    def _begin(self, walk: SegmentWalk, name: str) -> None:
        walk.begin(name, self._disk.read_part(name, 0, frame.SEGMENT_HEADER_BYTES))

    def _next_segment(self, walk: SegmentWalk) -> str:
        found = segments(self._disk)
        if walk.segment is None and found:
            if self._whole and found[0] != segment_name(1):
                raise JournalBeginsLateError(self._disk, found[0])
            return found[0]
        name = segment_name(walk.position + 1)
        if name not in found:
            raise JournalDamagedError(
                self._disk.path(walk.segment or name),
                walk.offset,
                f"what follows position {walk.position} is missing",
            )
        return name
