"""`snapshot`: by the server that runs, or without one; and never at the cost of a process."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot as snapshots
from tests.support import documents
from tests.support.command_line import (
    buy,
    done,
    flip,
    journal_files,
    json_lines,
    refused,
    start,
    take_snapshot,
)
from tests.support.commands import purchase
from tests.support.server import ALONE, MakeServer
from tests.support.waiting import until


def taken(data: Path) -> list[str]:
    return [name.rpartition("/")[2] for name in snapshots.snapshots(LocalDisk(data))]


# --- without a server ----------------------------------------------------------------------------


def test_without_a_server_it_is_taken_here(demo: Path) -> None:
    path = take_snapshot(demo)
    assert path == demo / "snapshots" / "00000000000000000013.snapshot"
    read = snapshots.load(LocalDisk(demo), f"snapshots/{path.name}")
    assert len(read.state[ACCOUNTS]) == 4
    done("verify", "--data", demo)


def test_as_many_are_kept_as_is_said(demo: Path) -> None:
    for number in range(4):
        buy(demo, purchase(100 + number, mcc="5411", account_id="123"))
        done("snapshot", "--data", demo, "--snapshots-kept", "2")
    assert taken(demo) == ["00000000000000000017.snapshot", "00000000000000000016.snapshot"]


def test_a_damaged_journal_is_refused(demo: Path) -> None:
    (file,) = journal_files(demo)
    flip(file, 100)
    assert "is damaged at byte 54" in refused("snapshot", "--data", demo)
    assert taken(demo) == []


# --- with a server -------------------------------------------------------------------------------


def test_a_server_takes_it_and_goes_on(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    server.client.open_account("1", CASH="10.00")
    path = take_snapshot(server.data)
    assert taken(server.data) == [path.name]
    server.client.authorize(documents.purchase("1", "4.00"))
    second = take_snapshot(server.data)
    assert taken(server.data) == [second.name, path.name]
    assert server.running
    assert server.client.balances("1") == {"CASH": "6.00"}


def test_a_server_where_nothing_happened_takes_another_of_the_same_name(
    make_server: MakeServer,
) -> None:
    server = make_server(*ALONE).start()
    server.client.open_account("1", CASH="10.00")
    first = take_snapshot(server.data)
    inode = first.stat().st_ino
    assert take_snapshot(server.data) == first
    assert first.stat().st_ino != inode


def test_a_signal_while_a_server_starts_does_no_harm(make_server: MakeServer) -> None:
    server = make_server(*ALONE)
    server.spawn()
    lock = server.data / "lock"
    until_while_running(lambda: lock.exists() and lock.read_text().strip() != "", server.process)
    os.kill(server.process.pid, signal.SIGUSR1)
    server.wait_ready()
    take_snapshot(server.data)


# --- with somebody else --------------------------------------------------------------------------


def test_a_command_at_work_is_not_ended(data: Path) -> None:
    done("init", "--data", data)
    owner = start("import", "-", "--data", data)
    assert owner.stdin is not None
    try:
        wait_for_owner(data, owner)
        message = refused("snapshot", "--data", data, "--deadline-seconds", "0.2")
        assert message.startswith(f"Error: process {owner.pid} took no snapshot within 0.2 s; ")
    except BaseException:
        owner.kill()
        raise
    finally:
        stdout, stderr = owner.communicate('{"account": "1"}\n', timeout=60)
    assert (owner.returncode, stderr) == (0, "")
    assert [line["account"] for line in json_lines(done("replay", "--json", "--data", data))] == [
        "1"
    ]
    assert "accounts   1 new" in stdout


def wait_for_owner(data: Path, owner: subprocess.Popen[str]) -> None:
    lock = data / "lock"
    until_while_running(lambda: lock.read_text().strip() == str(owner.pid), owner)


def until_while_running(condition: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Poll a condition until it holds, while a process runs."""
    until(lambda: process.poll() is not None or condition())
    assert process.poll() is None, "it ended"


@contextmanager
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with it, and that the signal would end."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.communicate(timeout=60)


@pytest.mark.parametrize("names_a_process", [True, False])
def test_a_lock_that_names_somebody_else_sends_no_signal(names_a_process: bool, demo: Path) -> None:
    lock = demo / "lock"
    with bystander() as process:
        lock.write_text(f"{process.pid}\n" if names_a_process else "")
        with lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            message = refused("snapshot", "--data", demo, "--deadline-seconds", "0.2")
        assert process.poll() is None
    assert process.returncode == 0
    assert message == f"Error: {lock} does not name the process that owns the folder"


def test_a_server_that_ends_meanwhile_is_told(demo: Path) -> None:
    script = (
        "import fcntl, os, signal, sys\n"
        "lock = open(sys.argv[1], 'r+')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "lock.truncate(0)\n"
        "signal.signal(signal.SIGUSR1, lambda *_: os._exit(0))\n"
        "lock.write(str(os.getpid()))\n"
        "lock.flush()\n"
        "print(flush=True)\n"
        "signal.pause()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(demo / "lock")], stdout=subprocess.PIPE
    )
    with owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        # A child that nobody waited for would still look alive.
        message = subprocess_refused(demo, owner)
    assert message == f"Error: process {owner.pid} ended without taking a snapshot"


def subprocess_refused(data: Path, owner: subprocess.Popen[bytes]) -> str:
    asker = start("snapshot", "--data", data)
    owner.wait(timeout=60)
    _, stderr = asker.communicate(timeout=60)
    assert asker.returncode == 1
    message: str = stderr.strip()
    return message
