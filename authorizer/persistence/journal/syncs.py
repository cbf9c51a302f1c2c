"""Syncs that the event loop does not wait for, as its journal sees them."""

from collections.abc import Callable
from typing import Protocol

from authorizer.persistence.disk import DiskFile

Done = Callable[[BaseException | None], None]
"""Called once: with None when all is well, else with what was raised."""


class Syncs(Protocol):
    """What takes the disk's time, one thing at a time, while the caller's thread goes on.

    `done` is called in the caller's thread, which is always the same, after the call that it was
    given to. It may begin the next thing.
    """

    @property
    def name(self) -> str:
        """What it is, in a word."""

    def sync(self, file: DiskFile, done: Done) -> None:
        """Have all that was written to a file on the device. OSError: nothing was begun."""

    def run(self, function: Callable[[], None], done: Done) -> None:
        """Have a function run that waits for the disk."""

    def close(self) -> None:
        """Wait for what was begun, and for what `done` begins in turn.

        Blocks. The caller's thread must go on meanwhile, so this is for another one.
        """
