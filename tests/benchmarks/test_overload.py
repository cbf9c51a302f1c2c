"""The generator in C against a server of ours, and what is worked out of its records."""

from __future__ import annotations

import os
import resource
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from benchmarks import open_loop, overload
from benchmarks.open_loop import (
    APPROVED,
    NOT_SENT,
    OVERLOADED,
    RECORD,
    TOO_LATE,
    Generator,
    Load,
    OpenLoopError,
    Stall,
)
from benchmarks.wrk import FIRST_ACCOUNT, Spread

MS = 1_000_000
needs_gcc = pytest.mark.skipif(
    not open_loop.available() and "CI" not in os.environ, reason=open_loop.INSTALL
)


def load(*records: tuple[int, int, int, int]) -> Load:
    rows = [(due * MS, wrote * MS, answered * MS, what) for due, wrote, answered, what in records]
    return Load(np.array(rows, RECORD), seconds=2.0)


MIXED = load(
    (0, 0, 100, APPROVED),
    (10, 20, 115, APPROVED),
    (20, 20, 121, APPROVED),
    (30, 30, 31, OVERLOADED),
    (40, 40, 240, TOO_LATE),
    (50, 0, 0, NOT_SENT),
)


def test_a_percentile_since_requests_were_due_counts_those_that_were_not_approved() -> None:
    assert MIXED.percentile_since_due_ms(0) == 100
    assert MIXED.percentile_since_due_ms(40) == 105
    assert MIXED.percentile_since_due_ms(41) == float("inf")


def test_late_is_what_came_after_the_caller_gave_up_from_writing_or_from_when_it_was_due() -> None:
    assert MIXED.late_share() == pytest.approx(1 / 3)
    assert MIXED.late_share("due_ns") == pytest.approx(2 / 3)


def test_what_was_not_sent_is_neither_approved_nor_declined() -> None:
    assert MIXED.due_per_second == 3
    assert MIXED.not_sent_share == pytest.approx(1 / 6)
    assert (MIXED.approved_per_second, MIXED.declined_per_second) == (1.5, 1.0)
    assert MIXED.percentile_ms(100, OVERLOADED) == 1
    assert MIXED.percentile_ms(50, open_loop.OTHER) == 0


def test_normal_is_where_half_a_second_begins_in_which_all_were_approved_in_time() -> None:
    assert MIXED.seconds_to_normal(0) == pytest.approx(0.05)
    assert MIXED.seconds_to_normal(45 * MS) == pytest.approx(0.005)
    assert MIXED.seconds_to_normal(51 * MS) == 0
    assert MIXED.seconds_to_normal(1600 * MS) == float("inf"), "nobody saw half a second"
    again = load((0, 0, 200, APPROVED), (700, 0, 900, APPROVED), (800, 0, 801, OVERLOADED))
    assert again.seconds_to_normal(0) == 0, "what came much later is another matter"
    assert again.seconds_to_normal(300 * MS) == pytest.approx(0.5)


def test_the_figures_say_which_targets_are_missed() -> None:
    figures = overload.judged("2 x", MIXED, capacity=2, throughput=True)
    assert [figure.met for figure in figures] == [False, None, False]
    good = load((0, 0, 99, APPROVED), (0, 0, 99, APPROVED))
    figures = overload.judged("2 x", good, capacity=1, throughput=True)
    assert [figure.met for figure in figures] == [True, None, True]


def test_a_stall_ends_after_its_length() -> None:
    assert Stall(at_s=1.5, length_s=0.25).end_ns == 1750 * MS


@contextmanager
def answering(reason: bytes, requests: list[bytes] | None = None) -> Iterator[int]:
    """A server that gives one answer to whatever comes, and keeps that; its port."""
    head = b"HTTP/1.1 200 OK\r\nauthorizer-reason: " + reason + b"\r\ncontent-length: 13\r\n\r\n"
    answer = head + b'{"code":"00"}'

    def serve(connection: socket.socket) -> None:
        with connection:
            while request := connection.recv(4096):
                if requests is not None:
                    requests.append(request)
                connection.sendall(answer[:50])
                connection.sendall(answer[50:])

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            acceptor.join()


@needs_gcc
@pytest.mark.parametrize(
    ("reason", "outcome"),
    [(b"approved", APPROVED), (b"overloaded", OVERLOADED), (b"too_late", TOO_LATE)],
)
def test_each_request_is_recorded_with_its_outcome(
    tmp_path: Path, reason: bytes, outcome: int
) -> None:
    program = open_loop.build(tmp_path)
    with answering(reason) as port:
        made = Generator(program, port, pid=0, accounts=10).run(3, 200, 0.5)
    assert len(made.records) == 100
    sent = made.records[made.records["outcome"] != NOT_SENT]
    assert set(sent["outcome"]) == {outcome}
    assert (sent["written_ns"] >= sent["due_ns"]).all()
    assert (sent["answered_ns"] > sent["written_ns"]).all()
    assert np.diff(made.records["due_ns"]) == pytest.approx(5 * MS, abs=2)


@needs_gcc
def test_accounts_are_used_as_people_use_cards_and_the_core_is_left_to_others(
    tmp_path: Path,
) -> None:
    """Each load draws the same accounts, so the counts are always these."""
    program = open_loop.build(tmp_path)
    requests: list[bytes] = []
    with answering(b"approved", requests) as port:
        made = Generator(program, port, 0, accounts=1000, spread=Spread.ZIPF, sleeps=True)
        rests_before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
        load = made.run(20, 200, 0.5)
        rests = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw - rests_before
    assert len(load.records) == 100
    assert rests > 50, "it gave its core away of its own will, again and again"
    numbers = Counter(int(request.partition(b'"account":"')[2][:10]) for request in requests)
    assert min(numbers) >= FIRST_ACCOUNT
    assert max(numbers) < FIRST_ACCOUNT + 1000
    (most_used, times), *_ = numbers.most_common(1)
    assert most_used == FIRST_ACCOUNT
    assert times > 0.05 * numbers.total(), "alike, each would have a thousandth"


@needs_gcc
def test_an_answer_that_is_none_of_a_purchase_ends_the_benchmark(tmp_path: Path) -> None:
    program = open_loop.build(tmp_path)
    with (
        answering(b"malformed") as port,
        pytest.raises(OpenLoopError, match="or a wrong one"),
    ):
        Generator(program, port, pid=0, accounts=10).run(1, 0, 0.1)
    with pytest.raises(OpenLoopError, match="connect"):
        Generator(program, 1, pid=0, accounts=10).run(1, 0, 0.1)
