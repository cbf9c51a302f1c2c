"""A journal without a disk: the shortest that keeps the promises of `protocol.py`."""

from collections.abc import Iterator, Sequence
from typing import Final

from typing_extensions import override

from authorizer.persistence.journal import frame
from authorizer.persistence.journal.place import OtherJournalError, Place
from authorizer.persistence.journal.protocol import BlockingJournal
from authorizer.persistence.journal.segments import Batch, JournalDamagedError

NAME: Final = "memory"
"""The segment of every batch; its offset there is its number, beginning with 0."""


class MemoryJournal(BlockingJournal):
    """Keeps its batches in a list. They are as durable as the process."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []

    @property
    @override
    def position(self) -> int:
        return self._batches[-1].last_position if self._batches else 0

    @property
    @override
    def chain(self) -> bytes:
        return self._batches[-1].header.chain if self._batches else frame.GENESIS

    @override
    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        if first_position != self.position + 1:
            raise ValueError(f"position {first_position} does not follow {self.position}")
        data, chain = frame.batch(first_position, records, self.chain)
        header = frame.parse_batch_header(data, 0)
        assert header is not None
        body = data[frame.BATCH_HEADER_BYTES :]
        self._batches.append(Batch(NAME, len(self._batches), header, body))
        return chain

    @override
    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        at = 0
        if after.segment is not None:
            at = after.batch_offset + 1
            if after not in map(Place.of, self._batches[at - 1 : at]):
                raise OtherJournalError(f"there is no batch {after.batch_offset} as it was")
        position = after.position
        while position < until:
            if at == len(self._batches):
                problem = f"what follows position {position} is missing"
                raise JournalDamagedError(NAME, at, problem)
            yield self._batches[at]
            position = self._batches[at].last_position
            at += 1

    @override
    def check(self) -> None:
        """Find it: memory is where it was."""

    @override
    def close(self) -> None:
        """Stay as it is, to be opened again."""
