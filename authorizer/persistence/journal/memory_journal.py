"""A journal without a disk: the shortest that keeps the promises of `protocol.py`."""

from collections.abc import Sequence

from typing_extensions import override

from authorizer.persistence.journal import frame
from authorizer.persistence.journal.protocol import Journal


class MemoryJournal(Journal):
    """A `Journal` that keeps its batches in a list."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.position = 0
        self.chain = frame.GENESIS

    @override
    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        if first_position != self.position + 1:
            raise ValueError(f"position {first_position} does not follow {self.position}")
        _, self.chain = frame.batch(first_position, records, self.chain)
        self.batches.append(list(records))
        self.position += len(records)
        return self.chain

    @override
    def close(self) -> None:
        pass
