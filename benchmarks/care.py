"""care: customer care asks its questions while purchases run at half of what the server can do.

A data folder is written first, with customers, their cards, three months of purchases, and tickets
from their opening to their resolution. Then, in turns within one run, full load on a server with
its read models and on one without: the medians are the capacity and the slowdown. At last one
connection asks every kind of question in turn while wrk posts purchases at half of the capacity,
and then somebody of the desk and an operator ask for the pages of the console.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median

from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.record import encode
from authorizer.runtime.world import KEYS
from benchmarks import books, servers, wrk
from benchmarks import care_people as people
from benchmarks.care_history import Scale, history
from benchmarks.care_pages import Pages
from benchmarks.care_questions import Answers, Asker, Questions, ask_until
from benchmarks.journals import new_journal
from benchmarks.report import Figure, at_least, below
from benchmarks.turns import Contender
from tests.support.server import Server

NAME = "care"
BATCH_RECORDS = 2048
P95_TARGET_MS = 100.0
P99_TARGET_MS = 100.0
RATIO_TARGET = 0.95
TURN_SECONDS = 5
PAUSE_S = 0.005
CATCH_UP_S = 1800
START_S = 300


class NotCaughtUpError(Exception):
    """The read models did not reach the journal's end in time."""


def measure(folder: Path, *, factor: float, rounds: int, seconds: int) -> list[Figure]:
    """Measure with a share of 100,000 customers, 1,000,000 transactions and 100,000 tickets."""
    scale = Scale.of(factor)
    with_models, without = folder / "with", folder / "without"
    figures = [*_written(with_models / "data", scale)]
    shutil.copytree(with_models / "data", without / "data")
    with _server(with_models) as server:
        started = time.perf_counter()
        caught_up(server)
        behind_s = time.perf_counter() - started
        figures.append(Figure(NAME, "read models: from nothing to the end", behind_s, "s"))
        with _server(without, "--reports", "false") as bare:
            full = Contender("with", server, scale.customers)
            other = Contender("without", bare, scale.customers)
            for number in range(rounds):
                _round(full, other, bare_first=number % 2 == 1)
        pairs = list(zip(full.turns, other.turns, strict=True))
        capacity = median(turn.load.per_second for turn in full.turns)
        ratio = median(turn.load.per_second / bare.load.per_second for turn, bare in pairs)
        cpu_ratio = median(turn.cpu_us / bare.cpu_us for turn, bare in pairs)
        figures += [
            Figure(NAME, "authorizations at full load", capacity, "1/s"),
            at_least(NAME, "full load, with read models ÷ without", ratio, "", RATIO_TARGET),
            Figure(NAME, "server's processor time a purchase, with ÷ without", cpu_ratio, ""),
        ]
        for title, questions in (
            ("questions", Questions(server.port, scale)),
            ("pages", Pages(server, scale)),
        ):
            figures += _questioned(title, server, scale, questions, capacity / 2, seconds)
            questions.close()
    return figures


def write_folder(data: Path, scale: Scale, until_us: int) -> int:
    """A data folder with everything in it; the number of events."""
    disk = LocalDisk(data)
    journal = new_journal(data)
    vault = Vault(disk, KEYS)
    vault.create(people.customer_id(number) for number in range(scale.customers))
    records = map(encode, history(scale, until_us, vault.seal))
    while batch := list(islice(records, BATCH_RECORDS)):
        journal.write(journal.position + 1, batch)
    journal.close()
    vault.close()
    return journal.position


def _written(data: Path, scale: Scale) -> Iterator[Figure]:
    started = time.perf_counter()
    written = write_folder(data, scale, time.time_ns() // 1000)
    print(f"  {written:,} events in {time.perf_counter() - started:.0f} s", flush=True)
    yield Figure(NAME, "customers", scale.customers, "")
    yield Figure(NAME, "transactions", scale.transactions, "")
    yield Figure(NAME, "tickets", scale.tickets, "")


@contextmanager
def _server(folder: Path, *flags: str) -> Iterator[Server]:
    """A ready server; one that recovers millions of events takes its time."""
    server = Server(folder, ("--log-level", "warning", *flags))
    try:
        started = time.perf_counter()
        server.spawn()
        server.wait_ready(START_S)
        print(f"  ready after {time.perf_counter() - started:.0f} s", flush=True)
        yield server
    finally:
        server.end()


def caught_up(server: Server) -> None:
    """Wait until the read models have reached the end of the journal.

    Raises:
        NotCaughtUpError: they did not within half an hour.
    """
    deadline = time.monotonic() + CATCH_UP_S
    asker = Asker(server.port)
    try:
        while asker.ask("/chamados?limite=1")[0] != 200:
            if time.monotonic() > deadline:
                raise NotCaughtUpError(server.log())
            time.sleep(0.1)
    finally:
        asker.close()


def _round(server: Contender, bare: Contender, bare_first: bool) -> None:
    """Full load on both, one after the other, while the other one has nothing to do."""
    if bare_first:
        bare.take_turn(TURN_SECONDS)
    server.take_turn(TURN_SECONDS)
    caught_up(server.server)
    if not bare_first:
        bare.take_turn(TURN_SECONDS)
    with_s, without_s = (one.turns[-1].load.per_second for one in (server, bare))
    print(f"  with {with_s:,.0f}/s, without {without_s:,.0f}/s", flush=True)


def _questioned(
    title: str,
    server: Server,
    scale: Scale,
    questions: Questions | Pages,
    per_second: float,
    seconds: int,
) -> Iterator[Figure]:
    """Questions while purchases run at this rate."""
    url = servers.url(server)
    before = servers.decisions_by_code(server)
    with wrk.paced(url, scale.customers, seconds, per_second) as load:
        answers = ask_until(questions.kinds, load.is_over, PAUSE_S)
        measured = load.result()
    yield Figure(NAME, f"half load, {title}: authorizations", measured.per_second, "1/s")
    yield below(
        NAME, f"half load, {title}: p99", measured.percentiles_ms["99"], "ms", P99_TARGET_MS
    )
    decisions = servers.decisions_by_code(server) - before
    yield books.declined(NAME, f"half load, {title}: declined", decisions)
    for kind, found in answers.items():
        yield from _answer_figures(kind, found)


def _answer_figures(kind: str, answers: Answers) -> Iterator[Figure]:
    yield Figure(NAME, f"{kind}: p50", answers.percentile_ms(0.5), "ms")
    yield below(NAME, f"{kind}: p95", answers.percentile_ms(0.95), "ms", P95_TARGET_MS)
    yield Figure(NAME, f"{kind}: slowest", answers.percentile_ms(1), "ms")
    if answers.refused:
        count = answers.refused
        yield Figure(NAME, f"{kind}: refused", count, f"of {len(answers.seconds)}", "0", False)
