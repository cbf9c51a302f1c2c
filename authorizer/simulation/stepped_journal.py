"""A journal that is written when it is told to be."""

from collections.abc import Sequence

from typing_extensions import override

from authorizer.persistence.journal.protocol import BlockingJournal, Submission
from authorizer.persistence.journal.wrapped_journal import WrappedJournal


class SteppedJournal(WrappedJournal[BlockingJournal]):
    """Has the batch that was submitted wait for `step`, and gathers meanwhile."""

    def __init__(self, journal: BlockingJournal) -> None:
        super().__init__(journal)
        self._waiting: Submission | None = None
        self._taken: Sequence[bytes] | None = None
        """The records of the batch that is being written."""
        self._abandoned = False

    @property
    @override
    def synced_by(self) -> str:
        return "steps"

    @override
    def submit(self, submission: Submission) -> None:
        self._waiting = submission

    def begin(self) -> None:
        """Begin to write the batch that waits: what comes from now on gathers for the next one."""
        if self._waiting is not None and self._taken is None and not self._abandoned:
            self._taken = self._waiting.take()

    def step(self) -> bool:
        """Write the batch that waits; False if none does.

        What keeps it from being written is raised, behind `failed`.
        """
        self.begin()
        submission, self._waiting = self._waiting, None
        records, self._taken = self._taken, None
        if submission is None or records is None:
            return False
        try:
            chain = self._journal.write(submission.first_position, records)
        except BaseException as error:
            submission.failed(error)
            raise
        submission.written(chain)
        return True

    def abandon(self) -> None:
        """Write nothing any more: the process has died."""
        self._abandoned = True
        self._taken = None

    @override
    def close(self) -> None:
        while self.step():
            pass
        self._journal.close()
