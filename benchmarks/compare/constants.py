"""A constant answer, bare ASGI and Starlette: what HTTP costs where nothing is decided."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks import cores, servers
from benchmarks.compare.peer import Kind, Running


class Constant:
    """The contender."""

    kind = Kind.CONSTANT

    def __init__(self, *, bare: bool) -> None:
        self._bare = bare
        self.key = "bare" if bare else "starlette"
        self.name = "bare ASGI, constant" if bare else "Starlette, constant"

    def settings(self) -> str:
        """See `Peer`."""
        names = ("starlette", "uvicorn", "uvloop", "httptools")
        return ", ".join(f"{name} {version(name)}" for name in names)

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        """See `Peer`."""
        with servers.constant_endpoint(folder, bare=self._bare) as server:
            cores.pin(server.process.pid, cores.SERVER)
            yield Running(server)
