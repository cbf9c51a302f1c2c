"""A PostgreSQL cluster that is thrown away: made, started and ended by whoever needs one."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.waiting import comes_true

MISSING = "PostgreSQL is not installed: Debian's package `postgresql` has it"
START_DEADLINE_S = 60.0
POLL_S = 0.02


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
        with _running(bin_folder, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(bin_folder: Path, folder: Path) -> Iterator[str]:
    as_owner = _not_root(folder)
    data = folder / "data"
    subprocess.run(
        [bin_folder / "initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E",
         "UTF8", "--locale=C"],
        check=True, capture_output=True, cwd=folder, **as_owner,
    )  # fmt: skip
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [bin_folder / "postgres", "-D", data, "-F", "-k", folder, "-c", "listen_addresses=",
             "-c", "max_connections=50"],
            stdout=output, stderr=output, cwd=folder, **as_owner,
        )  # fmt: skip
    try:
        _wait_ready(server, folder, log)
        yield f"postgresql+psycopg://tester@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # end without waiting for clients
        server.wait(START_DEADLINE_S)


def _not_root(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as somebody else, who owns the folder."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    owner = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _wait_ready(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    def is_ready() -> bool:
        try:
            psycopg.connect(host=str(folder), user="tester", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    comes_true(lambda: server.poll() is not None or is_ready(), START_DEADLINE_S)
    if server.poll() is not None or not is_ready():
        raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
