"""A journal that is written when it is told to be."""

from collections.abc import Iterator

from typing_extensions import override

from authorizer.persistence.journal.place import Place
from authorizer.persistence.journal.protocol import BlockingJournal, Journal, Submission
from authorizer.persistence.journal.segments import Batch


class SteppedJournal(Journal):
    """Has the batch that was submitted wait for `step`, and gathers meanwhile."""

    def __init__(self, journal: BlockingJournal) -> None:
        self._journal = journal
        self._waiting: Submission | None = None
        self._abandoned = False

    @property
    @override
    def position(self) -> int:
        return self._journal.position

    @property
    @override
    def chain(self) -> bytes:
        return self._journal.chain

    @override
    def submit(self, submission: Submission) -> None:
        self._waiting = submission

    def step(self) -> bool:
        """Write the batch that waits; False if none does.

        What keeps it from being written is raised, behind `failed`.
        """
        submission, self._waiting = self._waiting, None
        if submission is None or self._abandoned:
            return False
        try:
            chain = self._journal.write(submission.first_position, submission.take())
        except BaseException as error:
            submission.failed(error)
            raise
        submission.written(chain)
        return True

    def abandon(self) -> None:
        """Write nothing any more: the process has died."""
        self._abandoned = True

    @override
    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        return self._journal.batches(after, until)

    @override
    def check(self) -> None:
        self._journal.check()

    @override
    def close(self) -> None:
        while self.step():
            pass
        self._journal.close()
