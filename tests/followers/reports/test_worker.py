"""The reports' process without the process: messages in, lines out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from authorizer.followers import worker as worker_module
from authorizer.followers.feed import Feed
from authorizer.followers.reports.follower import AWAY, ReportsFollower
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.wire import message
from authorizer.followers.worker import Worker
from tests.followers.reports.house import House
from tests.support.purchase_events import numbered

DEADLINE_S = 60.0
FOREVER_MS = 600_000


class Working:
    """A worker at work, and what it has said."""

    def __init__(self, house: House) -> None:
        self.said: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.follower = ReportsFollower(house.engine, LocalDays(house.time_zone))
        feed = house.feed_of(self.follower)
        self.worker = Worker(self.follower, feed, self.hear, time.monotonic)
        self.thread = threading.Thread(target=self.worker.run, daemon=True)
        self.thread.start()

    def hear(self, line: bytes) -> None:
        with self.changed:
            self.said.append(message(line))
            self.changed.notify_all()

    def ask(self, identity: int, at_least: int, timeout_ms: int = FOREVER_MS, **more: Any) -> None:
        params = {"account_id": "a", "limit": 10}
        asked = {"id": identity, "query": "statement", "params": params, "at_least": at_least}
        self.worker.take(asked | {"timeout_ms": timeout_ms} | more)

    def answer(self, identity: int) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((said for said in self.said if said.get("id") == identity), None)

        with self.changed:
            assert self.changed.wait_for(found, DEADLINE_S)
            return found() or {}


@pytest.fixture
def working(house: House) -> Iterator[Working]:
    at_work = Working(house)
    yield at_work
    at_work.worker.end()
    at_work.thread.join(DEADLINE_S)
    assert not at_work.thread.is_alive()


def test_a_query_waits_for_its_position(house: House, working: Working) -> None:
    house.happen(numbered(1))
    working.worker.take({"durable": 1})
    house.happen(numbered(2))
    working.ask(1, at_least=2)
    rows = working.answer(1)["result"]["rows"]
    assert [row["id"] for row in rows] == ["2", "1"]
    assert working.said[-2]["position"] == 2


def test_a_position_that_is_not_reached_in_time_is_said(house: House, working: Working) -> None:
    house.happen(numbered(1))
    working.ask(1, at_least=99, timeout_ms=1)
    assert working.answer(1)["error"] in ("behind", "unavailable")


def test_damage_is_no_end(house: House, working: Working) -> None:
    house.happen(numbered(1))
    segment = f"journal/{house.disk.names('journal')[-1]}"
    whole = house.disk.read(segment)
    house.disk.overwrite(segment, len(whole) - 1, b"!")
    working.ask(1, at_least=1)
    assert working.answer(1)["error"] == "unavailable"
    house.disk.overwrite(segment, 0, whole)
    for identity in range(2, 1000):
        working.ask(identity, at_least=1)
        if "result" in working.answer(identity):
            return
    pytest.fail("it never went on")


def test_a_database_that_fails_is_said(house: House, working: Working) -> None:
    house.happen(numbered(1))
    working.ask(1, at_least=1)
    assert "result" in working.answer(1)
    with house.engine.begin() as connection:
        connection.execute(text("ALTER TABLE transactions RENAME TO elsewhere"))
    try:
        working.ask(2, at_least=1)
        assert working.answer(2)["error"] == "unavailable"
    finally:
        with house.engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO transactions"))
    working.ask(3, at_least=1)
    assert "result" in working.answer(3)


def test_what_is_amiss_is_logged_once_and_so_is_its_end(
    house: House, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again every few seconds, and may be for days; so are queries."""
    monkeypatch.setattr(worker_module, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(worker_module, "LONGEST_PAUSE_SECONDS", 0.0)
    house.happen(numbered(1))
    working.ask(1, at_least=1)
    assert "result" in working.answer(1)
    gone = DBAPIError(None, None, Exception("connection refused"))

    def refuse(*_: Any) -> None:
        raise gone

    with capture_logs() as logged:
        with monkeypatch.context() as patched:
            patched.setattr(Feed, "catch_up", refuse)
            patched.setattr(Engine, "connect", refuse)
            house.happen(numbered(2))
            for identity in range(2, 10):
                working.ask(identity, at_least=identity % 2 + 1)
                assert working.answer(identity)["error"] == "unavailable"
        for identity in range(10, 1000):  # an attempt of before may be under way
            working.ask(identity, at_least=2)
            if "result" in working.answer(identity):
                break
    told = [line["event"] for line in logged if line["event"] != "a query failed"]
    assert told == [AWAY, "the reports' database is back"]


def test_a_bug_in_a_query_is_said_and_is_no_end(house: House, working: Working) -> None:
    def bug(_: Connection, __: Any) -> Any:
        raise RuntimeError("a bug")

    working.follower._queries = {**working.follower._queries, "bug": bug}
    house.happen(numbered(1))
    for identity in range(2 * worker_module.QUERY_THREADS):
        working.ask(identity, at_least=1, query="bug")
        assert working.answer(identity)["error"] == "bug"
    working.ask(100, at_least=1)
    assert "result" in working.answer(100)


def test_an_unknown_query_is_a_bug(house: House, working: Working) -> None:
    house.happen(numbered(1))
    working.ask(1, at_least=1, query="nothing")
    assert working.answer(1)["error"] == "bug"
