"""recovery: how fast a journal becomes state again, with a snapshot and without one.

At last a server with many accounts is started from its snapshot, whose earlier purchases lie in the
archive: ten ids an account, that are two days old.
"""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import recover
from benchmarks import servers
from benchmarks.journals import accounts_opened, purchases_approved, write_journal
from benchmarks.report import Figure, below
from tests.support.server import Server

NAME = "recovery"
MB = 1e6
ACCOUNTS = 10_000
BATCH_RECORDS = 64
IDS_EACH = 10
START_TARGET_S = 10.0
FLAGS = ("--log-level", "warning", "--reports", "false", "--closed-in-memory-hours", "0.01")
FIRST_START_S = 3600.0
"""Replays all, and writes the archive."""


class RecoveryDiffersError(Exception):
    """Recovery did not find what was written."""


def measure(folder: Path, *, events: int) -> list[Figure]:
    """Recover ``events`` purchases of 10,000 accounts from a fresh journal."""
    data = folder / "data"
    write_journal(data, _history(events), BATCH_RECORDS)
    written = ACCOUNTS + events
    journal_s = _recovery_seconds(data, replayed=written)
    with servers.authorizer(folder) as server:
        servers.stop(server)
    snapshot_s = _recovery_seconds(data, replayed=0)
    return [
        Figure(NAME, "from the journal alone", written / journal_s, "events/s"),
        Figure(NAME, f"from the journal alone, {written:,} events", journal_s, "s"),
        Figure(NAME, "from a snapshot, the journal checked", snapshot_s, "s"),
        *_many(folder / "many", accounts=events),
    ]


def _many(folder: Path, *, accounts: int) -> Iterator[Figure]:
    """Start a server with so many accounts, and ten times as many ids, from its snapshot."""
    at_us = time.time_ns() // 1000 - 2 * DAY_US
    ids = IDS_EACH * accounts
    history = chain(
        accounts_opened(accounts, at_us=at_us), purchases_approved(ids, accounts, at_us)
    )
    write_journal(folder / "data", history, ACCOUNTS)
    took_s = idle = 0.0
    for first in (True, False):
        server = Server(folder, FLAGS)
        began = time.perf_counter()
        server.spawn()
        try:
            server.wait_ready(FIRST_START_S)
            took_s = time.perf_counter() - began
            if first:
                _until_archived(server, ids)
            idle, _ = servers.memory_bytes(server.process.pid)
            servers.stop(server)
        finally:
            server.end()
    what = f"{accounts:,} accounts, {ids:,} ids"
    yield below(NAME, f"{what}: start from a snapshot", took_s, "s", START_TARGET_S)
    yield Figure(NAME, f"{what}: memory", idle / MB, "MB")


def _until_archived(server: Server, ids: int) -> None:
    """Wait until all purchases have left memory."""
    deadline = time.monotonic() + FIRST_START_S
    while servers.gauge(server, "authorizer_purchases_archived_total") < ids:
        if time.monotonic() > deadline:
            raise RecoveryDiffersError("the purchases do not leave memory")
        time.sleep(0.5)


def _history(events: int) -> Iterator[Event]:
    yield from accounts_opened(ACCOUNTS)
    yield from purchases_approved(events, ACCOUNTS)


def _recovery_seconds(data: Path, replayed: int) -> float:
    started = time.perf_counter()
    recovered = recover(LocalDisk(data))
    elapsed_s = time.perf_counter() - started
    if recovered.replayed_events != replayed:
        raise RecoveryDiffersError(f"{recovered.replayed_events} events replayed, not {replayed}")
    return elapsed_s
