"""``python -m benchmarks [NAME ...]``: measure, print one table, optionally write JSON."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    care,
    journal_rate,
    memory,
    open_loop,
    overload,
    pauses,
    recovery_rate,
    throughput,
    wrk,
)
from benchmarks.books import WrongBooksError
from benchmarks.report import Figure, table, write_json
from loadtest.client import UnexpectedAnswerError
from tests.support.server import ServerEnded

NAMES = ("http", "journal", "recovery", "memory", "pauses", "care", "overload")
NEED_WRK = {"http", "memory", "pauses", "care"}
OVERLOAD_SECONDS = 8
FAILURES = (
    ServerEnded,
    UnexpectedAnswerError,
    WrongBooksError,
    care.NotCaughtUpError,
    wrk.WrkError,
    open_loop.OpenLoopError,
)
DESCRIPTION = """\
http      durable authorizations per second against a constant-answer endpoint
journal   records made durable per second
recovery  events recovered per second
memory    resident memory with 1, 10,000 and 1,000,000 accounts
pauses    the slowest answers in a minute of full load with 100,000 accounts
overload  what becomes of purchases when 2 and 5 times as many come as can be decided
care      customer care's questions while purchases run at half of the server's capacity

A target that is missed is marked in the table; the exit status is 0 all the same.
It is 1 where a server failed or its books were wrong, 2 where something needed is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit status."""
    options = parse(arguments)
    chosen = [name for name in NAMES if name in options.names or not options.names]
    if NEED_WRK.intersection(chosen) and not wrk.available():
        print(f"{wrk.INSTALL}. Without it: python -m benchmarks journal recovery")
        return 2
    if "overload" in chosen and not open_loop.available():
        print(open_loop.INSTALL)
        return 2
    figures: list[Figure] = []
    for name in chosen:
        print(f"{name} ...", flush=True)
        try:
            figures += in_fresh_folder(options.folder, benchmark(name, options))
        except FAILURES as error:
            print(f"{name} failed: {error}")
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
        default=60,
        help="length of the loads of pauses and care (default 60)",
    )
    add("--rounds", type=int, default=5, help="turns of http and care, 5 s a side (default 5)")
    add("--events", type=int, default=1_000_000, help="purchases of recovery (default 1,000,000)")
    add("--with-ids", action="store_true", help="give each purchase an id (http, pauses)")
    add("--scale", type=float, default=1.0, help="share of care's 100,000 customers (default 1)")
    add("--folder", type=Path, help="where to put data folders: the disk that is measured")
    add("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names).difference(NAMES)):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    return options


def benchmark(name: str, options: argparse.Namespace) -> Callable[[Path], list[Figure]]:
    """The benchmark of a name, with its options, waiting for a folder."""
    return {
        "http": lambda folder: throughput.measure(
            folder, rounds=options.rounds, seconds=5, with_ids=options.with_ids
        ),
        "journal": lambda folder: journal_rate.measure(folder, turns=4, turn_seconds=0.5),
        "recovery": lambda folder: recovery_rate.measure(folder, events=options.events),
        "memory": lambda folder: memory.measure(folder, seconds=5),
        "pauses": lambda folder: pauses.measure(
            folder, seconds=options.seconds, with_ids=options.with_ids
        ),
        "overload": lambda folder: overload.measure(folder, seconds=OVERLOAD_SECONDS),
        "care": lambda folder: care.measure(
            folder, factor=options.scale, rounds=options.rounds, seconds=options.seconds
        ),
    }[name]


def in_fresh_folder(parent: Path | None, measure: Callable[[Path], list[Figure]]) -> list[Figure]:
    """Measure in a new folder, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as folder:
        return measure(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
