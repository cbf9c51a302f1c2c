"""holds: what open holds and closed purchases cost. expiry: many holds that run out at once.

A folder is written with an account for each open hold, and ten purchases on each that were held,
captured and are closed. Started from its journal, then from its snapshot. For expiry all holds run
out in the same second, while purchases run at half of the capacity on accounts with holds.
"""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from authorizer.domain.accounts.purchase_events import HoldApproved, PurchaseCaptured
from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US, SECOND_US
from benchmarks import books, servers, wrk
from benchmarks.journals import MCC, MERCHANT, accounts_opened, write_journal
from benchmarks.probe import Probe
from benchmarks.report import Figure, below
from tests.support.server import Server

HOLDS: Final = "holds"
EXPIRY: Final = "expiry"
OPEN_HOLDS: Final = 100_000
CLOSED_EACH: Final = 10
BATCH_RECORDS: Final = 2048
MB: Final = 1e6
START_S: Final = 600.0
P99_TARGET_MS: Final = 80.0
"""The deadline of a purchase."""
LEAD_S: Final = 20.0
"""From the server's readiness to the second in which the holds run out."""
BEHIND_S: Final = 120.0


class NotExpiredError(Exception):
    """Holds did not run out in time."""


def measure(folder: Path, *, scale: float) -> list[Figure]:
    """Measure with a share of 100,000 open holds and 1,000,000 closed purchases."""
    accounts = round(OPEN_HOLDS * scale)
    now_us = time.time_ns() // 1000
    started = time.perf_counter()
    write_journal(folder / "data", _history(accounts, now_us - DAY_US), BATCH_RECORDS)
    print(f"  written in {time.perf_counter() - started:.0f} s", flush=True)
    figures = [
        Figure(HOLDS, "open holds", accounts, ""),
        Figure(HOLDS, "closed purchases", accounts * CLOSED_EACH, ""),
    ]
    for start in ("from the journal", "from the snapshot"):
        server = servers_of(folder)
        began = time.perf_counter()
        server.spawn()
        try:
            server.wait_ready(START_S)
            figures.append(Figure(HOLDS, f"start {start}", time.perf_counter() - began, "s"))
            idle, highest = servers.memory_bytes(server.process.pid)
            held = servers.gauge(server, "authorizer_open_holds")
            if held != accounts:
                raise books.WrongBooksError(f"{held} holds are open, not {accounts}")
            servers.stop(server)
        finally:
            server.end()
        figures += [
            Figure(HOLDS, f"memory {start}, idle", idle / MB, "MB"),
            Figure(HOLDS, f"memory {start}, highest", highest / MB, "MB"),
        ]
    newest = max((folder / "data" / "snapshots").glob("*.snapshot"))
    return [*figures, Figure(HOLDS, "snapshot", newest.stat().st_size / MB, "MB")]


def servers_of(folder: Path) -> Server:
    """A server without read models, not started: it may take its time."""
    return Server(folder, ("--log-level", "warning", "--reports", "false"))


def _history(accounts: int, at_us: int) -> Iterator[Event]:
    yield from accounts_opened(accounts, at_us=at_us)
    for each in range(CLOSED_EACH):
        for number in range(accounts):
            yield from _closed(str(wrk.FIRST_ACCOUNT + number), f"closed-{each}", at_us)
    yield from _held(accounts, at_us, at_us + 31 * DAY_US)


def _held(accounts: int, at_us: int, expires_at_us: int) -> Iterator[Event]:
    for number in range(accounts):
        yield _hold(str(wrk.FIRST_ACCOUNT + number), "open", at_us, expires_at_us)


def _closed(account_id: str, name: str, at_us: int) -> Iterator[Event]:
    yield _hold(account_id, name, at_us, at_us + 7 * DAY_US)
    head = (at_us, "benchmark", account_id, name, "c", 100, 0, 0)
    yield PurchaseCaptured(
        *head, False, None, True, False, None, None, None, "MEAL", False, 0, 0, "closed"
    )


def _hold(account_id: str, name: str, at_us: int, expires_at_us: int) -> HoldApproved:
    terms = (MCC, MERCHANT, None, None, "MEAL", expires_at_us, False, None, None)
    return HoldApproved(at_us, "benchmark", account_id, name, 100, 100, *terms)


def measure_expiry(folder: Path, *, scale: float) -> list[Figure]:
    """Have a share of 100,000 holds run out in one second, beside purchases at half load."""
    accounts = round(OPEN_HOLDS * scale)
    now_us = time.time_ns() // 1000
    lead_us = round((LEAD_S + accounts / 10_000) * SECOND_US)
    due_us = now_us + lead_us
    events = chain(
        accounts_opened(accounts, at_us=now_us - DAY_US), _held(accounts, now_us - DAY_US, due_us)
    )
    write_journal(folder / "data", events, BATCH_RECORDS)
    with servers.authorizer(folder) as server:
        url = servers.url(server)
        capacity = wrk.purchases(url, accounts, 3).per_second
        left_s = due_us / SECOND_US - time.time()
        if left_s < 1 or servers.gauge(server, "authorizer_open_holds") != accounts:
            raise NotExpiredError("the holds ran out before the measurement began")
        seconds = int(left_s + 20)
        before = servers.decisions_by_code(server)
        with (
            wrk.paced(url, accounts, seconds, capacity / 2) as load,
            Probe(server.port, accounts) as calm,
            Probe(server.port, accounts) as busy,
        ):
            calm.ask_until(lambda: time.time() * SECOND_US >= due_us, ("purchase",))
            busy.ask_until(_AllExpired(server), ("purchase",))
            took_s = time.time() - due_us / SECOND_US
            measured = load.result()
        decisions = servers.decisions_by_code(server) - before
    return [
        Figure(EXPIRY, "holds that run out in one second", accounts, ""),
        Figure(EXPIRY, "purchases beside", measured.per_second, "1/s"),
        Figure(EXPIRY, "until the last one had run out", took_s, "s"),
        Figure(EXPIRY, "a purchase before: p99", calm.percentile_ms("purchase", 99), "ms"),
        below(
            EXPIRY,
            "a purchase meanwhile: p99",
            busy.percentile_ms("purchase", 99),
            "ms",
            P99_TARGET_MS,
        ),
        Figure(EXPIRY, "a purchase meanwhile: slowest", busy.percentile_ms("purchase", 100), "ms"),
        Figure(EXPIRY, "all purchases: slowest", measured.max_ms, "ms"),
        books.declined(EXPIRY, "declined", decisions),
    ]


class _AllExpired:
    """Whether no hold is open any more; asks four times a second."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._next_s = time.monotonic()
        self._until_s = time.monotonic() + BEHIND_S

    def __call__(self) -> bool:
        now_s = time.monotonic()
        if now_s > self._until_s:
            raise NotExpiredError(f"holds are open still after {BEHIND_S:.0f} s")
        if now_s < self._next_s:
            return False
        self._next_s = now_s + 0.25
        return servers.gauge(self._server, "authorizer_open_holds") == 0
