"""memory: what 1, 10,000 and 1,000,000 accounts cost a server process.

Resident memory is read when the server has recovered the accounts from its journal, after some
seconds of purchases at random accounts, and at its highest so far; the million is restarted from
its snapshot as well. Then accounts that each have ids past their retention: how much memory is left
to them once the server has walked along all accounts, and after a restart.
"""

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from benchmarks import servers, wrk
from benchmarks.journals import accounts_opened, purchases_approved, write_journal
from benchmarks.report import Figure, below

NAME = "memory"
ACCOUNTS = (1, 10_000, 1_000_000)
BATCH_RECORDS = 1024
MB = 1e6
LIMIT_MB = 1200.0
OLD_IDS_EACH = 8
PATIENCE_SECONDS = 1200.0


def measure(folder: Path, *, seconds: int, accounts: Sequence[int] = ACCOUNTS) -> list[Figure]:
    """One server for each number of accounts, loaded for ``seconds``."""
    figures: list[Figure] = []
    idle_bytes: dict[int, int] = {}
    for count in accounts:
        home = folder / str(count)
        write_journal(home / "data", accounts_opened(count), BATCH_RECORDS)
        with servers.authorizer(home) as server:
            idle_bytes[count], _ = servers.memory_bytes(server.process.pid)
            wrk.purchases(servers.url(server), count, seconds)
            loaded, highest = servers.memory_bytes(server.process.pid)
            servers.stop(server)
        figures += [
            Figure(NAME, f"{count:>9,} accounts, idle", idle_bytes[count] / MB, "MB"),
            Figure(NAME, f"{count:>9,} accounts, after load", loaded / MB, "MB"),
            below(NAME, f"{count:>9,} accounts, highest", highest / MB, "MB", LIMIT_MB),
        ]
    fewest, most = min(accounts), max(accounts)
    each = (idle_bytes[most] - idle_bytes[fewest]) / (most - fewest)
    restarted = _restarted(folder, most)
    old = _with_old_ids(folder, most, idle_bytes[most])
    return [*figures, *restarted, Figure(NAME, "each account", each, "bytes"), *old]


def _with_old_ids(folder: Path, count: int, without_bytes: int) -> list[Figure]:
    home = folder / f"{count}-with-old-ids"
    events = chain(
        accounts_opened(count),
        purchases_approved(OLD_IDS_EACH * count, count),
        accounts_opened(1, first=count, at_us=time.time_ns() // 1000),
    )
    write_journal(home / "data", events, BATCH_RECORDS)
    figures = []
    for start in ("from the journal", "from a snapshot"):
        with servers.authorizer(home) as server:
            before, _ = servers.memory_bytes(server.process.pid)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not servers.gauge(server, "authorizer_old_ids_rounds"):
                if time.monotonic() >= deadline:
                    raise TimeoutError("old ids are not forgotten")
                time.sleep(1)
            after, _ = servers.memory_bytes(server.process.pid)
            servers.stop(server)
        name = f"{count:>9,} accounts, {OLD_IDS_EACH} old ids each, {start}"
        figures += [
            Figure(NAME, f"{name}, first", before / MB, "MB"),
            Figure(NAME, f"{name}, forgotten", after / MB, "MB"),
            Figure(NAME, f"{name}, over none", (after - without_bytes) / MB, "MB"),
        ]
    return figures


def _restarted(folder: Path, count: int) -> list[Figure]:
    with servers.authorizer(folder / str(count)) as server:
        idle, highest = servers.memory_bytes(server.process.pid)
    return [
        Figure(NAME, f"{count:>9,} accounts, from a snapshot, idle", idle / MB, "MB"),
        below(
            NAME, f"{count:>9,} accounts, from a snapshot, highest", highest / MB, "MB", LIMIT_MB
        ),
    ]
