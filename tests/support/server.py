"""One authorizer process on a folder of its own: started, ended, killed and started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.client import Client
from tests.support.waiting import comes_true

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = "-m authorizer serve --host 127.0.0.1 --port {port} --data {data}"
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 60.0
POLL_S = 0.01
HELD_PORTS = 64
_held: deque[socket.socket] = deque()
PATIENT = ("--deadline-ms", "600000", "--reports-wait-ms", "60000")
"""Deadlines that no test reaches: how fast this machine is decides nothing."""

ALONE = (*PATIENT, "--reports", "false")
"""For those who ask nothing of the reports: no process beside the server is started for nobody."""


class ServerEnded(Exception):
    """The process ended before it was ready; the message holds its status and its log."""


def python() -> str:
    """The interpreter of the project's virtual environment, or else the one that runs this."""
    own = PROJECT / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def serve_command(data: Path, port: int, flags: Sequence[str] = ()) -> list[str]:
    """The command line that serves `data` on `port`."""
    words = COMMAND.split()
    return [python(), *(word.format(port=port, data=data) for word in words), *flags]


def free_port() -> int:
    """A loopback port that nothing listens on, and that nobody else is given for now.

    A socket stays bound to it, without listening: until the program for which it is has bound it
    too, which may take seconds, the system gives it neither to another test's server nor to a
    client.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    _held.append(probe)
    if len(_held) > HELD_PORTS:
        _held.popleft().close()
    return port


def environment() -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    return {name: v for name, v in os.environ.items() if not name.startswith("AUTHORIZER_")}


class Server:
    """A server process. Its log, of all its lives, is in a file beside the data folder.

    `flags` are added to the command line of every start. `command` replaces the whole command
    line; `{port}` and `{data}` in it are filled in. `port` gives a free one for each start.
    """

    def __init__(
        self,
        folder: Path,
        flags: Sequence[str] = (),
        command: Sequence[str] | None = None,
        port: Callable[[], int] = free_port,
    ) -> None:
        self.data = folder / "data"
        self.log_path = folder / "server.log"
        self.flags = tuple(flags)
        self.port = 0
        self._command = command
        self._free_port = port
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    # --- start -------------------------------------------------------------------------------

    def start(self) -> Server:
        """Start on a free port and wait until the server authorizes."""
        self.spawn()
        self.wait_ready()
        return self

    def spawn(self) -> None:
        """Start on a free port and do not wait."""
        assert self._process is None, (
            "this server was started already, and nobody waited for its end"
        )
        self.port = self._free_port()
        self._process = self._spawned()

    def _spawned(self) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                self._command_line(),
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=environment(),
                start_new_session=True,
            )

    def _command_line(self) -> list[str]:
        if self._command is None:
            return serve_command(self.data, self.port, self.flags)
        return [word.format(port=self.port, data=self.data) for word in self._command]

    def wait_ready(self, within_s: float = START_DEADLINE_S) -> None:
        """Poll `/health` until it says 200. ServerEnded, or TimeoutError."""
        process = self.process
        ready = comes_true(lambda: process.poll() is not None or self._is_ready(), within_s)
        status = process.poll()
        if status is not None:
            self._process = None
            raise ServerEnded(f"ended with status {status} before it was ready\n{self.log()}")
        if not ready:
            raise TimeoutError(f"not ready within {within_s:.0f} s\n{self.log()}")

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/health").status == 200
        except (OSError, http.client.HTTPException):
            return False

    # --- end ---------------------------------------------------------------------------------

    def kill(self) -> None:
        """kill -9, the whole process group, at once."""
        self._signal(signal.SIGKILL)
        self._wait()

    def terminate(self) -> None:
        """Ask it to drain (SIGTERM) and do not wait."""
        self._signal(signal.SIGTERM)

    def wait_end(self) -> int:
        """Wait for the end of the process and give its exit status."""
        return self._wait()

    def stop(self) -> int:
        """Drain, wait, and give the exit status."""
        self.terminate()
        return self._wait()

    def end(self) -> None:
        """Whatever its state, leave no process behind."""
        if self._process is not None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            os.killpg(self.process.pid, number)

    def _wait(self) -> int:
        status = self.process.wait(STOP_DEADLINE_S)
        self._process = None
        return status

    # --- state -------------------------------------------------------------------------------

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server is not running"
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def client(self) -> Client:
        return Client(self.port, documented=self._command is None)

    def logs(self, text: str, within_s: float = START_DEADLINE_S) -> bool:
        """Whether a text is in the log, or gets there: a thread of the server writes it."""
        return comes_true(lambda: text in self.log(), within_s)

    def log(self, last_bytes: int = 4000) -> str:
        """The end of what the server printed."""
        return self.log_path.read_bytes()[-last_bytes:].decode(errors="replace")


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[Server]:
    """A ready server on `folder`/data, gone when the block ends."""
    server = Server(folder, flags)
    try:
        yield server.start()
    finally:
        server.end()


MakeServer = Callable[..., Server]
