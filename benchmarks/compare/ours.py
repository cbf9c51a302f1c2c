"""The authorizer, as it is shipped with its read models, and without them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import cores, servers
from benchmarks.care import caught_up
from benchmarks.compare.peer import Kind, Running
from benchmarks.journals import accounts_opened, write_journal
from tests.support.processes import children

BATCH_RECORDS = 1024


class Ours:
    """The contender."""

    kind = Kind.OURS

    def __init__(self, *, read_models: bool) -> None:
        self._read_models = read_models
        self.key = "ours" if read_models else "ours-alone"
        self.name = "ours" if read_models else "ours, no read models"

    def settings(self) -> str:
        """See `Peer`."""
        return "ours: `authorizer serve` with its defaults, read models in SQLite"

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        if not (folder / "data").exists():
            write_journal(folder / "data", accounts_opened(accounts), BATCH_RECORDS)
        with servers.authorizer(folder, read_models=self._read_models) as server:
            pid = server.process.pid
            settle = partial(caught_up, server) if self._read_models else _nothing
            settle()  # the read models' process has begun then: it is started behind the server
            cores.pin(pid, cores.SERVER)
            followers = children(pid)
            assert len(followers) == self._read_models
            for follower in followers:
                cores.pin(follower, cores.LOAD)
            yield Running(server, lambda: children(pid), settle=settle)


def _nothing() -> None:
    """No process follows."""
