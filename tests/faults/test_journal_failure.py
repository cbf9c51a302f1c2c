"""A disk that takes no more: the journal's failure ends the server, a snapshot's does not."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from authorizer.persistence.journal import segments as journal
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import recover
from tests.support.documents import encode, purchase
from tests.support.server import ALONE, PROJECT, Server, environment, serve_command
from tests.support.together import Request, send_together
from tests.support.waiting import comes_true

STATUS_OF_A_FAILED_JOURNAL: Final = 74
"""EX_IOERR of sysexits.h, as the manual says."""
WAVE: Final = 24
KIB: Final = 1024
MANY: Final = "5411=FOOD," + ",".join(f"{number}={number:032d}" for number in range(40))
"""MCCs that name wallets, most of them with long names."""
WALLETS: Final = {"CASH": "10.00", **{f"{number:032d}": "10000.00" for number in range(40)}}
"""So many that few accounts fill a segment."""


UNFORESEEN: Final = (*ALONE, "--disk-reserve-mib", "0")
"""No reserve is kept: `test_disk_room.py` has what a reserve is for."""
FLAGS: Final = (*UNFORESEEN, "--wallet-by-mcc", MANY)


class Room(ABC):
    """What bounds how much a server can still write."""

    @abstractmethod
    def leave(self, server: Server, room_bytes: int) -> None:
        """From now on the newest segment can grow by about so much, and no other file by more."""

    @abstractmethod
    def free(self, server: Server) -> None:
        """Take the bound away."""


class FileSizeLimit(Room):
    """A bound on the size of any file (RLIMIT_FSIZE), which leaves a write half done."""

    def leave(self, server: Server, room_bytes: int) -> None:
        size = newest_segment(server.data).stat().st_size
        self._limit(server, size + room_bytes)

    def free(self, server: Server) -> None:
        if server.running:
            self._limit(server, resource.RLIM_INFINITY)

    def _limit(self, server: Server, size: int) -> None:
        bound = (size, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, bound)


class SmallDisk(Room):
    """A file system of its own, and a file that fills it."""

    def __init__(self, data: Path) -> None:
        self.filler = data / "filler"

    def leave(self, server: Server, room_bytes: int) -> None:
        state = os.statvfs(server.data)
        self.filler.write_bytes(bytes(state.f_bavail * state.f_frsize - room_bytes))

    def free(self, server: Server) -> None:
        self.filler.unlink()


def newest_segment(data: Path) -> Path:
    return max((data / journal.FOLDER).glob("*.journal"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path, FLAGS)
    yield made
    made.end()


@pytest.fixture(params=["file size limit", "full disk"])
def room(request: pytest.FixtureRequest, server: Server) -> Iterator[Room]:
    if request.param == "file size limit":
        yield FileSizeLimit()
        return
    server.data.mkdir()
    mounted = run("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", str(server.data))
    if not mounted:
        pytest.skip("only root can mount a file system")
    yield SmallDisk(server.data)
    server.end()
    assert run("umount", str(server.data))


def run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


# --- the journal -------------------------------------------------------------------------------


def test_a_journal_that_cannot_be_written_ends_the_server(
    server: Server, room: Room, journal_sync: str
) -> None:
    """With status 74, and without an answer to anything that is not durable.

    After a restart with room everything that was answered is there, and what was not is there as a
    whole or not at all.
    """
    server.flags = (*FLAGS, "--journal-sync", journal_sync)
    client = server.start().client
    client.open_account("a", FOOD="1000000.00")
    room.leave(server, 24 * KIB)
    approved, unanswered = buy_until_the_end(server)
    assert server.wait_end() == STATUS_OF_A_FAILED_JOURNAL
    assert "ending without an answer" in server.log()
    assert len(approved) > WAVE
    room.free(server)
    client = server.start().client
    spent = 1_000_000 - client.total("a")
    assert all(client.authorize(a_purchase(one)).replayed for one in approved)
    undecided = [one for one in unanswered if not client.authorize(a_purchase(one)).replayed]
    assert spent == len(approved) + len(unanswered) - len(undecided)
    assert server.stop() == 0
    assert recover(LocalDisk(server.data), use_snapshots=False).journal.torn is None


def test_a_start_on_a_disk_that_is_full_ends_with_the_same_status_and_names_the_file(
    tmp_path: Path,
) -> None:
    """A supervisor may try it again. The segment is to be written anew, and there is no room."""
    server = Server(tmp_path, ALONE)
    try:
        client = server.start().client
        for number in range(40):
            client.open_account(f"a{number}", CASH="1.00")
        server.kill()
        served = serve_command(server.data, 0, ALONE)
        cramped = ["bash", "-c", 'ulimit -f 1 && exec "$@"', "bash", *served]
        ended = subprocess.run(
            cramped, capture_output=True, timeout=60, check=False, cwd=PROJECT, env=environment()
        )
        assert ended.returncode == STATUS_OF_A_FAILED_JOURNAL, ended.stderr
        expected = f"File too large: '{server.data}/journal/new-segment.tmp'"
        assert expected in ended.stderr.decode()
        assert server.start().client.total("a39") == 1
    finally:
        server.end()


def a_purchase(purchase_id: str) -> dict[str, object]:
    return purchase("a", "1.00", id=purchase_id)


def buy_until_the_end(server: Server) -> tuple[list[str], list[str]]:
    """Buy in waves until one is not answered whole: the ids approved, and those without answer."""
    approved: list[str] = []
    unanswered: list[str] = []
    for wave in count():
        ids = [f"w{wave}-{number}" for number in range(WAVE)]
        requests = [Request("POST", "/transactions", encode(a_purchase(one))) for one in ids]
        for one, answer in zip(ids, send_together(server.port, requests), strict=True):
            assert answer is None or answer.code == "00", answer
            (approved if answer else unanswered).append(one)
        if unanswered:
            break
    return approved, unanswered


# --- snapshots ---------------------------------------------------------------------------------


def test_a_disk_without_room_for_a_snapshot_costs_the_snapshot_only(
    server: Server, room: Room
) -> None:
    """The server says so and goes on; what the attempt has written is out of the journal's way."""
    names = [name for name in WALLETS if name != "CASH"]
    table = ",".join(f"{mcc:04d}={name}" for mcc, name in enumerate(names))
    server.flags = (*UNFORESEEN, "--segment-mib", "1", "--wallet-by-mcc", table)
    client = server.start().client
    for number in range(700):  # more than a segment, so the newest one is shorter than a snapshot
        client.open_account(f"a{number}", **WALLETS)
    room.leave(server, 160 * KIB)
    assert ask_for_snapshot(server, until=lambda: "snapshot not taken" in server.log())
    assert list((server.data / "snapshots").iterdir()) == []
    for number in range(100):
        assert client.authorize(purchase(f"a{number}", "1.00", id="t")).code == "00"
    room.free(server)
    assert ask_for_snapshot(server, until=lambda: has_snapshot(server))
    assert client.authorize(purchase("a7", "1.00", id="t")).replayed
    assert server.stop() == 0


def has_snapshot(server: Server) -> bool:
    return any((server.data / "snapshots").glob("*.snapshot"))


def ask_for_snapshot(server: Server, until: Callable[[], bool]) -> bool:
    """Ask for a snapshot and wait for what comes of it. False if nothing does."""
    os.kill(server.process.pid, signal.SIGUSR1)
    return comes_true(lambda: until() or not server.running) and server.running
