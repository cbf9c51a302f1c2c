"""``python -m benchmarks [NAME ...]``: measure, print one table, optionally write JSON."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from benchmarks import (
    against,
    batch,
    builds,
    care,
    disks,
    heads,
    holds,
    journal_rate,
    life,
    limits,
    memory,
    open_loop,
    overload,
    path,
    pauses,
    probe,
    recovery_rate,
    sync,
    tables,
    throughput,
    wrk,
)
from benchmarks.books import WrongBooksError
from benchmarks.builds import Build
from benchmarks.compare import registry, run
from benchmarks.report import Figure, table, write_json
from loadtest.client import UnexpectedAnswerError
from tests.support.server import PROJECT, ServerEnded

NAMES = (
    "http",
    "path",
    "heads",
    "batch",
    "journal",
    "sync",
    "recovery",
    "memory",
    "pauses",
    "care",
    "overload",
    "limits",
    "life",
    "holds",
    "expiry",
    "tables",
    "compare",
)
ONLY_BY_NAME = ("compare",)
COMPARED = ("http", "memory")
NEED_WRK = {
    *("http", "heads", "sync", "memory", "pauses", "care", "limits", "life", "expiry", "tables"),
    "compare",
}
OVERLOAD_SECONDS = 8
TURN_SECONDS = 5
LONG_SECONDS = 60
MANY = 1_000_000
SYNC_SECONDS = 3
BATCHES = 600
FAILURES = (
    ServerEnded,
    UnexpectedAnswerError,
    WrongBooksError,
    builds.BuildError,
    care.NotCaughtUpError,
    disks.DiskError,
    holds.NotExpiredError,
    path.WrongPathError,
    probe.WrongAnswerError,
    wrk.WrkError,
    open_loop.OpenLoopError,
)
DESCRIPTION = """\
http      durable authorizations per second against a constant-answer endpoint
path      the processor time of a purchase, stage by stage, without sockets and disk
heads     heads that are new each time against heads that are the same
batch     decisions per second in batches of 10,000, and what purchases alone beside them wait
journal   records made durable per second
sync      who waits for the journal's disk, on disks from 25 us to 5 ms a sync (root, FUSE, zram)
recovery  events recovered per second
memory    resident memory with 1, 10,000 and 1,000,000 accounts
pauses    the slowest answers in a minute of full load with 100,000 accounts
overload  what becomes of purchases when 2 and 5 times as many come as can be decided
limits    accounts with five limits against accounts with none
life      authorization, capture and refund beside 10,000 purchases per second
holds     start, memory and snapshot with 100,000 open holds and 1,000,000 closed purchases
expiry    100,000 holds that run out in one second while purchases run
tables    the read models' processor time an event, and full load with and without them
care      customer care's questions while purchases run at half of the server's capacity
compare   ours beside PostgreSQL, Redis, SQLite, pykka and constant answers, in turns: a quarter of
          an hour, so only where it is named. Whole, it writes docs/performance.md; shortened by
          --rounds, --seconds, --accounts or --peers, it prints

--against COMMIT measures http and memory only: this tree and that commit's, in turns within one
run, with intervals.

