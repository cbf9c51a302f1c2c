"""A contender: what starts it on a folder, where it answers, and which of its processes do what."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

from benchmarks import cores
from tests.support.server import Server, python

TEMPORARY: Final = ("benchmark-", "slow-disk-", "memory-disk-")
"""How the names of our own temporary folders begin."""


READY_S: Final = 600.0
"""A million accounts take a while."""


class MissingError(Exception):
    """A contender can't run here; the message says why, in words for the table."""


class Kind(Enum):
    """How a contender is judged."""

    CONSTANT = "a constant answer"
    OURS = "ours"
    ONE = "one at a time"
    GATHERED = "gathered"
    OWN_FRONT = "behind our own front"


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that answers."""

    server: Server
    """The process that answers HTTP: the front."""
    behind: Callable[[], list[int]] = list
    """The processes beside it, as they are now."""
    kill: Callable[[], None] = lambda: None
    """kill -9 of what is behind."""
    settle: Callable[[], None] = lambda: None
    """Wait until it has done all that a load has left it to do."""

    @property
    def pid(self) -> int:
        """The front's process."""
        return self.server.process.pid

    @property
    def processes(self) -> list[int]:
        """All of its processes."""
        return [self.pid, *self.behind()]


class Peer(Protocol):
    """One contender."""

    key: str
    """As the command line names it."""
    name: str
    kind: Kind

    def settings(self) -> str:
        """Its version and what was set, a sentence. ``MissingError`` where it can't run."""

    def start(self, folder: Path, accounts: int) -> AbstractContextManager[Running]:
        """Run on a folder, with accounts as `wrk.FIRST_ACCOUNT` and `wrk.OPENING_CENTS` say.

        A folder that has them already is gone on with. Raises ``MissingError``, ``ServerEnded``,
        or what its own programs raise.
        """


@contextmanager
def fronted(
    store: str, folder: Path, accounts: int, *, own_front: bool = False
) -> Iterator[Server]:
    """The front of a store, ready, on the first core."""
    command = [python(), "-m", "benchmarks.compare.front", store, str(folder), str(accounts)]
    command += ["{port}", *(["--own-front"] if own_front else [])]
    server = Server(folder / "front", command=command)
    try:
        with cores.started_on(cores.SERVER):
            server.spawn()
        server.wait_ready(READY_S)
        yield server
    finally:
        server.end()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory(prefix="sockets-") as made:
        yield Path(made)


def let_others_in(folder: Path) -> None:
    """Let other users pass through our temporary folders: one of them may have to work there."""
    for parent in folder.parents:
        if parent.name.startswith(TEMPORARY) and parent.stat().st_uid == os.geteuid():
            parent.chmod(0o711)
