"""tables: what the read models take, in bulk and live, and whether they are in purchases' way.

In bulk: `authorizer reports rebuild` of a journal of purchases, and of one of holds with their
captures and refunds; what a rebuild of almost nothing takes is its start, and left out. Live: full
load on a server with read models and on one without, in turns within one run; the server on one
core, wrk and the tables' process on the other.

Processor time an event is user and system time of all that the process does.
"""

import resource
import subprocess
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Final

from authorizer.domain.messages import Event
from benchmarks import cores, servers, wrk
from benchmarks.care import caught_up
from benchmarks.journals import accounts_opened, write_journal
from benchmarks.report import Figure, at_least, below
from benchmarks.tables_history import ACCOUNTS, holds, purchases
from benchmarks.turns import Contender
from tests.support.processes import children
from tests.support.server import PROJECT, environment, python

NAME: Final = "tables"
BATCH_RECORDS: Final = 40
BULK_TARGET_US: Final = 5.0
LIVE_TARGET_US: Final = 7.0
RATIO_TARGET: Final = 0.9


def measure(folder: Path, *, events: int, rounds: int, seconds: int) -> list[Figure]:
    """Rebuild tables of about ``events``, then take ``rounds`` turns of ``seconds``."""
    figures = []
    for what, history in (("purchases", purchases), ("holds", holds)):
        used_us = _rebuild_us(folder / what, history(events))
        used_us -= _rebuild_us(folder / f"start of {what}", history(1))
        name = f"rebuilt, {what}: processor time an event"
        figures.append(below(NAME, name, used_us / events, "us", BULK_TARGET_US))
    figures += _live(folder, rounds, seconds)
    return figures


def _rebuild_us(home: Path, history: Iterable[Event]) -> float:
    """The processor time that `reports rebuild` takes for a history."""
    write_journal(home, chain(accounts_opened(ACCOUNTS), history), BATCH_RECORDS)
    command = [python(), "-m", "authorizer", "reports", "rebuild", "--data", str(home.resolve())]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=PROJECT, env=environment(), stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return used_s * 1e6


def _live(folder: Path, rounds: int, seconds: int) -> Iterator[Figure]:
    with (
        servers.authorizer(folder / "with", read_models=True) as following,
        servers.authorizer(folder / "without") as alone,
    ):
        full = Contender("with", following, ACCOUNTS, with_ids=True)
        bare = Contender("without", alone, ACCOUNTS, with_ids=True)
        for one in (full, bare):
            wrk.open_accounts(servers.url(one.server), ACCOUNTS)
            cores.pin(one.server.process.pid, cores.SERVER)
        caught_up(following)
        (follower,) = children(following.process.pid)
        cores.pin(follower, cores.LOAD)
        followed_us = []
        with cores.started_on(cores.LOAD):
            for number in range(rounds):
                if number % 2:
                    bare.take_turn(seconds)
                followed_us.append(_followed_us(full, follower, seconds))
                if not number % 2:
                    bare.take_turn(seconds)
                rates = [one.turns[-1].load.per_second for one in (full, bare)]
                print("  with {:,.0f}/s, without {:,.0f}/s".format(*rates), flush=True)
        yield below(
            NAME, "live: processor time an event", median(followed_us), "us", LIVE_TARGET_US
        )
        yield from _compared(full, bare)


def _followed_us(full: Contender, follower: int, seconds: int) -> float:
    """A turn; what the tables' process took for each of its purchases, until all are in them."""
    before = servers.processor_time(follower)
    turn = full.take_turn(seconds)
    caught_up(full.server)
    used = servers.processor_time(follower).since(before)
    return used.total_s * 1e6 / turn.load.requests


def _compared(full: Contender, bare: Contender) -> Iterator[Figure]:
    for one in (full, bare):
        rate = median(turn.load.per_second for turn in one.turns)
        p99_ms = median(turn.load.percentiles_ms["99"] for turn in one.turns)
        yield Figure(NAME, f"full load {one.name}", rate, "1/s")
        yield Figure(NAME, f"full load {one.name}: p99", p99_ms, "ms")
    pairs = zip(full.turns, bare.turns, strict=True)
    ratio = median(one.load.per_second / other.load.per_second for one, other in pairs)
    yield at_least(NAME, "full load, with ÷ without", ratio, "", RATIO_TARGET)
