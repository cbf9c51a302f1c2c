"""Logging waits for nobody, says how often it did not say something, and how much is lost."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import structlog

from authorizer.logs.background import MAX_QUEUED_BYTES, BackgroundHandler
from authorizer.logs.repeats import BURST, MAX_KINDS, WINDOW_SECONDS, Kind, Repeats
from authorizer.terminal import StatusLine
from tests.support.pipes import fill

KIND = Kind("a", logging.WARNING, "again")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its two ends: to read, to write."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


@contextmanager
def logger_to(file_number: int) -> Iterator[tuple[logging.Logger, BackgroundHandler]]:
    """A logger of its own whose lines are only their texts; what sums them up goes the same way."""
    handler = BackgroundHandler(file_number, StatusLine())
    root = logging.getLogger()
    root.addHandler(handler)
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    try:
        yield logging.getLogger("a"), handler
    finally:
        structlog.configure(**before)
        root.removeHandler(handler)
        handler.close()


def read_until(file_number: int, *texts: str) -> str:
    """What comes, until all of this is in it."""
    came = ""
    while not all(text in came for text in texts):
        more = os.read(file_number, 1 << 16)
        assert more, came
        came += more.decode()
    return came


def test_lines_are_written_in_their_order(pipe: tuple[int, int]) -> None:
    with logger_to(pipe[1]) as (logger, handler):
        for number in range(100):
            logger.warning("line " + str(number))  # noqa: G003
        handler.flush()
    os.close(pipe[1])
    assert os.read(pipe[0], 1 << 16).decode().split("\n")[:-1] == [f"line {n}" for n in range(100)]


def test_nobody_waits_for_a_reader_that_stalls_and_what_is_lost_is_told(
    pipe: tuple[int, int],
) -> None:
    filled = fill(pipe[1])
    line = "x" * 10_000
    with logger_to(pipe[1]) as (logger, handler):
        for number in range(200):
            logger.warning(str(100 + number) + " " + line)  # noqa: G003
        queued = MAX_QUEUED_BYTES // (len(line) + 5)
        assert handler.lost == 200 - queued
        left = filled
        while left:
            left -= len(os.read(pipe[0], min(left, 1 << 16)))
        came = read_until(pipe[0], "log lines lost")
        assert came.count(line) == queued
        assert f"lines={200 - queued}" in came or f"'lines': {200 - queued}" in came


def test_an_end_does_not_wait_for_a_reader_that_stalls(pipe: tuple[int, int]) -> None:
    fill(pipe[1])
    with logger_to(pipe[1]) as (logger, handler):
        logger.warning("never read")
    assert handler._thread.is_alive()


def test_a_reader_that_is_gone_costs_lines_only(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    with logger_to(pipe[1]) as (logger, handler):
        logger.warning("one")
        logger.warning("two")
        handler.flush()
        assert handler.lost >= 2


def test_a_line_that_cannot_be_put_together_is_lost_and_no_other(pipe: tuple[int, int]) -> None:
    with logger_to(pipe[1]) as (_, handler):
        for text in ("%d", "good %s"):
            handler.handle(logging.LogRecord("a", logging.ERROR, "", 0, text, ("\ud800",), None))
        assert "good ?" in read_until(pipe[0], "good")
        assert handler.lost == 1


def test_lines_that_repeat_are_summed_up(pipe: tuple[int, int]) -> None:
    with logger_to(pipe[1]) as (logger, handler):
        for number in range(BURST + 7):
            logger.error("again %d", number)
        logger.error("another")
        assert handler.left_out == 7
        handler.flush()
        came = read_until(pipe[0], "left out")
    assert came.count("again") == BURST + 1
    assert "another" in came
    assert "again %d" in came


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_later_lines_are_told_again_and_so_is_what_was_left_out() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    assert [repeats.passes(KIND) for _ in range(BURST + 2)] == [True] * BURST + [False] * 2
    assert repeats.take_sums() == []
    clock.now += WINDOW_SECONDS
    assert repeats.passes(KIND)
    assert repeats.take_sums() == [(KIND, 2)]
    clock.now += WINDOW_SECONDS
    assert repeats.take_sums() == []


def test_a_flood_that_ends_is_summed_up_without_another_line() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    for _ in range(BURST + 5):
        repeats.passes(KIND)
    clock.now += WINDOW_SECONDS
    assert repeats.take_sums() == [(KIND, 5)]
    assert repeats.take_sums() == []


def test_kinds_are_bounded() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    passed = sum(repeats.passes(KIND._replace(event=str(number))) for number in range(10_000))
    assert passed == MAX_KINDS + BURST
    assert len(repeats._windows) == MAX_KINDS + 1
    clock.now += WINDOW_SECONDS
    assert sum(lines for _, lines in repeats.take_sums()) == 10_000 - passed
    assert repeats._windows == {}


def test_json_lines_name_what_they_sum_up() -> None:
    """As the server writes them; a process of its own, for logging is global."""
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    program = """
import structlog
from authorizer.logs.repeats import BURST
from authorizer.logs.root import line_counts
from authorizer.logs.setup import configure_logging
from authorizer.terminal import StatusLine
configure_logging("json", "info", StatusLine(), in_background=True)
for number in range(BURST + 3):
    structlog.get_logger().warning("again", number=number)
assert line_counts() == (0, 3)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["again"] * BURST + ["log lines left out"]
    told = lines[-1]
    assert (told["like"], told["lines"], told["level"]) == ("again", 3, "warning")
