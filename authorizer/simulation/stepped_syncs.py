"""Syncs that happen when they are told to."""

from collections.abc import Callable
from typing import NamedTuple

from typing_extensions import override

from authorizer.persistence.disk import DiskFile
from authorizer.persistence.journal.syncs import Done, Syncs


class _Begun(NamedTuple):
    function: Callable[[], None]
    done: Done
    is_sync: bool


class SteppedSyncs(Syncs):
    """Has what was begun wait for `step`."""

    name = "steps"

    def __init__(self) -> None:
        self._begun: _Begun | None = None
        self._abandoned = False

    @override
    def sync(self, file: DiskFile, done: Done) -> None:
        self._begun = _Begun(file.sync, done, is_sync=True)

    @override
    def run(self, function: Callable[[], None], done: Done) -> None:
        self._begun = _Begun(function, done, is_sync=False)

    def begin(self) -> None:
        """Do nothing: a batch is begun when it is submitted."""

    def step(self) -> bool:
        """Have what waits happen, and after a function the sync behind it; False if nothing waits.

        What is raised goes on, once it was told.
        """
        found = False
        while self._begun is not None and not self._abandoned:
            found = True
            begun, self._begun = self._begun, None
            try:
                begun.function()
            except BaseException as error:
                begun.done(error)
                raise
            begun.done(None)
            if begun.is_sync:
                break
        return found

    def abandon(self) -> None:
        """Do nothing any more: the process has died."""
        self._abandoned = True

    @override
    def close(self) -> None:
        while self.step():
            pass
