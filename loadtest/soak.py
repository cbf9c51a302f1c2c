"""The soak: ``python -m loadtest.soak``; exit status 0 if it passes, else 1.

Rounds of mixed load on one server and one data folder. In each, two shapes are at work side by
side: purchases of one message and whole lives. Snapshots, new segments, the archive and accounts
that fall asleep come often, by small settings. Between two rounds every wallet of the round is
compared with what the answers said, and the server is restarted: in order, or by kill -9 under
load, in turns. All along memory, file handles, the 99.9th percentile and the slowest answer are
noted. At the end of a whole hour they are a picture, and a part of a page (``--page``,
``--picture``).

It fails for a wrong or lost answer, for a wallet that differs, and for what grows: where the memory
of the last third is more than a tenth above that of the first and what more accounts and archived
purchases take (each round has accounts of its own), the 99.9th percentile above 50 ms
and more than twice that of the first, or the fewest file handles, when hardly anybody is connected,
are more.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from loadtest.client import UnexpectedAnswerError
from loadtest.figures_over_time import Series, picture, table
from loadtest.recorder import Ledger
from loadtest.run import LoadFailedError, audit, interrupt, run_shape
from loadtest.sampler import Sampler
from loadtest.shapes import HOT, LIFE, SPIKE, STEADY
from tests.support.server import Server, ServerEnded

FLAGS = (
    *("--log-level", "warning"),
    *("--deadline-ms", "10000"),
    *("--segment-mib", "2"),
    *("--snapshot-minutes", "1"),
    *("--max-resident-accounts", "100"),
    *("--purchases-in-memory", "50"),
    *("--closed-in-memory-hours", "0.01"),
)
"""So that new segments, snapshots, the archive and passivation come all the time; and a machine
that stands still is seen in the answers' times, and in no decline."""
BESIDES = (STEADY, SPIKE, HOT)
"""The shapes at work beside whole lives, in turns."""
WHOLE_MINUTES = 60.0
"""A shorter soak tells what it saw and writes no page."""
GROWTH, SLOWER = 1.1, 2.0
QUICK_MS = 50.0
"""Below this it is the machine that varies."""
SPARE_FILES = 2
"""The journal may just have begun a segment, or a snapshot be written."""
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"


@dataclass
class Soak:
    """What came of it so far."""

    problems: list[str] = field(default_factory=list)
    answers: int = 0
    wrong: int = 0
    lost: int = 0
    orderly: list[float] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    """When restarts began, in seconds since the beginning."""
    p999: Series = field(default_factory=lambda: Series("99.9th percentile of 10 s", "ms"))
    slowest: Series = field(default_factory=lambda: Series("slowest answer of 10 s", "ms"))
    snapshots: set[str] = field(default_factory=set)
    accounts: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    options = parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    server, begun_s = Server(folder, FLAGS), time.monotonic()
    done, sampler = Soak(), Sampler(server, begun_s)
    try:
        server.start()
        with sampler:
            while time.monotonic() - begun_s < options.minutes * 60:
                play_round(done, server, options, folder, begun_s)
        if status := server.stop():
            done.problems.append(f"the server ended with status {status}: {server.log()}")
    except (ServerEnded, LoadFailedError, UnexpectedAnswerError) as error:
        done.problems.append(str(error))
    finally:
        server.end()
    series = [sampler.memory, sampler.state, sampler.report_memory, sampler.files]
    series += [done.p999, done.slowest]
    done.problems += growth(sampler, done.p999)
    told = summary(done, series, time.monotonic() - begun_s, segments(server.data))
    print(told)
    if options.minutes >= WHOLE_MINUTES:
        publish(told, series, done, options)
    for problem in done.problems:
        print(f"  - {problem}")
    print(f"FAILED: see {folder}" if done.problems else "PASSED")
    if not done.problems:
        rmtree(folder)
    return 1 if done.problems else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=WHOLE_MINUTES)
    parser.add_argument("--seconds", type=float, default=180.0, help="length of a round")
    parser.add_argument("--users", type=int, default=40, help="users of each shape")
    parser.add_argument("--accounts", type=int, default=100, help="accounts of each shape")
    parser.add_argument("--page", type=Path, help="the page that is told what came of it")
    parser.add_argument("--picture", type=Path, help="the SVG file beside it")
    return parser.parse_args(arguments)


