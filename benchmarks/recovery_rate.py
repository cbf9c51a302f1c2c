"""recovery: how fast a journal becomes state again, with a snapshot and without one."""

import time
from collections.abc import Iterator
from pathlib import Path

from authorizer.domain.messages import Event
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import recover
from benchmarks import servers
from benchmarks.journals import accounts_opened, purchases_approved, write_journal
from benchmarks.report import Figure

NAME = "recovery"
ACCOUNTS = 10_000
BATCH_RECORDS = 64


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
    ]


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
