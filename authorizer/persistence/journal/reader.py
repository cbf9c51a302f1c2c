"""Reading a journal to its end, a torn tail included: from its beginning, or the tail alone."""

import zlib
from collections.abc import Iterator
from typing import Final

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.segment_walk import SegmentWalk
from authorizer.persistence.journal.segments import (
    Batch,
    JournalDamagedError,
    TornTail,
    first_position_of,
    segment_name,
    segments,
)

_SECTOR_BYTES: Final = 512


class JournalReader:
    """Reads a journal, checking every byte, every position and every link.

    It begins with the oldest segment, or with the one that holds a position: whether the segments
    before that lead up to it is then for others to check (`first_position`, `first_chain`). After
    the last batch `position`, `chain` and `torn` tell where the journal ends.

    Raises:
        JournalDamagedError: while iterating, at the first damage before the end.
    """

    def __init__(self, disk: Disk, tail_from: int = 0) -> None:
        """`tail_from` is the position whose segment is the first to be read; 0: all are."""
        self._disk = disk
        found = segments(disk)
        before = sum(1 for name in found if first_position_of(name) <= tail_from)
        self._segments = found[max(0, before - 1) :]
        self.passed_over = tuple(found[: max(0, before - 1)])
        """The segments that are not read."""
        self._walk = SegmentWalk(disk)
        self.torn: TornTail | None = None
        self._newest: bytes | None = None
        self._ahead: bytes | None = None

    @property
    def first_position(self) -> int:
        """The position with which the first segment that is read begins."""
        return self._walk.first_position

    @property
    def first_chain(self) -> bytes:
        """The hash chain's head before it, as that segment says."""
        return self._walk.first_chain

    @property
    def position(self) -> int:
        """The position of the newest record that was read."""
        return self._walk.position

    @property
    def chain(self) -> bytes:
        """The hash chain's head there."""
        return self._walk.chain

    @property
    def segment(self) -> str | None:
        """The newest segment that was entered; None before the first."""
        return self._walk.segment

    @property
    def segment_bytes(self) -> int:
        """How much of it is sound, as far as it was read."""
        return self._walk.offset

    def last_batch(self) -> Batch | None:
        """The last sound batch of the newest segment, before anything is read; None if it has none.

        Reading gives it later, or refuses the journal: a batch that does not fit is damage, and so
        is anything unsound in front of it. No text has the bytes of a header (`_batch_after`).
        """
        if not self._segments:
            return None
        name = self._segments[-1]
        data = self._ahead = self._read_newest(name)
        at = data.rfind(frame.BATCH_MAGIC)
        while at >= 0:
            header = frame.parse_batch_header(data, at)
            if header is not None:
                body_at = at + frame.BATCH_HEADER_BYTES
                body = data[body_at : body_at + header.body_bytes]
                if len(body) == header.body_bytes and zlib.crc32(body) == header.body_crc:
                    return Batch(name, at, header, body)
            at = data.rfind(frame.BATCH_MAGIC, 0, at)
        return None

    def take_newest(self) -> bytes | None:
        """The bytes of the newest segment as they were read and checked, once; None before its end.

        To write the segment anew they must not be read again: the system may have dropped from its
        memory meanwhile what no device has.
        """
        newest, self._newest = self._newest, None
        return newest

    def __iter__(self) -> Iterator[Batch]:
        for name in self._segments:
            yield from self._segment(name, last=name == self._segments[-1])

    def _segment(self, name: str, last: bool) -> Iterator[Batch]:
        data = self._read_newest(name) if last else self._disk.read(name)
        if last and self._is_unfinished(name, data):
            self.torn = TornTail(name, 0, len(data), "the segment's header is incomplete")
            return
        self._walk.begin(name, data)
        if last:
            self._newest = data
        yield from self._walk.batches(data)
        if self._walk.problem is not None:
            self._tear_or_refuse(name, data, self._walk.problem, last)

    def _read_newest(self, name: str) -> bytes:
        data, self._ahead = self._ahead, None
        if data is None:
            self._disk.drop_cache(name)
            data = self._disk.read(name)
        return data

    def _is_unfinished(self, name: str, data: bytes) -> bool:
        """Whether a crash has left these bytes of the header of a new segment."""
        expected = frame.segment_header(self.position + 1, self.chain)
        if len(data) >= len(expected) or name != segment_name(self.position + 1):
            return False
        return expected.startswith(data) or not any(data)

    def _tear_or_refuse(self, name: str, data: bytes, problem: str, last: bool) -> None:
        offset, header, end = self._walk.offset, self._walk.header, len(data)
        if header is not None:
            end = min(end, offset + frame.BATCH_HEADER_BYTES + header.body_bytes)
        if last and not self._batch_after(data, offset) and _is_torn(data, offset, end, header):
            self.torn = TornTail(name, offset, len(data) - offset, problem)
            return
        raise JournalDamagedError(self._disk.path(name), offset, problem)

    def _batch_after(self, data: bytes, offset: int) -> bool:
        """Whether a sound batch header lies anywhere behind `offset`: then this was no last write.

        A client can write a text that has the bytes of a header in it, but not of one whose
        position fits: that has zeros, which no text in a record has.
        """
        furthest = self.position + len(data) - offset
        at = data.find(frame.BATCH_MAGIC, offset + 1)
        while at >= 0:
            header = frame.parse_batch_header(data, at)
            if header is not None and self.position < header.first_position <= furthest:
                return True
            at = data.find(frame.BATCH_MAGIC, at + 1)
        return False


def _is_torn(data: bytes, offset: int, end: int, header: frame.BatchHeader | None) -> bool:
    """Whether a crash explains an unsound end: the write stopped, or a sector never arrived.

    A sector that was never written reads as zeros, which no sound batch has all over its part of a
    sector: it begins with a mark, and ends with text. Bytes that are there but wrong are no torn
    write: a batch that may have been answered for was changed.
    """
    if header is None and len(data) - offset < frame.BATCH_HEADER_BYTES:
        return True
    if header is not None and offset + frame.BATCH_HEADER_BYTES + header.body_bytes > len(data):
        return True
    first = offset
    while first < end:
        after = min((first // _SECTOR_BYTES + 1) * _SECTOR_BYTES, end)
        if not any(data[first:after]):
            return True
        first = after
    return False
