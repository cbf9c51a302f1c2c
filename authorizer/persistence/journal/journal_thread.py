"""A thread that writes a journal: submitting a batch never waits for the disk."""

import threading
from queue import SimpleQueue

from typing_extensions import override

from authorizer.persistence.journal.protocol import Journal, Submission
from authorizer.persistence.journal.wrapped_journal import WrappedJournal


class JournalThread(WrappedJournal[Journal]):
    """A journal that blocks, written by a thread of its own.

    The thread takes a batch's records when it comes to it. It submits the next batch itself, out
    of `written`, so a busy writer never waits for the thread that appends.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._submitted: SimpleQueue[Submission | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @property
    @override
    def synced_by(self) -> str:
        return "thread"

    @override
    def submit(self, submission: Submission) -> None:
        self._submitted.put(submission)

    @override
    def close(self) -> None:
        self._submitted.put(None)
        self._thread.join()
        self._journal.close()

    def _write(self) -> None:
        """Write batch after batch; end behind all that was submitted, at the first None."""
        while True:
            submission = self._submitted.get()
            if submission is not None:
                self._journal.submit(submission)
            elif self._submitted.empty():
                return
            else:
                self._submitted.put(None)
