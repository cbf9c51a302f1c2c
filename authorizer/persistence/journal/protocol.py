"""The journal: the only truth. What it promises.

1. Records have positions 1, 2, 3 … without gaps; a record never changes and never moves.
2. What is written in one batch is in the journal as a whole or not at all.
3. A batch that was synced is there after any crash. One that was not may be there or not.
4. Each batch carries the hash of everything before it: a changed, cut, reordered or inserted batch
   is found by whoever reads the journal, or by comparing its head with one kept elsewhere.
5. An incomplete last batch is cut, and that is said; damage before it is refused, with file and
   offset. Nothing is skipped in silence.
"""

from collections.abc import Sequence
from typing import Protocol


class Journal(Protocol):
    """Where batches of records are made durable, by one writer."""

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        """Append a batch; when it is durable, return the hash chain's head after it.

        OSError if it is not: the journal must not be written again, since nobody knows what a
        failed sync left behind.
        """

    def close(self) -> None:
        """Let the journal go."""
