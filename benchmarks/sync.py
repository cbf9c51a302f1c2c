"""sync: who should wait for the journal's disk, on disks from 25 us to 5 ms a sync.

The kernel (``aio``), a thread, and the event loop itself (``inline``, which no server offers), each
on every disk, in turns within one run. Each turn has a server of its own on an empty folder, on the
first processor core; wrk is on the last. Besides, one connection asks for ``/health`` every 5 ms:
what it waits is what everything else on the loop waits that needs no disk.

``aio`` must not be worse than another by more than 10 %.
"""

import http.client
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from benchmarks import cores, disks, servers, wrk
from benchmarks.report import Figure, at_least
from benchmarks.turns import Contender, Turn
from loadtest.client import register_merchants
from tests.support.server import Server, python

NAME: Final = "sync"
ACCOUNTS: Final = 1000
WAYS: Final = ("aio", "thread", "inline")
SLOWED_US: Final = (150, 1000, 5000)
WARM_SECONDS: Final = 1
ASKING_S: Final = 0.005
AS_GOOD_AS: Final = 0.9
FLAGS: Final = (
    *("--host", "127.0.0.1", "--port", "{port}", "--data", "{data}"),
    *("--log-level", "warning", "--reports", "false", "--deadline-ms", "1000"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One turn: the load, and what a question that needs no disk waited meanwhile."""

    load: Turn
    asked_p99_ms: float


@dataclass(slots=True)
class OnDisk:
    """What was seen on one disk, by way."""

    name: str
    sync: disks.SyncTime
    seen: dict[str, list[Seen]] = field(default_factory=lambda: {way: [] for way in WAYS})


def measure(folder: Path, *, rounds: int, seconds: int) -> Iterator[Figure]:
    """Take turns on every disk; the medians, and a table of them in Markdown."""
    program = disks.build(folder)
    found: dict[str, OnDisk] = {}
    for number in range(rounds):
        for name, disk in _disks(folder, program):
            with disk as home:
                sync = disks.sync_time(home)
                on_disk = found.setdefault(name, OnDisk(name, sync))
                for way in WAYS if number % 2 == 0 else reversed(WAYS):
                    on_disk.seen[way].append(_one_turn(home / "server", way, seconds))
            told = (
                f"{way} {seen[-1].load.load.per_second:,.0f}/s"
                for way, seen in on_disk.seen.items()
            )
            print(f"  {number + 1} of {rounds}, {name}: {', '.join(told)}", flush=True)
    print("\n" + table(list(found.values())) + "\n")
    for on_disk in found.values():
        yield from figures(on_disk)


def _disks(folder: Path, program: Path) -> Iterator[tuple[str, AbstractContextManager[Path]]]:
    yield "in memory", disks.in_memory()
    for sync_us in SLOWED_US:
        yield f"slowed to {sync_us} us", disks.slowed(program, sync_us)
    yield "this disk", nullcontext(folder)


def _one_turn(home: Path, way: str, seconds: int) -> Seen:
    module = "benchmarks.inline_journal" if way == "inline" else "authorizer"
    choice = [] if way == "inline" else ["--journal-sync", way]
    server = Server(home, command=[python(), "-m", module, "serve", *FLAGS, *choice])
    try:
        server.start()
        register_merchants(server.client)
        wrk.open_accounts(servers.url(server), ACCOUNTS)
        cores.pin(server.process.pid, cores.SERVER)
        contender = Contender(way, server, ACCOUNTS)
        with cores.started_on(cores.LOAD):
            contender.check(WARM_SECONDS)
            with _asking(server.port) as waited_s:
                load = contender.take_turn(seconds)
        return Seen(load, float(np.percentile(waited_s, 99)) * 1000)
    finally:
        server.end()
        shutil.rmtree(home)


@contextmanager
def _asking(port: int) -> Iterator[list[float]]:
    """How long each of the questions took that are asked meanwhile, in seconds."""
    waited_s: list[float] = []
    over = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while not over.is_set():
            started = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            waited_s.append(time.perf_counter() - started)
            time.sleep(ASKING_S)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield waited_s
    finally:
        over.set()
        asking.join()


def table(found: Sequence[OnDisk]) -> str:
    """The medians, a row for each way on each disk."""
    lines = [
        "| disk: its sync, p50 / p99 | who waits | requests/s | p99 | slowest | `/health`, p99 |",
        "|---|---|---|---|---|---|",
    ]
    for on_disk in found:
        sync = f"{on_disk.sync.p50_us:.0f} / {on_disk.sync.p99_us:.0f} us"
        for way, seen in on_disk.seen.items():
            p99_ms, slowest_ms, asked_ms = _times_ms(seen)
            lines.append(
                f"| {on_disk.name}: {sync} | {way} | {_per_second(seen):,.0f} "
                f"| {p99_ms:.1f} ms | {slowest_ms:.0f} ms | {asked_ms:.1f} ms |"
            )
    return "\n".join(lines)


def _per_second(seen: Sequence[Seen]) -> float:
    return median(one.load.load.per_second for one in seen)


def _times_ms(seen: Sequence[Seen]) -> tuple[float, float, float]:
    return (
        median(one.load.load.percentiles_ms["99"] for one in seen),
        max(one.load.load.max_ms for one in seen),
        median(one.asked_p99_ms for one in seen),
    )


def figures(on_disk: OnDisk) -> Iterator[Figure]:
    """The medians of every way, and the ratios within the rounds."""
    for way, seen in on_disk.seen.items():
        make = partial(Figure, NAME)
        p99_ms, slowest_ms, asked_ms = _times_ms(seen)
        at = f"{on_disk.name}, {way}"
        yield make(f"{at}: requests", _per_second(seen), "1/s")
        yield make(f"{at}: p99", p99_ms, "ms")
        yield make(f"{at}: slowest", slowest_ms, "ms")
        yield make(f"{at}: /health, p99", asked_ms, "ms")
    for other in WAYS[1:]:
        ratio = median(
            ours.load.load.per_second / theirs.load.load.per_second
            for ours, theirs in zip(on_disk.seen[WAYS[0]], on_disk.seen[other], strict=True)
        )
        name = f"{on_disk.name}: requests, {WAYS[0]} ÷ {other}"
        yield at_least(NAME, name, ratio, "", AS_GOOD_AS)
