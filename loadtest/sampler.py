"""What a server takes of the machine, looked at once a second from outside."""

import threading
import time
from pathlib import Path

from loadtest.figures_over_time import Series
from tests.support.server import Server

EVERY_S = 1.0
MIB = 1 << 20


class Sampler:
    """Looks at a server, whichever process of it lives, until it is told to stop."""

    def __init__(self, server: Server, begun_s: float) -> None:
        """``begun_s`` is the beginning of all times (monotonic)."""
        self.memory = Series("memory of the server (RSS)", "MiB")
        self.report_memory = Series("memory of the reports' process (RSS)", "MiB")
        self.files = Series("file handles of the server", "")
        self.state = Series("newest snapshot, and a hundredth of the archive", "MiB")
        """What accounts and the archive's filters take of the memory, nearly."""
        self._server = server
        self._begun_s = begun_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                self._look(self._server.process.pid)
            except (AssertionError, OSError, ValueError, IndexError):
                continue  # it is being restarted

    def _look(self, pid: int) -> None:
        at_s = time.monotonic() - self._begun_s
        proc = Path(f"/proc/{pid}")
        files = len(list((proc / "fd").iterdir()))
        children = (proc / f"task/{pid}/children").read_text().split()
        followers = [child for child in children if "follow" in words_of(child)]
        memory = memory_bytes(str(pid))
        if "serve" not in words_of(str(pid)) or not memory:
            return
        self.memory.add(at_s, memory / MIB)
        self.files.add(at_s, files)
        self.state.add(at_s, state_bytes(self._server.data) / MIB)
        if followers:
            self.report_memory.add(at_s, memory_bytes(followers[0]) / MIB)


def state_bytes(data: Path) -> float:
    """The newest snapshot and a hundredth of the archive: a filter takes 2.6 of 264 bytes."""
    snapshots = sorted((data / "snapshots").glob("*.snapshot"))
    archived = sum(path.stat().st_size for path in (data / "archive").glob("*"))
    return (snapshots[-1].stat().st_size if snapshots else 0) + archived / 100


def words_of(pid: str) -> list[str]:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def memory_bytes(pid: str) -> int:
    """What a process has in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
