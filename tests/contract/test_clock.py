"""A wall clock that does not fit the journal is told, and events have another time than its."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.command_line import account, done, write_lines
from tests.support.documents import purchase
from tests.support.server import MakeServer, Server
from tests.support.waiting import until

DAY_NS = 24 * 3600 * 1_000_000_000


def state(client: Client) -> str:
    return str(client.get("/health").json()["clock"]["state"])


def days_ago(days: int) -> str:
    """The date in UTC so many days ago."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86_400))


def confirmed(server: Server) -> Client:
    os.kill(server.process.pid, signal.SIGUSR2)
    until(lambda: "wall clock confirmed" in server.log_path.read_text())
    return server.client


@pytest.fixture
def journal_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Makes a data folder with an account that was opened so many days from now."""

    def make(data: Path, days: int) -> None:
        right = time.time_ns
        lines = write_lines(tmp_path / "lines.ndjson", account("a", FOOD=100.0))
        with monkeypatch.context() as patched:
            patched.setattr(time, "time_ns", lambda: right() + days * DAY_NS)
            done("import", lines, "--data", data)

    return make


def test_a_clock_that_fits_is_told_to_fit(client: Client) -> None:
    clock = client.get("/health").json()["clock"]
    assert clock["state"] == "agrees"
    assert abs(clock["wall_ahead_seconds"]) < 60
    metrics = client.get("/metrics").body
    assert b"authorizer_clock_agrees 1.0" in metrics


def test_a_clock_far_ahead_of_the_journal_is_believed_once_it_is_confirmed(
    make_server: MakeServer, journal_of: Callable[[Path, int], None]
) -> None:
    server, before = make_server(), days_ago(10)
    journal_of(server.data, -10)
    client = server.start().client
    assert state(client) == "ahead"
    assert "too far ahead to be believed" in server.log_path.read_text()
    assert b"authorizer_clock_agrees 0.0" in client.get("/metrics").body
    assert client.authorize(purchase("a", "1.00", id="t")).code == "00"
    [line] = client.get("/accounts/a/transactions").json()["transactions"]
    assert before <= line["at"][:10] <= days_ago(10), "it may have been midnight meanwhile"
    assert state(confirmed(server)) == "agrees"
    assert client.authorize(purchase("a", "1.00", id="t")).replayed


def test_a_start_may_be_told_that_the_clock_is_right(
    make_server: MakeServer, journal_of: Callable[[Path, int], None]
) -> None:
    server = make_server("--trust-clock")
    journal_of(server.data, -10)
    assert state(server.start().client) == "agrees"


def test_events_go_on_while_the_clock_is_behind_the_journal(
    make_server: MakeServer, journal_of: Callable[[Path, int], None]
) -> None:
    server = make_server()
    journal_of(server.data, 3)
    client = server.start().client
    assert state(client) == "behind"
    assert "behind the time of events" in server.log_path.read_text()
    before = client.get("/health").json()["clock"]["wall_ahead_seconds"]
    assert -3 * 86_400 - 60 < before < -3 * 86_400 + 60
    times: set[str] = set()

    def bought() -> bool:
        assert client.authorize(purchase("a", "0.01")).code == "00"
        lines = client.get("/accounts/a/transactions").json()["transactions"]
        times.update(line["at"] for line in lines)
        return len(times) > 2

    until(bought)
