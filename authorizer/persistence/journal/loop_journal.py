"""A journal that the event loop's thread writes, and that is synced behind its back."""

from collections.abc import Sequence

from typing_extensions import override

from authorizer.persistence.journal.protocol import Submission, TwoStepJournal
from authorizer.persistence.journal.syncs import Syncs
from authorizer.persistence.journal.wrapped_journal import WrappedJournal


class LoopJournal(WrappedJournal[TwoStepJournal]):
    """Writes a batch into the system's memory when it is submitted, and has it synced.

    So no thread comes between a sync and what it lets go. A new segment takes several syncs before
    the first batch of it can be written; it is begun elsewhere too.
    """

    def __init__(self, journal: TwoStepJournal, syncs: Syncs) -> None:
        super().__init__(journal)
        self._syncs = syncs
        self._submission: Submission
        """The batch under way."""
        self._records: Sequence[bytes] = ()
        self._closed = False

    @property
    @override
    def synced_by(self) -> str:
        return self._syncs.name

    @override
    def submit(self, submission: Submission) -> None:
        if self._closed:
            return
        self._submission = submission
        try:
            self._records = submission.take()
            if self._journal.is_full:
                self._syncs.run(self._journal.start_segment, self._write)
                return
        except BaseException as error:  # noqa: BLE001 - whatever it was, the submission is told
            submission.failed(error)
            return
        self._write(None)

    def _write(self, error: BaseException | None) -> None:
        if error is None:
            try:
                self._journal.begin(self._submission.first_position, self._records)
                self._syncs.sync(self._journal.file, self._end)
            except BaseException as caught:  # noqa: BLE001 - as above
                error = caught
        if error is not None:
            self._submission.failed(error)

    def _end(self, error: BaseException | None) -> None:
        if error is None:
            self._submission.written(self._journal.complete())
        else:
            self._submission.failed(error)

    @override
    def close(self) -> None:
        """Blocks, and the event loop must go on meanwhile: for another thread than its own.

        What is submitted afterwards is not written, and nobody is told.
        """
        self._syncs.close()
        self._closed = True
        self._journal.close()
