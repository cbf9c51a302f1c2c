"""The journal: the only truth. What it promises, whatever it is kept in.

1. Records have positions 1, 2, 3 … without gaps; a record never changes and never moves.
2. What is written in one batch is in the journal as a whole or not at all.
3. A batch that was synced is there after any crash. One that was not may be there or not.
4. Each batch carries the hash of everything before it. Reading the journal, or comparing its head
   with one kept elsewhere, finds a changed, cut, reordered or inserted batch.
5. An incomplete last batch is cut, and the log says so. Damage before it is refused, with file and
   offset. Nothing is skipped in silence.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from typing_extensions import override

from authorizer.persistence.disk import DiskFile
from authorizer.persistence.journal.place import Place
from authorizer.persistence.journal.segments import Batch


class Submission(Protocol):
    """A batch on its way into the journal, and what is told when it is there.

    The journal calls `take` once, when it begins to write, and then `written` or `failed` once.
    It may do so in any thread, and before `submit` returns. Either may submit the next batch.
    """

    @property
    def first_position(self) -> int:
        """The position of the batch's first record."""

    def take(self) -> Sequence[bytes]:
        """The batch's records. What is appended until then is among them."""

    def written(self, chain: bytes) -> None:
        """The batch is durable; `chain` is the hash chain's head after it."""

    def failed(self, error: BaseException) -> None:
        """The batch may be durable or not. The journal must not be written again."""


class BatchSource(Protocol):
    """A journal as it is read, also while it is written."""

    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        """The batches behind a place, up to the one that ends at `until`, which is durable.

        Every byte is checked. What lies behind `until` is never looked at: it may be half written,
        and a crash may take it away.

        Raises:
            OtherJournalError: the journal does not have the place in it.
            JournalDamagedError: something that is durable is missing or unsound.
        """


class SearchableSource(BatchSource, Protocol):
    """A journal that is read from any position on."""

    def oldest(self) -> int:
        """The oldest position that is there: 1, unless segments were moved away."""

    def batches_from(self, position: int, until: int) -> Iterator[Batch]:
        """The batches from the one that holds `position` on, up to the one that ends at `until`.

        Of what lies before them in their segment only the headers are read: a start has checked
        it, or does so behind itself.

        Raises:
            JournalBeginsLateError: `position` lies before everything that is there.
            JournalDamagedError: as from `batches`.
        """


class Journal(BatchSource, Protocol):
    """A place where batches of records become durable, one after another, with one writer."""

    @property
    def position(self) -> int:
        """The position of the newest record that is durable."""

    @property
    def chain(self) -> bytes:
        """The hash chain's head after the newest durable batch."""

    @property
    def synced_by(self) -> str:
        """Who waits for the disk, in a word."""

    def submit(self, submission: Submission) -> None:
        """Have a batch written. The next one may be submitted once this one is `written`."""

    def check(self) -> None:
        """OSError if the journal was moved or removed meanwhile. Any thread may call it."""

    def close(self) -> None:
        """Write what was submitted, and what `written` submits in turn; then release it. Blocks."""


class BlockingJournal(Journal, Protocol):
    """A journal that writes in the thread of its caller."""

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        """Append a batch; when it is durable, return the hash chain's head after it.

        OSError if it is not. The journal must not be written again then: what a failed sync left
        behind is unknown.
        """

    @property
    @override
    def synced_by(self) -> str:
        return "caller"

    @override
    def submit(self, submission: Submission) -> None:
        try:
            chain = self.write(submission.first_position, submission.take())
        except BaseException as error:  # noqa: BLE001 - whatever it was, the submission is told
            submission.failed(error)
        else:
            submission.written(chain)


class TwoStepJournal(BlockingJournal, Protocol):
    """A journal of which each batch can be written first, and synced by whoever knows how."""

    @property
    def is_full(self) -> bool:
        """Whether the next batch goes into a new segment."""

    def start_segment(self) -> None:
        """Begin the new segment; `begin` does it where that was not done. Waits for the disk."""

    @property
    def file(self) -> DiskFile:
        """The file that batches go into."""

    def begin(self, first_position: int, records: Sequence[bytes]) -> None:
        """Write a batch. `file` is to be synced then. OSError as from `write`."""

    def complete(self) -> bytes:
        """The file is synced, so the batch is durable: the hash chain's head after it."""
