"""A disk that takes longer than the deadline: purchases are declined at once, and then no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.client import Answer
from tests.support.documents import purchase
from tests.support.server import Server, python
from tests.support.waiting import PATIENCE_S, comes_true

DEADLINE_MS = "1000"


@pytest.fixture
def hang(tmp_path: Path) -> Path:
    """While this file is there the server's disk hangs."""
    return tmp_path / "hang"


@pytest.fixture
def server(tmp_path: Path, hang: Path, journal_sync: str) -> Iterator[Server]:
    command = [python(), "-m", "tests.support.gated", str(hang), "serve"]
    command += ["--port", "{port}", "--data", "{data}", "--deadline-ms", DEADLINE_MS]
    command += ["--journal-sync", journal_sync]
    made = Server(tmp_path, command=command)
    yield made
    hang.unlink(missing_ok=True)
    made.end()


def test_what_the_disk_would_answer_too_late_is_declined_at_once(
    server: Server, hang: Path
) -> None:
    """It moves nothing and is not remembered; what was taken before is approved in the end."""
    client = server.start().client
    client.open_account("a", CASH="1000.00")
    hang.touch()
    taken: list[Answer] = []
    buyers: list[threading.Thread] = []
    declined: list[tuple[str, Answer]] = []

    def buy(number: int) -> Callable[[], None]:
        def bought() -> None:
            answer = client.authorize(purchase("a", "1.00", id=f"i{number}"))
            if answer.reason == "overloaded":
                declined.append((f"i{number}", answer))
            else:
                taken.append(answer)

        return bought

    def one_is_declined() -> bool:
        if declined:
            return True
        buyers.append(threading.Thread(target=buy(len(buyers))))
        buyers[-1].start()
        return False

    try:
        assert comes_true(one_is_declined)
        assert taken == [], "the disk has moved nothing yet, but a decline needs no disk"
        assert declined[0][1].code == "07"
    finally:
        hang.unlink()
        for buyer in buyers:
            buyer.join(PATIENCE_S)
    approved = sum(answer.code == "00" for answer in taken)
    assert len(taken) + len(declined) == len(buyers)
    assert {answer.reason for answer in taken} <= {"approved", "too_late"}
    assert client.total("a") == 1000 - approved

    def approved_again() -> bool:
        answer = client.authorize(purchase("a", "1.00", id=declined[0][0]))
        assert answer.code == "00" or answer.reason in ("overloaded", "too_late")
        return answer.code == "00" and not answer.replayed

    assert comes_true(approved_again), "an id that was declined `overloaded` is new"
