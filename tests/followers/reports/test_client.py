"""The server's side of the reports, against processes that behave and misbehave."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from authorizer.followers.reports import client
from authorizer.followers.reports.client import NoReports, ReportsProcess, ReportsUnavailableError

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


def asyncio_run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


@asynccontextmanager
async def reports(
    program: str = ECHO, wait_seconds: float = 30.0, journal: Journal | None = None
) -> AsyncIterator[ReportsProcess]:
    durable = journal or Journal()
    command = [sys.executable, "-c", program]
    process = ReportsProcess(command, os.environ, lambda: durable.durable, wait_seconds)
    async with process.at_work() as at_work:
        yield at_work


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - another process brings it about
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(client, "LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(client, "GRACE_SECONDS", 0.0)


def test_a_query_asks_for_all_that_is_durable() -> None:
    async def test() -> None:
        async with reports() as process:
            asked = await process.query("echo", x=1, y=None)
            assert asked["at_least"] == Journal.durable
            assert (asked["query"], asked["params"]) == ("echo", {"x": 1, "y": None})
            assert (process.running, process.position) == (True, Journal.durable)

    asyncio_run(test())


def test_many_queries_at_once_each_get_their_own_answer() -> None:
    async def test() -> None:
        async with reports() as process:
            asked = [process.query("echo", x=number) for number in range(client.MAX_QUERIES)]
            answers = await asyncio.gather(*asked)
            assert [answer["params"]["x"] for answer in answers] == list(range(client.MAX_QUERIES))

    asyncio_run(test())


def test_more_than_the_bound_are_refused_at_once() -> None:
    async def test() -> None:
        async with reports(wait_seconds=0.5) as process:
            waiting = [
                asyncio.create_task(process.query("ignore")) for _ in range(client.MAX_QUERIES)
            ]
            await asyncio.sleep(0)
            with pytest.raises(ReportsUnavailableError, match="too many"):
                await process.query("echo")
            refused = await asyncio.gather(*waiting, return_exceptions=True)
            assert all("too long" in str(error) for error in refused)
            assert (await process.query("echo"))["query"] == "echo"

    asyncio_run(test())


@pytest.mark.parametrize("error", ["behind", "unavailable", "bug"])
def test_a_refusal_is_told(error: str) -> None:
    async def test() -> None:
        async with reports() as process:
            with pytest.raises(ReportsUnavailableError):
                await process.query("refuse", error=error)

    asyncio_run(test())


def test_who_dies_is_started_again_and_what_was_asked_is_refused() -> None:
    async def test() -> None:
        async with reports() as process:
            await process.query("echo")
            first = process.process_id
            with pytest.raises(ReportsUnavailableError, match="restarted"):
                await process.query("die")
            await process.query("echo")
            assert process.process_id not in (None, first)

    asyncio_run(test())


@pytest.mark.parametrize("query", ["choke", "rave"])
def test_who_makes_no_sense_is_started_again(query: str) -> None:
    """As of a process that is killed while it tells a long answer: the line has no end."""

    async def test() -> None:
        async with reports(wait_seconds=5) as process:
            with pytest.raises(ReportsUnavailableError, match="restarted"):
                await process.query(query)
            assert (await process.query("echo"))["query"] == "echo"

    asyncio_run(test())


def test_a_program_that_is_not_there_is_tried_again() -> None:
    async def test() -> None:
        process = ReportsProcess(["/no/such/program"], {}, lambda: 1, 0.2)
        async with process.at_work():
            with pytest.raises(ReportsUnavailableError):
                await process.query("echo")
            assert not process.running

    asyncio_run(test())


def test_a_journal_that_grows_is_told_without_a_query() -> None:
    async def test() -> None:
        journal = Journal()
        async with reports(journal=journal) as process:
            await process.query("echo")
            journal.durable = 12
            await until(lambda: process.position == 12)

    asyncio_run(test())


def test_it_is_started_without_a_query_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "START_SECONDS", 0.01)

    async def test() -> None:
        async with reports() as process:
            await until(lambda: process.position == Journal.durable)

    asyncio_run(test())


def test_who_does_not_end_by_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "END_SECONDS", 0.05)

    async def test() -> None:
        async with reports(ECHO + LASTING) as process:
            await process.query("echo")
            number = process.process_id
        assert number is not None
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)

    asyncio_run(test())


def test_nobody_waits_for_the_end_of_who_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds to load all that it needs, and whoever stops a server would wait for it."""
    monkeypatch.setattr(client, "START_SECONDS", 0.0)

    async def test() -> None:
        async with reports(LASTING) as process:
            await until(lambda: process.running)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < client.END_SECONDS / 2

    asyncio_run(test())


def test_nobody_answers_where_reports_are_switched_off() -> None:
    async def test() -> None:
        async with NoReports().at_work() as nobody:
            with pytest.raises(ReportsUnavailableError, match="switched off"):
                await nobody.query("statement")

    asyncio_run(test())


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
            async with reports(mortal + ECHO) as process:
                await until(lambda: process.position == Journal.durable)
        told = [line["event"] for line in logged]
        assert told == ["the reports' process ended", "the reports' process is at work again"]

    asyncio_run(test())
    assert ran.read_text() == "xxxx"
