"""The bytes of the journal. They are a format: what was written once must be read forever."""

from __future__ import annotations

import hashlib
import struct
import zlib

import pytest

from authorizer.persistence.journal import frame

RECORDS = [b'["merchant_removed",1,1,"api","X"]', b"", b"[]"]


def crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def test_a_segment_begins_with_these_bytes() -> None:
    """Magic, version, first position, the chain before it, checksum."""
    chain = bytes(range(32))
    head = b"AUTHJRNL" + bytes.fromhex("0001 0000000000000102") + chain
    assert frame.segment_header(258, chain) == head + crc(head)
    assert len(head + crc(head)) == frame.SEGMENT_HEADER_BYTES == 54


def test_a_batch_has_these_bytes() -> None:
    """Magic, count, first position, sizes, checksum, chain; then lengths; then the records."""
    chain = bytes(range(32))
    body = bytes.fromhex("00000022 00000000 00000002") + b"".join(RECORDS)
    linked = frame.BATCH_MAGIC + bytes.fromhex("00000003 0000000000000102 00000030") + crc(body)
    head = hashlib.sha256(chain + linked + body).digest()
    written, after = frame.batch(258, RECORDS, chain)
    assert after == head
    assert written == linked + head + crc(linked + head) + body
    assert len(written) - len(body) == frame.BATCH_HEADER_BYTES == 60


def test_the_format_has_not_changed() -> None:
    """These are the bytes of the format as it was released: others are a new version."""
    assert frame.VERSION == 1
    assert frame.segment_header(1, frame.GENESIS) == GOLDEN_SEGMENT
    assert frame.batch(1, RECORDS, frame.GENESIS) == (GOLDEN_BATCH, GOLDEN_CHAIN)


GOLDEN_SEGMENT = bytes.fromhex(
    "415554484a524e4c 0001 0000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000000 4d43eca4"
)
GOLDEN_CHAIN = bytes.fromhex("53a2fbf5d7e7720eb6a4f8ac63d954ab2c496a58dbb6f728c5d03f33db568443")
GOLDEN_BATCH = (
    bytes.fromhex("ab544348 00000003 0000000000000001 00000030 8fd22f36")
    + GOLDEN_CHAIN
    + bytes.fromhex("67957c1f 00000022 00000000 00000002")
    + b'["merchant_removed",1,1,"api","X"][]'
)


def test_what_was_written_is_read() -> None:
    """Header, body and records come back."""
    written, chain = frame.batch(258, RECORDS, frame.GENESIS)
    header = frame.parse_batch_header(b"before" + written, 6)
    assert header is not None
    body = written[frame.BATCH_HEADER_BYTES :]
    assert (header.records, header.first_position, header.last_position) == (3, 258, 260)
    assert (header.body_bytes, header.body_crc) == (len(body), zlib.crc32(body))
    assert header.chain == chain
    assert frame.links(header, body, frame.GENESIS)
    assert frame.records_of(header, body) == RECORDS


def test_a_segment_header_is_read() -> None:
    """Position and chain come back."""
    chain = bytes(range(32))
    data = frame.segment_header(2**40, chain) + b"behind"
    assert frame.parse_segment_header(data) == (2**40, chain)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_changed_byte_of_a_header_is_read(mask: int) -> None:
    """Each byte of both headers is covered by a checksum."""
    segment = frame.segment_header(1, frame.GENESIS)
    batch, _ = frame.batch(1, RECORDS, frame.GENESIS)
    for at in range(frame.SEGMENT_HEADER_BYTES):
        assert frame.parse_segment_header(flipped(segment, at, mask)) is None
    for at in range(frame.BATCH_HEADER_BYTES):
        assert frame.parse_batch_header(flipped(batch, at, mask), 0) is None


def flipped(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]


def test_no_part_of_a_header_is_read() -> None:
    """A header that is cut is none."""
    segment = frame.segment_header(1, frame.GENESIS)
    batch, _ = frame.batch(1, RECORDS, frame.GENESIS)
    for length in range(frame.SEGMENT_HEADER_BYTES):
        assert frame.parse_segment_header(segment[:length]) is None
    for length in range(frame.BATCH_HEADER_BYTES):
        assert frame.parse_batch_header(batch[:length], 0) is None


def test_a_segment_of_another_version_is_not_read() -> None:
    """Though its checksum is right."""
    head = bytearray(frame.segment_header(1, frame.GENESIS)[:-4])
    head[8:10] = struct.pack(">H", frame.VERSION + 1)
    assert frame.parse_segment_header(bytes(head) + crc(bytes(head))) is None


def test_a_batch_follows_one_chain_only() -> None:
    """Another history before it, another body or another header part breaks the link."""
    written, _ = frame.batch(1, RECORDS, frame.GENESIS)
    header = frame.parse_batch_header(written, 0)
    assert header is not None
    body = written[frame.BATCH_HEADER_BYTES :]
    assert not frame.links(header, body, bytes(31) + b"\1")
    assert not frame.links(header, flipped(body, 20, 1), frame.GENESIS)
    moved = header._replace(linked=flipped(header.linked, 15, 1))
    assert not frame.links(moved, body, frame.GENESIS)


def test_lengths_that_do_not_add_up_are_refused() -> None:
    """Though every checksum may be right: such a batch was never written by this program."""
    written, _ = frame.batch(1, RECORDS, frame.GENESIS)
    header = frame.parse_batch_header(written, 0)
    assert header is not None
    body = written[frame.BATCH_HEADER_BYTES :]
    for wrong in (body[:-1], body + b"x", body[:8], b""):
        with pytest.raises(ValueError, match="do not add up"):
            frame.records_of(header, wrong)
