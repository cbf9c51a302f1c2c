"""A PostgreSQL cluster that is thrown away: made, started and ended by whoever needs one."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.processes import children
from tests.support.waiting import comes_true

MISSING = "PostgreSQL is not installed: Debian's package `postgresql` has it"
START_DEADLINE_S = 60.0


def programs() -> Path | None:
    """Where the newest PostgreSQL server's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _version(initdb: Path) -> int:
    name = initdb.parts[-3]
    return int(name) if name.isdigit() else 0


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster, reached by a socket in its folder; gives its SQLAlchemy URL.

    Skips the test where PostgreSQL is missing; in CI that is a failure.
    """
    bin_folder = programs()
    if bin_folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        made = Cluster(bin_folder, folder, folder, ("-F", "-c", "max_connections=50"))
        try:
            made.start()
            yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        finally:
            made.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """A cluster in a folder: made where there is none yet, started, ended, killed, started again.

    Its socket is in a folder of its own, for a path of a socket must be short.
    """

    def __init__(
        self, bin_folder: Path, folder: Path, sockets: Path, options: Sequence[str] = ()
    ) -> None:
        self.data = folder / "data"
        self._bin_folder = bin_folder
        self._folder = folder
        self._sockets = sockets
        self._log = sockets / "log"
        self._options = options
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> subprocess.Popen[bytes]:
        assert self._server is not None, "the cluster is not running"
        return self._server

    @property
    def processes(self) -> list[int]:
        """The process that was started, and all that it has started."""
        return [self.server.pid, *children(self.server.pid)]

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        as_owner = _not_root(self._folder, self._sockets)
        if not self.data.exists():
            subprocess.run(
                [self._bin_folder / "initdb", "-D", self.data, "-U", "tester", "-A", "trust",
                 "--no-sync", "-E", "UTF8", "--locale=C"],
                check=True, capture_output=True, cwd=self._sockets, **as_owner,
            )  # fmt: skip
        with self._log.open("ab") as output:
            self._server = subprocess.Popen(
                [self._bin_folder / "postgres", "-D", self.data, "-k", self._sockets,
                 "-c", "listen_addresses=", *self._options],
                stdout=output, stderr=output, cwd=self._sockets, **as_owner,
            )  # fmt: skip
        comes_true(lambda: self.server.poll() is not None or self._is_ready(), START_DEADLINE_S)
        if self.server.poll() is not None or not self._is_ready():
            raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()}")

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(host=str(self._sockets), user="tester", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def end(self) -> None:
        """End without waiting for clients, if it runs."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(START_DEADLINE_S)
            self._server = None

    def kill(self) -> None:
        """kill -9, every process."""
        for pid in self.processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.wait(START_DEADLINE_S)
        self._server = None


def _not_root(*folders: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as somebody else, who owns the folders."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    owner = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    for folder in folders:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
