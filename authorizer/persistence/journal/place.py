"""The place up to which a journal was read: kept by the reader, who goes on from there."""

from typing import Final, NamedTuple

from authorizer.persistence.journal import frame
from authorizer.persistence.journal.segments import Batch


class Place(NamedTuple):
    """The newest batch that was read, and its location."""

    position: int
    chain: bytes
    segment: str | None
    batch_offset: int

    @classmethod
    def of(cls, batch: Batch) -> "Place":
        """The place behind a batch."""
        return cls(batch.last_position, batch.header.chain, batch.segment, batch.offset)


BEGINNING: Final = Place(0, frame.GENESIS, None, 0)


class OtherJournalError(Exception):
    """The journal is not the one that was read before: it does not have the place in it."""