A target that is missed is marked in the table; the exit status is 0 all the same.
It is 1 where a server failed or its books were wrong, 2 where something needed is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit status."""
    options = parse(arguments)
    known = COMPARED if options.against else NAMES
    wanted = options.names or [name for name in known if name not in ONLY_BY_NAME]
    chosen = [name for name in known if name in wanted]
    if NEED_WRK.intersection(chosen) and not wrk.available():
        print(f"{wrk.INSTALL}. Without it: python -m benchmarks journal recovery")
        return 2
    if "sync" in chosen and (missing := disks.missing()):
        if "sync" in options.names:
            print(f"sync needs {missing}")
            return 2
        print(f"sync is left out: it needs {missing}")
        chosen.remove("sync")
    if {"overload", "compare"}.intersection(chosen) and not open_loop.available():
        print(open_loop.INSTALL)
        return 2
    figures: list[Figure] = []
    name = ""
    try:
        with compared_build(options) as other:
            for name in chosen:
                print(f"{name} ...", flush=True)
                measure = comparison(name, options, other) if other else benchmark(name, options)
                figures += in_fresh_folder(options.folder, measure)
    except FAILURES as error:
        print(f"{name or 'bench'} failed: {error}")
        return 1
    print("\n" + table(figures))
    if options.json:
        write_json(figures, options.json)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=DESCRIPTION)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="default: all of the above")
    add(
        "--seconds",
        type=int,
        help="length of the loads of pauses, life and care (default 60), and of compare's turns "
        "(default 3)",
    )
    add(
        "--rounds",
        type=int,
        help="turns of http, heads, limits, care and tables, 5 s a side (default 5, with "
        "--against 10), and of sync and compare (default 3); with --against also the starts of "
        "memory (default 3)",
    )
    add("--against", metavar="COMMIT", help="compare with this commit's build (http, memory)")
    add(
        "--accounts",
        type=int,
        help="accounts of memory with --against (default 1,000,000); compare: only this number",
    )
    add("--peers", default="", help="compare: only these, with commas between (ours,starlette)")
    add(
        "--docs",
        type=Path,
        metavar="FOLDER",
        help="compare: where its page is (whole runs: docs; shortened ones: none)",
    )
    add("--read-models", action="store_true", help="have the read models too (http --against)")
    add(
        "--events",
        type=int,
        default=1_000_000,
        help="events of recovery and tables (default 1,000,000)",
    )
    add("--with-ids", action="store_true", help="give each purchase an id (http, pauses)")
    add(
        "--scale",
        type=float,
        default=1.0,
        help="share of what care, holds and expiry have (default 1)",
    )
    add("--folder", type=Path, help="where to put data folders: the disk that is measured")
    add("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names).difference(NAMES)):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    try:
        registry.chosen(options.peers)
    except KeyError as nobody:
        known = ", ".join(peer.key for peer in registry.PEERS)
        parser.error(f"unknown: {nobody.args[0]}; known: {known}")
    if options.against and (others := sorted(set(options.names).difference(COMPARED))):
        parser.error(f"--against compares {' and '.join(COMPARED)}, not {', '.join(others)}")
    return options


def compared_build(options: argparse.Namespace) -> AbstractContextManager[Build | None]:
    """The build to compare with, or None where nothing is compared."""
    if options.against is None:
        return nullcontext()
    return builds.of_commit(options.against, options.folder)


def comparison(
    name: str, options: argparse.Namespace, other: Build
) -> Callable[[Path], Iterable[Figure]]:
    """The comparison of a name with another build, waiting for a folder."""
    return {
        "http": lambda folder: against.throughput(
            folder,
            other,
            against.Conditions(
                options.rounds or 10, TURN_SECONDS, options.with_ids, options.read_models
            ),
        ),
        "memory": lambda folder: against.memory(
            folder, other, accounts=options.accounts or MANY, rounds=options.rounds or 3
        ),
    }[name]


def benchmark(name: str, options: argparse.Namespace) -> Callable[[Path], Iterable[Figure]]:
    """The benchmark of a name, with its options, waiting for a folder."""
    return {
        "http": lambda folder: throughput.measure(
            folder, rounds=options.rounds or 5, seconds=TURN_SECONDS, with_ids=options.with_ids
        ),
        "path": lambda _: path.measure(batches=BATCHES),
        "heads": lambda folder: heads.measure(
            folder, rounds=options.rounds or 5, seconds=TURN_SECONDS
        ),
        "batch": lambda folder: batch.measure(folder, batches=8 * (options.rounds or 5)),
        "journal": lambda folder: journal_rate.measure(folder, turns=4, turn_seconds=0.5),
        "sync": lambda folder: sync.measure(
            folder, rounds=options.rounds or 3, seconds=SYNC_SECONDS
        ),
        "recovery": lambda folder: recovery_rate.measure(folder, events=options.events),
        "memory": lambda folder: memory.measure(folder, seconds=5),
        "pauses": lambda folder: pauses.measure(
            folder, seconds=options.seconds or LONG_SECONDS, with_ids=options.with_ids
        ),
        "overload": lambda folder: overload.measure(folder, seconds=OVERLOAD_SECONDS),
        "limits": lambda folder: limits.measure(
            folder, rounds=options.rounds or 5, seconds=TURN_SECONDS
        ),
        "life": lambda folder: life.measure(folder, seconds=options.seconds or LONG_SECONDS),
        "holds": lambda folder: holds.measure(folder, scale=options.scale),
        "expiry": lambda folder: holds.measure_expiry(folder, scale=options.scale),
        "tables": lambda folder: tables.measure(
            folder, events=options.events, rounds=options.rounds or 5, seconds=TURN_SECONDS
        ),
        "care": lambda folder: care.measure(
            folder,
            factor=options.scale,
            rounds=options.rounds or 5,
            seconds=options.seconds or LONG_SECONDS,
        ),
        "compare": lambda folder: run.measure(folder, compared(options)),
    }[name]


def compared(options: argparse.Namespace) -> run.Options:
    """How much of compare is run. What is shortened leaves the page of the whole run alone."""
    shortened = options.rounds or options.seconds or options.accounts or options.peers
    whole = run.Options()
    return run.Options(
        rounds=options.rounds or whole.rounds,
        seconds=options.seconds or whole.seconds,
        open_seconds=options.seconds or whole.open_seconds,
        accounts=(options.accounts,) if options.accounts else whole.accounts,
        peers=registry.chosen(options.peers),
        docs=options.docs or (None if shortened else PROJECT / "docs"),
    )


def in_fresh_folder(
    parent: Path | None, measure: Callable[[Path], Iterable[Figure]]
) -> list[Figure]:
    """Measure in a new folder, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as folder:
        return list(measure(Path(folder)))


def end_in_order(number: int, _: object) -> None:
    """End the run on a signal, with no server and no folder left."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, end_in_order)
    sys.exit(main())
