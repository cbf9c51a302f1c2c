"""The server's side of a follower's process, against processes that behave and misbehave."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from authorizer.followers import process as module
from authorizer.followers.open_queries import MAX_QUERIES, NoAnswerError
from authorizer.followers.process import FollowerProcess
from authorizer.followers.wire import NoAnswer
from tests.support.waiting import eventually, in_time

ECHO = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if "query" in said:
        if said["query"] == "die":
            sys.exit(3)
        if said["query"] == "refuse":
            print(json.dumps({"id": said["id"], "error": said["params"]["error"]}), flush=True)
        elif said["query"] == "choke":
            print('{"id": 1, "resu', end="", flush=True)
            sys.exit(3)
        elif said["query"] == "rave":
            print("nonsense", flush=True)
        elif said["query"] != "ignore":
            print(json.dumps({"position": said["at_least"]}), flush=True)
            print(json.dumps({"id": said["id"], "result": said}), flush=True)
    else:
        print(json.dumps({"position": said["durable"]}), flush=True)
"""
"""Answers every query with itself, and is wherever it is told to go."""

LASTING = "\nimport time\nwhile True: time.sleep(0.1)\n"
"""Goes on although nobody talks to it any more."""


class Journal:
    durable = 7


@asynccontextmanager
async def follower(
    program: str = ECHO, wait_seconds: float = 30.0, journal: Journal | None = None
) -> AsyncIterator[FollowerProcess]:
    durable = journal or Journal()
    command = [sys.executable, "-c", program]
    process = FollowerProcess("reports", command, os.environ, lambda: durable.durable, wait_seconds)
    async with process.at_work() as at_work:
        yield at_work


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)


def test_a_query_asks_for_all_that_is_durable() -> None:
    async def test() -> None:
        async with follower() as process:
            asked = await process.ask("echo", {"x": 1, "y": None})
            assert asked["at_least"] == Journal.durable
            assert (asked["query"], asked["params"]) == ("echo", {"x": 1, "y": None})
            assert (process.running, process.position) == (True, Journal.durable)

    in_time(test())


def test_many_queries_at_once_each_get_their_own_answer() -> None:
    async def test() -> None:
        async with follower() as process:
            asked = [process.ask("echo", {"x": number}) for number in range(MAX_QUERIES)]
            answers = await asyncio.gather(*asked)
            assert [answer["params"]["x"] for answer in answers] == list(range(MAX_QUERIES))

    in_time(test())


def test_more_than_the_bound_are_refused_at_once() -> None:
    async def test() -> None:
        async with follower(wait_seconds=0.5) as process:
            waiting = [asyncio.create_task(process.ask("ignore", {})) for _ in range(MAX_QUERIES)]
            await asyncio.sleep(0)
            with pytest.raises(NoAnswerError, match="busy"):
                await process.ask("echo", {})
            refused = await asyncio.gather(*waiting, return_exceptions=True)
            slow = [error.reason for error in refused if isinstance(error, NoAnswerError)]
            assert slow == [NoAnswer.SLOW] * MAX_QUERIES
            assert (await process.ask("echo", {}))["query"] == "echo"

    in_time(test())


@pytest.mark.parametrize("error", ["behind", "unavailable", "bug"])
def test_a_refusal_is_told(error: str) -> None:
    async def test() -> None:
        async with follower() as process:
            with pytest.raises(NoAnswerError, match=error):
                await process.ask("refuse", {"error": error})

    in_time(test())


def test_who_dies_is_started_again_and_what_was_asked_is_refused() -> None:
    async def test() -> None:
        async with follower() as process:
            await process.ask("echo", {})
            first = process.process_id
            with pytest.raises(NoAnswerError, match="restarted"):
                await process.ask("die", {})
            await process.ask("echo", {})
            assert process.process_id not in (None, first)

    in_time(test())


@pytest.mark.parametrize("query", ["choke", "rave"])
def test_who_makes_no_sense_is_started_again(query: str) -> None:
    """As of a process that is killed while it tells a long answer: the line has no end."""

    async def test() -> None:
        async with follower(wait_seconds=5) as process:
            with pytest.raises(NoAnswerError, match="restarted"):
                await process.ask(query, {})
            assert (await process.ask("echo", {}))["query"] == "echo"

    in_time(test())


def test_a_program_that_is_not_there_is_tried_again() -> None:
    async def test() -> None:
        process = FollowerProcess("reports", ["/no/such/program"], {}, lambda: 1, 0.2)
        async with process.at_work():
            with pytest.raises(NoAnswerError):
                await process.ask("echo", {})
            assert not process.running

    in_time(test())


def test_a_journal_that_grows_is_told_without_a_query() -> None:
    async def test() -> None:
        journal = Journal()
        async with follower(journal=journal) as process:
            await process.ask("echo", {})
            journal.durable = 12
            await eventually(lambda: process.position == 12)

    in_time(test())


def test_it_is_started_without_a_query_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 0.01)

    async def test() -> None:
        async with follower() as process:
            await eventually(lambda: process.position == Journal.durable)

    in_time(test())


def test_who_does_not_end_by_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_SECONDS", 0.05)

    async def test() -> None:
        async with follower(ECHO + LASTING) as process:
            await process.ask("echo", {})
            number = process.process_id
        assert number is not None
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)

    in_time(test())


def test_nobody_waits_for_the_end_of_who_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds to load all that it needs, and whoever stops a server would wait for it."""
    monkeypatch.setattr(module, "START_SECONDS", 0.0)

    async def test() -> None:
        async with follower(LASTING) as process:
            await eventually(lambda: process.running)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < module.END_SECONDS / 2

    in_time(test())


def test_who_dies_again_and_again_is_told_once_and_so_is_its_return(tmp_path: Path) -> None:
    """It is tried again every half a minute at last, and may be for days."""
    ran = tmp_path / "ran"
    mortal = f"""
import pathlib, sys
ran = pathlib.Path({str(ran)!r})
with ran.open("a") as file:
    file.write("x")
if len(ran.read_text()) < 4:
    sys.exit(3)
"""

    async def test() -> None:
        with capture_logs() as logged:
            async with follower(mortal + ECHO) as process:
                await eventually(lambda: process.position == Journal.durable)
        told = [line["event"] for line in logged]
        assert told == ["the reports' process ended", "the reports' process is at work again"]

    in_time(test())
    assert ran.read_text() == "xxxx"