def play_round(
    done: Soak, server: Server, options: argparse.Namespace, folder: Path, begun_s: float
) -> None:
    """Two shapes side by side, then the books, then a restart and the books again."""
    number = len(done.orderly) + len(done.killed)
    shapes = (LIFE, BESIDES[number % len(BESIDES)])
    with ThreadPoolExecutor(len(shapes)) as pool:
        at_work = [pool.submit(run_shape, shape, options, server, folder) for shape in shapes]
        ledgers = [each.result() for each in at_work]
    expected = {a: cents for entry in ledgers for a, cents in entry.expected_cents.items()}
    for entry in ledgers:
        note(done, entry, begun_s)
    when = f"round {number}"
    done.problems += audit(server.client, ledgers, expected, f"{when}, before the restart")
    done.snapshots |= {path.name for path in (server.data / "snapshots").glob("*.snapshot")}
    at_s = time.monotonic() - begun_s
    if number % 2:
        done.killed.append(at_s)
        interruption, more = interrupt(server)
        done.problems += interruption.problems
        expected |= more
    else:
        done.orderly.append(at_s)
        if status := server.stop():
            done.problems.append(f"{when}: it ended with status {status}")
        server.start()
    done.accounts += len(expected)
    done.problems += audit(server.client, ledgers, expected, f"{when}, after the restart")


def note(done: Soak, entry: Ledger, begun_s: float) -> None:
    """Take in what one shape saw."""
    done.answers += entry.requests
    done.wrong += entry.wrong
    done.lost += entry.lost
    done.problems += [f"{entry.shape}: {problem}" for problem in entry.problems]
    if entry.unsettled:
        done.problems.append(f"{entry.shape}: {entry.unsettled} whose outcome is not known")
    for at_s, _, p999_ms, slowest_ms in entry.windows:
        done.p999.add(at_s - begun_s, p999_ms)
        done.slowest.add(at_s - begun_s, slowest_ms)


def growth(sampler: Sampler, p999: Series) -> list[str]:
    """What is more at the end than at the beginning."""
    found = []
    begun, ended = sampler.state.medians()
    bounds = (
        (sampler.memory, GROWTH, max(0.0, ended - begun), 0.0),
        (sampler.report_memory, GROWTH, 0.0, 0.0),
        (p999, SLOWER, 0.0, QUICK_MS),
    )
    for each, factor, more, least in bounds:
        first, last = each.medians()
        if last > max(first * factor + more, least):
            found.append(f"{each.title}: {first:.1f} {each.unit} at first, {last:.1f} at last")
    fewest, fewest_at_last = sampler.files.lowest()
    if fewest_at_last > fewest + SPARE_FILES:
        found.append(f"file handles: {fewest:.0f} at least at first, {fewest_at_last:.0f} at last")
    return found


def segments(data: Path) -> int:
    """How many segments a journal has."""
    return len(list((data / "journal").glob("*.journal")))


def summary(done: Soak, series: Sequence[Series], took_s: float, segment_count: int) -> str:
    """What came of it, in Markdown."""
    restarts = len(done.orderly) + len(done.killed)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {took_s / 60:.0f} minutes on {os.cpu_count()} cores, with "
        f"the load on the same machine: {done.answers:,} answers, {done.wrong} wrong, "
        f"{done.lost} lost; {restarts} restarts, {len(done.killed)} of them after kill -9 under "
        f"load; {segment_count} segments, {len(done.snapshots)} snapshots seen; the wallets of "
        f"{done.accounts:,} accounts compared before and after each restart, "
        f"{len(done.problems)} problems.\n\n{table(series)}\n"
    )


def publish(told: str, series: Sequence[Series], done: Soak, options: argparse.Namespace) -> None:
    """Write picture and page, where these are named."""
    if options.picture:
        marks = {"#bbb": done.orderly, "#d33": done.killed}
        options.picture.write_text(picture(series, marks))
    if options.page:
        page = options.page.read_text()
        shown = (
            f"![Memory, file handles and answers over time]({options.picture.name})\n\n"
            if (options.picture)
            else ""
        )
        options.page.write_text(with_part(page, f"{told}\n{shown}"))


def with_part(page: str, part: str) -> str:
    """A page with another text between its marks. ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{part.strip()}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
