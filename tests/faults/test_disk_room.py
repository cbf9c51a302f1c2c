"""A disk that fills up under load is foreseen: nobody is cut off, nothing is lost, it goes on.

A small file system of its own, and a file beside the journal that grows and goes. What happens
where another process takes all of the disk in one go is in `test_journal_failure.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.faults.ledger import Ledger, Operation, card_of, open_accounts, operations
from tests.support.client import Answer
from tests.support.documents import purchase
from tests.support.server import PATIENT, Server
from tests.support.together import send_together
from tests.support.waiting import comes_true

MIB: Final = 1 << 20
RESERVE_MIB: Final = 16
FLAGS: Final = (*PATIENT, "--disk-reserve-mib", str(RESERVE_MIB), "--segment-mib", "1")
STEP_BYTES: Final = 2 * MIB
WAVE: Final = 24


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """On a disk of its own."""
    made = Server(tmp_path, FLAGS)
    made.data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=700", "none", str(made.data)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root can mount a file system")
    yield made
    made.end()
    subprocess.run(["umount", str(made.data)], check=True)


class Filler:
    """What takes the disk's room beside the server."""

    def __init__(self, server: Server) -> None:
        self._folder = server.data
        self._path = server.data / "filler"

    def grow(self, byte_count: int) -> None:
        with self._path.open("ab") as file:
            file.write(bytes(byte_count))

    def leave(self, left_bytes: int) -> None:
        state = os.statvfs(self._folder)
        self.grow(max(0, state.f_bavail * state.f_frsize - left_bytes))

    def go(self) -> None:
        self._path.unlink()


def test_a_disk_that_fills_up_under_load_is_foreseen(server: Server) -> None:
    """Purchases are declined, what only reads is answered, and with room it goes on by itself."""
    client = server.start().client
    open_accounts(client)
    ledger, filler = Ledger(), Filler(server)
    endless = operations(Random(1), "w")
    for _ in count():
        filler.grow(STEP_BYTES)
        if any(is_unavailable(answer) for answer in wave(server, endless, ledger)):
            break
    assert comes_true(lambda: client.get("/health").status == 503)
    told = client.get("/health").json()
    assert (told["status"], told["stalled"], told["disk"]["state"]) == (
        "unavailable",
        False,
        "short",
    )
    assert 0 < told["disk"]["free_bytes"] < told["disk"]["reserve_bytes"] == RESERVE_MIB * MIB
    assert b"authorizer_disk_short 1.0" in client.get("/metrics").body
    assert server.log().count("the disk is nearly full") == 1

    filler.leave(RESERVE_MIB * MIB // 2)
    assert client.get("/accounts/a1/transactions").status == 200
    filler.leave(64 * 1024)  # far less than any batch of the journal may need
    position = told["position"]
    assert all(is_unavailable(answer) for answer in wave(server, endless, ledger))
    ledger.check(client, "while the disk is full")
    assert client.get(f"/cartoes/{card_of('a1')}").status == 200
    answer = client.put("/accounts/new", {"balances": {"CASH": 1}})
    assert (answer.status, "nearly full" in answer.json()["detail"]) == (503, True)
    assert client.get("/health").json()["position"] == position
    assert server.running

    filler.go()
    assert comes_true(lambda: client.get("/health").status == 200)
    assert client.get("/health").json()["disk"]["state"] == "room"
    assert not any(is_unavailable(answer) for answer in wave(server, endless, ledger))
    server.kill()
    ledger.check(server.start().client, "after kill -9 and a start")


def test_a_start_on_a_short_disk_serves_what_only_reads(server: Server) -> None:
    """After kill -9, when the newest segment is written anew: the reserve has room for that."""
    client = server.start().client
    client.open_account("a", CASH="100.00")
    assert client.authorize(purchase("a", "1.00", id="t")).code == "00"
    server.kill()
    filler = Filler(server)
    filler.leave((RESERVE_MIB - 2) * MIB)
    server.spawn()
    client = server.client
    assert comes_true(lambda: answers(server, 503))
    assert client.total("a") == 99
    assert client.authorize(purchase("a", "1.00", id="t")).replayed
    assert is_unavailable(client.authorize(purchase("a", "1.00", id="u")))
    filler.go()
    assert comes_true(lambda: answers(server, 200))
    assert client.authorize(purchase("a", "1.00", id="u")).code == "00"
    assert client.total("a") == 98


def answers(server: Server, status: int) -> bool:
    try:
        return server.client.get("/health").status == status
    except OSError:
        return False


def wave(server: Server, endless: Iterator[Operation], ledger: Ledger) -> list[Answer]:
    """Ask for some things at once: all are answered, and what was done is in the ledger."""
    asked = [next(endless) for _ in range(WAVE)]
    new = {id(each): each for each in asked if each.outcome is None}  # some are asked twice
    received = send_together(server.port, [each.request for each in asked])
    answers = [answer for answer in received if answer is not None]
    assert len(answers) == len(asked)
    for operation, answer in zip(asked, answers, strict=True):
        if not is_unavailable(answer):
            operation.tell(answer)
    ledger.add(new.values())
    return answers


def is_unavailable(answer: Answer) -> bool:
    """Whether a purchase was declined, or a credit refused, without a trace."""
    if "authorizer-reason" in answer.headers:
        return (answer.reason, answer.code) == ("unavailable", "07")
    return answer.status == 503
