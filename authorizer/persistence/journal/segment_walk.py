"""The walk along the batches of segments, the one place where their bytes are checked."""

import zlib
from collections.abc import Iterator

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.segments import Batch, JournalDamagedError, segment_name


class SegmentWalk:
    """Checks every byte, position and link from one batch to the next.

    It is given the bytes and reads none: how much is read at a time is the reader's matter.
    """

    def __init__(self, disk: Disk, position: int = 0, chain: bytes = frame.GENESIS) -> None:
        """`disk` names the files in messages. The walk goes on behind a batch, or begins anew."""
        self._disk = disk
        self.first_position = 1
        """The position with which the first segment begins."""
        self.first_chain = chain
        """The hash chain's head before it, as that segment says."""
        self.position = position
        """The position of the newest record that was passed."""
        self.chain = chain
        """The hash chain's head there."""
        self.segment: str | None = None
        """The segment that the walk is in."""
        self.offset = 0
        """Where in it the newest batch that was passed ends."""
        self.header: frame.BatchHeader | None = None
        """The header at `offset`, if it was looked at and is sound."""
        self.problem: str | None = None
        """What keeps the bytes at `offset` from being the next batch, if they were looked at."""

    def resume(self, segment: str, offset: int) -> None:
        """Go on inside a segment, at the end of the batch that the walk is behind."""
        self.segment, self.offset = segment, offset

    def begin(self, segment: str, data: bytes) -> None:
        """Enter the next segment, by its first bytes.

        Raises:
            JournalDamagedError: it is none, or does not continue the one before it.
        """
        header = frame.parse_segment_header(data)
        if header is None:
            raise JournalDamagedError(self._disk.path(segment), 0, "no sound segment header")
        if self.segment is None:
            self.first_position, self.first_chain = header
            self.position, self.chain = header.first_position - 1, header.chain
        elif (header.first_position, header.chain) != (self.position + 1, self.chain):
            raise JournalDamagedError(
                self._disk.path(segment), 0, "it does not continue the segment before it"
            )
        if segment != segment_name(header.first_position):
            raise JournalDamagedError(self._disk.path(segment), 0, "the file has another's name")
        self.segment, self.offset = segment, frame.SEGMENT_HEADER_BYTES

    def batches(self, data: bytes, begin: int = 0) -> Iterator[Batch]:
        """The sound batches of the segment from `offset` on.

        `data` are bytes of the segment, of which the first lies at `begin`. The walk stops at the
        end of the data, or at bytes that are not the next batch: then there is a `problem`.
        """
        assert self.segment is not None
        self.problem = None
        while self.offset < begin + len(data):
            at = self.offset - begin
            header = frame.parse_batch_header(data, at)
            body_at = at + frame.BATCH_HEADER_BYTES
            body = data[body_at : body_at + header.body_bytes] if header else b""
            self.header = header
            self.problem = _problem(header, body, self.position, self.chain)
            if self.problem is not None or header is None:
                return
            batch = Batch(self.segment, self.offset, header, body)
            self.position, self.chain = header.last_position, header.chain
            self.offset += batch.size_bytes
            yield batch


def _problem(
    header: frame.BatchHeader | None, body: bytes, position: int, chain: bytes
) -> str | None:
    """What keeps a batch from being the next one behind `position` and `chain`; None if nothing."""
    if header is None:
        return "the batch header is incomplete or does not match its checksum"
    if header.first_position != position + 1:
        return f"position {position + 1} should follow, not {header.first_position}"
    if len(body) < header.body_bytes:
        left = frame.BATCH_HEADER_BYTES + len(body)
        return f"the batch is cut: {left} bytes are left of it"
    if zlib.crc32(body) != header.body_crc:
        return "the batch does not match its checksum"
    if not frame.links(header, body, chain):
        return "the batch does not continue the hash chain"
    return None
