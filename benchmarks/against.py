"""--against COMMIT: this tree beside the build of another commit, in turns within one run.

http: each turn has a server of its own, started on an empty folder, for two processes of one build
differ by some percent from their start on. It runs on the first processor core, wrk on the last.
First every answer of a short load is looked at, then comes the load that is measured, and then the
server's books must agree with it. Which build is first changes from round to round. A figure is the
median over the rounds with its interval. A ratio is made within each round, so that whatever else
the machine does meets both. The ratio of requests must not be under 0.97.

memory: resident memory with N idle accounts, recovered from the journal, and from a snapshot.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks import books, cores, servers, wrk
from benchmarks.builds import Build, present
from benchmarks.estimate import Estimate, estimate, ratios
from benchmarks.journals import accounts_opened, write_journal
from benchmarks.report import Figure, at_least
from benchmarks.turns import Contender, Turn
from loadtest.client import register_merchants
from loadtest.model import APPROVED

RATIO_TARGET: Final = 0.97
ACCOUNTS: Final = 1000
CHECK_SECONDS: Final = 1
BATCH_RECORDS: Final = 1024
MB: Final = 1e6
SHOWN: Final[Sequence[tuple[str, str, Callable[[Turn], float]]]] = (
    ("requests", "1/s", lambda turn: turn.load.per_second),
    ("p50", "ms", lambda turn: turn.load.percentiles_ms["50"]),
    ("p99", "ms", lambda turn: turn.load.percentiles_ms["99"]),
    ("user time per request", "us", lambda turn: turn.user_us),
    ("system time per request", "us", lambda turn: turn.system_us),
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What both builds are measured under."""

    rounds: int = 10
    seconds: int = 5
    with_ids: bool = False
    read_models: bool = False


def throughput(folder: Path, other: Build, conditions: Conditions) -> list[Figure]:
    """Run the rounds, each of one turn on both builds."""
    builds = (other, present())
    turns: dict[str, list[Turn]] = {build.name: [] for build in builds}
    declined: Counter[str] = Counter()
    for number in range(conditions.rounds):
        for build in builds if number % 2 == 0 else reversed(builds):
            home = folder / f"{build.name}-{number}"
            turn, decisions = one_turn(home, build, conditions)
            shutil.rmtree(home)
            turns[build.name].append(turn)
            declined[build.name] += decisions.total() - decisions[APPROVED]
        told = (f"{name} {_told(seen[-1])}" for name, seen in turns.items())
        print(f"  {number + 1} of {conditions.rounds}: {', '.join(told)}", flush=True)
    return [
        *compared(turns["old"], turns["new"]),
        *(Figure("http", f"{name}: declined", declined[name], "") for name in turns),
    ]


def one_turn(home: Path, build: Build, conditions: Conditions) -> tuple[Turn, Counter[str]]:
    """A new server of a build under full load, and its decisions. Its books are checked."""
    with servers.authorizer(home, build, read_models=conditions.read_models) as server:
        register_merchants(server.client)
        wrk.open_accounts(servers.url(server), ACCOUNTS)
        cores.pin(server.process.pid, cores.SERVER)
        contender = Contender(build.name, server, ACCOUNTS, conditions.with_ids)
        with cores.started_on(cores.LOAD):
            contender.check(CHECK_SECONDS)
            before = servers.decisions_by_code(server)
            turn = contender.take_turn(conditions.seconds)
        decisions = servers.decisions_by_code(server)
        answered = turn.load.requests
        books.check_answers(decisions.total() - before.total(), answered, loads=2)
        books.check_wallets(server, ACCOUNTS)
    return turn, decisions


def compared(old: Sequence[Turn], new: Sequence[Turn]) -> Iterator[Figure]:
    """Every figure of both builds, and its ratio, new ÷ old."""
    for what, unit, value in SHOWN:
        theirs, ours = list(map(value, old)), list(map(value, new))
        yield figure("http", f"old: {what}", estimate(theirs), unit)
        yield figure("http", f"new: {what}", estimate(ours), unit)
        ratio = figure("http", f"{what}, new ÷ old", ratios(theirs, ours), "")
        yield judged(ratio, RATIO_TARGET) if what == "requests" else ratio


def figure(benchmark: str, name: str, found: Estimate, unit: str) -> Figure:
    """A median with its interval."""
    return Figure(benchmark, name, found.value, unit, interval=(found.low, found.high))


def judged(ratio: Figure, target: float) -> Figure:
    """A ratio that must not be under its target."""
    made = at_least(ratio.benchmark, ratio.name, ratio.value, ratio.unit, target)
    return replace(made, interval=ratio.interval)


def _told(turn: Turn) -> str:
    return f"{turn.load.per_second:,.0f}/s {turn.cpu_us:.1f} us"


def memory(folder: Path, other: Build, *, accounts: int, rounds: int) -> Iterator[Figure]:
    """Start both builds on ``accounts`` accounts, ``rounds`` times, and read what they take."""
    builds = (other, present())
    for build in builds:
        write_journal(folder / build.name / "data", accounts_opened(accounts), BATCH_RECORDS)
    yield from _started(folder, builds, f"{accounts:,} accounts, from the journal", rounds)
    for build in builds:
        with servers.authorizer(folder / build.name, build) as server:
            servers.stop(server)
    yield from _started(folder, builds, f"{accounts:,} accounts, from a snapshot", rounds)


def _started(folder: Path, builds: Sequence[Build], what: str, rounds: int) -> Iterator[Figure]:
    """What the builds take when they are ready. They are killed, so they leave no snapshot."""
    seen: dict[str, list[tuple[int, int]]] = {build.name: [] for build in builds}
    for number in range(rounds):
        for build in builds:
            with servers.authorizer(folder / build.name, build) as server:
                seen[build.name].append(servers.memory_bytes(server.process.pid))
        told = (f"{name} {found[-1][0] / MB:,.1f} MB" for name, found in seen.items())
        print(f"  {what}, {number + 1} of {rounds}: {', '.join(told)}", flush=True)
    for column, state in enumerate(("idle", "highest")):
        theirs, ours = ([one[column] / MB for one in found] for found in seen.values())
        yield figure("memory", f"old: {what}, {state}", estimate(theirs), "MB")
        yield figure("memory", f"new: {what}, {state}", estimate(ours), "MB")
        yield figure("memory", f"{what}, {state}, new ÷ old", ratios(theirs, ours), "")
