"""What a running server does by itself: it tells of a disk that hangs, and takes snapshots."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Answer
from tests.support.documents import purchase
from tests.support.server import PATIENT, MakeServer, Server, python
from tests.support.waiting import PATIENCE_S, comes_true


@pytest.fixture
def hang(tmp_path: Path) -> Path:
    """While this file is there the server's disk hangs."""
    return tmp_path / "hang"


@pytest.fixture
def server(tmp_path: Path, hang: Path, journal_sync: str) -> Iterator[Server]:
    command = [python(), "-m", "tests.support.gated", str(hang), "serve"]
    command += ["--journal-sync", journal_sync]
    made = Server(tmp_path, command=[*command, "--port", "{port}", "--data", "{data}", *PATIENT])
    yield made
    hang.unlink(missing_ok=True)
    made.end()


def test_a_disk_that_hangs_makes_health_503_until_it_moves(server: Server, hang: Path) -> None:
    """Who asks for money waits; who asks for health is answered, and sends nobody here."""
    client = server.start().client
    client.open_account("a", CASH="100.00")
    answer = client.get("/health")
    assert (answer.status, answer.json()["stalled"]) == (200, False)
    hang.touch()
    answers: list[Answer] = []
    buying = threading.Thread(
        target=lambda: answers.append(client.authorize(purchase("a", "1.00")))
    )
    buying.start()
    try:
        assert comes_true(lambda: client.get("/health").status == 503)
        told = client.get("/health").json()
        assert (told["status"], told["stalled"], told["draining"]) == ("unavailable", True, False)
        assert answers == []
    finally:
        hang.unlink()
        buying.join(PATIENCE_S)
    assert [answer.code for answer in answers] == ["00"]
    assert comes_true(lambda: client.get("/health").status == 200)
    assert client.get("/health").json()["stalled"] is False


def test_a_server_takes_snapshots_by_itself(make_server: MakeServer) -> None:
    """After so long, if anything was journaled."""
    server = make_server("--snapshot-minutes", "0.0005").start()
    assert not snapshots(server)
    server.client.open_account("a", CASH="10.00")
    assert comes_true(lambda: bool(snapshots(server)))


def snapshots(server: Server) -> list[Path]:
    return list((server.data / "snapshots").glob("*.snapshot"))
