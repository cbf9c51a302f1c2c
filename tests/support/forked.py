"""A server that is forked off this process, in which the program's modules are loaded already.

To load them is most of what a start takes. All that a start does itself it does as ever, and the
process is one of its own, which ends by kill -9 as any other does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

import authorizer.cli.serve
import authorizer.server.serve  # noqa: F401 - a fork has loaded what a start loads
from authorizer.cli import main
from tests.support.server import PROJECT, Server, environment, serve_command


class ForkedServer(Server):
    """Starts as `authorizer serve` does, but for the interpreter's own start."""

    @override
    def _spawned(self) -> subprocess.Popen[bytes]:
        words = serve_command(self.data, self.port, self.flags)
        arguments = words[words.index("authorizer") + 1 :]
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _serve(arguments, self.log_path)
        with suppress(PermissionError):  # a group of its own before anybody can kill the group
            os.setpgid(pid, pid)
        return Forked(pid)


def _serve(arguments: Sequence[str], log_path: Path) -> NoReturn:
    status = 70
    try:
        os.setpgid(0, 0)
        os.chdir(PROJECT)
        log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(environment_of_a_start)
        main(list(arguments), prog_name="authorizer", standalone_mode=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - what a process would tell at its end
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


environment_of_a_start = environment()


class Forked(subprocess.Popen[bytes]):
    """A child as `subprocess` has them."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    @override
    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    @override
    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a forked server", timeout or 0.0)
            time.sleep(0.0005)
        assert self.returncode is not None
        return self.returncode

    def __del__(self) -> None:
        """Nothing is to be told of a child that nobody has waited for."""
