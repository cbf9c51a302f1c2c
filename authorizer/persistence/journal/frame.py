"""The bytes of the journal: segment headers and commit batches. Pure; docs/journal-format.md.

A segment is a header and then batches. A batch is what one sync made durable: a header with the
position of its first record, its sizes, checksums and its link of the hash chain, then the lengths
of its records, then the records. All integers are big-endian.
"""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

VERSION: Final = 1
SEGMENT_MAGIC: Final = b"AUTHJRNL"
BATCH_MAGIC: Final = b"\xabTCH"
GENESIS: Final = bytes(32)
"""The chain before the first batch."""

_SEGMENT = struct.Struct(">8sHQ32sI")
_BATCH = struct.Struct(">4sIQII32sI")
_CRC = struct.Struct(">I")
SEGMENT_HEADER_BYTES: Final = _SEGMENT.size
BATCH_HEADER_BYTES: Final = _BATCH.size
_BATCH_CRC_AT: Final = _BATCH.size - _CRC.size
_LINKED_BYTES: Final = 4 + 4 + 8 + 4 + 4
"""The part of a batch header that the chain covers: all before the chain itself."""


class SegmentHeader(NamedTuple):
    """How a segment begins."""

    first_position: int
    chain: bytes
    """The chain's head before this segment's first batch."""


class BatchHeader(NamedTuple):
    """What is known of a batch before its body is read."""

    records: int
    first_position: int
    body_bytes: int
    body_crc: int
    chain: bytes
    """The chain's head after this batch: SHA-256 of the head before, the header, the body."""
    linked: bytes

    @property
    def last_position(self) -> int:
        """The position of the batch's newest record."""
        return self.first_position + self.records - 1


def segment_header(first_position: int, chain: bytes) -> bytes:
    """The bytes that begin a segment."""
    head = _SEGMENT.pack(SEGMENT_MAGIC, VERSION, first_position, chain, 0)[: -_CRC.size]
    return head + _CRC.pack(zlib.crc32(head))


def parse_segment_header(data: bytes) -> SegmentHeader | None:
    """Read a segment's beginning; None if these are not the bytes of one."""
    if len(data) < SEGMENT_HEADER_BYTES:
        return None
    magic, version, first_position, chain, crc = _SEGMENT.unpack_from(data)
    if magic != SEGMENT_MAGIC or version != VERSION:
        return None
    if zlib.crc32(data[: SEGMENT_HEADER_BYTES - _CRC.size]) != crc:
        return None
    return SegmentHeader(first_position, chain)


def batch(first_position: int, records: Sequence[bytes], chain: bytes) -> tuple[bytes, bytes]:
    """The bytes of a batch that follows `chain`, and the chain's head after it."""
    lengths = struct.pack(f">{len(records)}I", *map(len, records))
    body = b"".join((lengths, *records))
    linked = _BATCH.pack(
        BATCH_MAGIC, len(records), first_position, len(body), zlib.crc32(body), b"", 0
    )[:_LINKED_BYTES]
    head = hashlib.sha256(chain + linked + body).digest()
    header = linked + head
    return b"".join((header, _CRC.pack(zlib.crc32(header)), body)), head


def parse_batch_header(data: bytes, offset: int) -> BatchHeader | None:
    """Read a batch header; None if the bytes at `offset` are not a whole and sound one."""
    if len(data) - offset < BATCH_HEADER_BYTES:
        return None
    magic, count, first_position, body_bytes, body_crc, chain, crc = _BATCH.unpack_from(
        data, offset
    )
    if magic != BATCH_MAGIC or zlib.crc32(data[offset : offset + _BATCH_CRC_AT]) != crc:
        return None
    linked = data[offset : offset + _LINKED_BYTES]
    return BatchHeader(count, first_position, body_bytes, body_crc, chain, linked)


def links(header: BatchHeader, body: bytes, chain: bytes) -> bool:
    """Whether a batch is the one that was written after `chain`."""
    return hashlib.sha256(chain + header.linked + body).digest() == header.chain


def records_of(header: BatchHeader, body: bytes) -> list[bytes]:
    """Take a sound batch's body apart. ValueError if its lengths don't add up."""
    count = header.records
    lengths = struct.unpack_from(f">{count}I", body) if len(body) >= 4 * count else ()
    at = 4 * count
    if at + sum(lengths) != len(body):
        raise ValueError("the record lengths do not add up to the batch")
    records = []
    for length in lengths:
        records.append(body[at : at + length])
        at += length
    return records
