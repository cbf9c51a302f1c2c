"""kill -9 at random moments under load: what a client was told is true after the restart."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.faults.conftest import JOURNAL_SYNCS
from tests.faults.ledger import (
    Ledger,
    Operation,
    funds_cents,
    open_accounts,
    operations,
    was_known,
)
from tests.support.client import Answer
from tests.support.server import PATIENT, Server
from tests.support.together import (
    Connection,
    close_connections,
    open_connections,
    send_together,
)

KILLS_UNDER_LOAD = int(os.environ.get("KILL9_KILLS") or 10)
"""`make kill9` takes many more."""
KILLS_AMID_START = max(1, KILLS_UNDER_LOAD // 8)
IN_FLIGHT = 128
MOST_ANSWERS = 400
"""A kill comes after a random number of answers, at most this many."""

FLAGS = (
    *PATIENT,
    *("--segment-mib", "1"),
    *("--snapshot-mib", "1"),
    *("--max-resident-accounts", "8"),
)
"""Small segments and snapshots, so that kills hit their making too; and accounts that sleep."""


@pytest.fixture
def random() -> Random:
    """Seeded anew each time; KILL9_SEED repeats a run, as far as the scheduler does."""
    seed = int(os.environ.get("KILL9_SEED") or secrets.randbelow(2**32))
    sys.stdout.write(f"KILL9_SEED={seed}\n")
    return Random(seed)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path, FLAGS)
    yield one
    one.end()


def test_what_a_client_was_told_survives_every_kill(server: Server, random: Random) -> None:
    """Every answer stands, and only whole approved transactions have moved an account.

    Those are the ones that were answered, and those that the server knows by their id.
    """
    open_accounts(server.start().client)
    ledger = Ledger()
    everything: list[Operation] = []
    amid_start = set(random.sample(range(KILLS_UNDER_LOAD), KILLS_AMID_START))
    for kill in range(KILLS_UNDER_LOAD):
        server.flags = (*FLAGS, "--journal-sync", JOURNAL_SYNCS[(kill + 1) % len(JOURNAL_SYNCS)])
        asked = load_and_kill(server, random, f"k{kill}")
        if kill in amid_start:
            kill_amid_start(server, random)
        server.start()
        ledger.add(operation for operation in asked if operation.outcome is not None)
        settle(server, ledger, [operation for operation in asked if operation.outcome is None])
        ledger.check(server.client, f"after kill {kill} and asking again")
        everything += asked
    ask_again(server, everything)
    assert server.stop() == 0
    ledger.check(server.start().client, "after a last, orderly restart")
    assert_load_was_worth_it(everything)


def load_and_kill(server: Server, random: Random, name: str) -> list[Operation]:
    """Load the server from many connections and kill it after a random number of answers.

    Gives what was asked. Answers that had left the server before it died are counted as received.
    """
    return asyncio.run(_load_and_kill(server, random, name))


async def _load_and_kill(server: Server, random: Random, name: str) -> list[Operation]:
    asked: dict[bytes, Operation] = {}
    endless = operations(random, name)
    answers_left = random.randrange(MOST_ANSWERS)
    connections = await open_connections(server.port, IN_FLIGHT)

    async def client(connection: Connection) -> None:
        nonlocal answers_left
        while server.running:
            operation = next(endless)
            asked[operation.request.body] = operation
            answer = await connection.exchange(operation.request)
            if answer is None:
                return
            operation.tell(answer)
            answers_left -= 1
            if answers_left <= 0 and server.running:
                server.kill()

    await asyncio.gather(*(client(connection) for connection in connections))
    await close_connections(connections)
    return list(asked.values())


def kill_amid_start(server: Server, random: Random) -> None:
    """Start, and kill at some moment before or shortly after the server is ready."""
    server.spawn()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(random.uniform(0.0, 1.0))
    server.kill()


def settle(server: Server, ledger: Ledger, unknown: list[Operation]) -> None:
    """Ask again what got no answer, and check what was there before it was asked.

    What the server knew already had been decided before the kill: the funds recovered must show it
    whole. What it did not know must have left no trace, and is decided now.
    """
    recovered = Ledger(ledger.expected_cents.copy())
    before_asking = funds_cents(server.client)
    for operation, answer in zip(unknown, exchange(server, unknown), strict=True):
        operation.tell(answer)
        if was_known(answer):
            recovered.add([operation])
    ledger.add(unknown)
    assert before_asking == recovered.expected_cents, "the funds recovered, and what clients know"


def ask_again(server: Server, told: list[Operation]) -> None:
    """Every outcome that a client was told is told again, as a replay."""
    for operation, answer in zip(told, exchange(server, told), strict=True):
        operation.tell(answer)
        assert was_known(answer), f"forgotten: {operation}"


def exchange(server: Server, asked: list[Operation]) -> list[Answer]:
    """Ask all of them at once; each must be answered."""
    requests = [operation.request for operation in asked]
    received = send_together(server.port, requests, most_connections=32)
    answers = [answer for answer in received if answer is not None]
    assert len(answers) == len(asked)
    return answers


def assert_load_was_worth_it(everything: list[Operation]) -> None:
    """The run has seen approvals, declines and credits, or it has shown nothing."""
    assert {operation.outcome for operation in everything} == {"00", "51", "credited"}
