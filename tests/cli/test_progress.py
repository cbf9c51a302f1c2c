"""On a terminal a progress bar and lines keep out of each other's way."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.command_line import account, command_line, done, flip, take_snapshot, write_lines
from tests.support.screen import lines_on, read, terminal
from tests.support.server import PROJECT, environment, free_port, python

BAR: Final = re.compile(r"(\w+)  \[[# ]+\] +([0-9]+)%(  [0-9:]+)?")
LOG_LINE: Final = re.compile(r"[0-9-]+T[0-9:.]+Z \[\w+ *\] [^\[#]+(\[[\w.]+\])?( *\w+=\S.*)?")
LOGGING: Final = """\
import sys, threading
import click
import structlog
from authorizer.cli.progress import progress, status_line, tell
from authorizer.logs.root import flush_logs
from authorizer.logs.setup import configure_logging

command = click.Context(click.Command("work")).scope()
command.__enter__()
configure_logging("auto", "info", status_line(), in_background=sys.argv[1] == "background")
log = structlog.get_logger()

def say() -> None:
    for number in range(200):
        log.info(f"line {number}", of="a thread")

with progress("Working", 20_000) as passed:
    saying = threading.Thread(target=say)
    saying.start()
    for number in range(20_000):
        passed(1)
        if not number % 1_000:
            tell(f"told {number}")
    saying.join()
log.info("after the bar")
flush_logs()
"""


def bars(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The label and the percentage of each bar that has stayed on the screen."""
    found = [BAR.fullmatch(line) for line in lines]
    return [(bar[1], bar[2]) for bar in found if bar is not None]


def shown_by(*command: str, status: int = 0) -> list[str]:
    """What stands on the terminal once a process has ended."""
    with terminal() as (screen, end):
        process = subprocess.Popen(
            command, stdout=end, stderr=end, cwd=PROJECT, env=environment(), close_fds=True
        )
        end.close()
        shown = b"".join(iter(lambda: read(screen), b""))
        assert process.wait(60) == status, shown.decode()
    return lines_on(shown)


@pytest.mark.parametrize("logging", ["background", "at once"])
def test_lines_of_any_thread_are_above_the_bar(logging: str) -> None:
    *lines, last = shown_by(python(), "-c", LOGGING, logging)
    assert last == ""
    assert bars(lines) == [("Working", "100")]
    told = [line for line in lines if line.startswith("told")]
    assert told == [f"told {number}" for number in range(0, 20_000, 1_000)]
    logged = [line for line in lines if LOG_LINE.fullmatch(line)]
    assert [line.split("]")[1].split("  ")[0].strip() for line in logged] == [
        *(f"line {number}" for number in range(200)),
        "after the bar",
    ]
    assert len(lines) == 1 + len(told) + len(logged)
    assert lines.index(next(line for line in lines if BAR.fullmatch(line))) == len(lines) - 2


def test_a_start_on_a_terminal_ends_the_bar_before_it_logs(demo: Path) -> None:
    flip(take_snapshot(demo), 100)
    port = str(free_port())
    with terminal() as (screen, end):
        process = subprocess.Popen(
            command_line("serve", "--data", demo, "--port", port),
            stdout=end,
            stderr=end,
            cwd=PROJECT,
            env=environment(),
        )
        end.close()
        try:
            shown = b""
            while b"serving on" not in shown:
                more = read(screen)
                assert more, shown.decode()
                shown += more
            process.send_signal(signal.SIGTERM)
            shown += b"".join(iter(lambda: read(screen), b""))
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
    lines = lines_on(shown)
    assert bars(lines) == [("Recovering", "100")]
    assert BAR.fullmatch(lines[0])
    logged = [line for line in lines if LOG_LINE.fullmatch(line)]
    for event in ("snapshot passed over", "recovered", "draining", "ended"):
        assert [line for line in logged if f"] {event} " in line or line.endswith(event)], event
    for line in lines:
        assert "\x1b" not in line
        assert "Recovering" not in line or BAR.fullmatch(line)


def test_what_an_import_refuses_is_above_its_bar(demo: Path, tmp_path: Path) -> None:
    good = [account(f"new-{number}", CASH=1) for number in range(20)]
    file = write_lines(tmp_path / "lines", *(line for one in good for line in (one, "no JSON")))
    lines = shown_by(*command_line("import", file, "--data", demo), status=1)
    refused = [line for line in lines if line.startswith(f"{file}")]
    assert len(refused) == 20
    assert bars(lines) == [("Recovering", "100"), ("Importing", "100")]
    assert lines[len(refused) + 2 :][-2:] == ["20 lines were refused", ""]


def test_tables_are_rebuilt_with_a_bar_for_each_part(demo: Path) -> None:
    lines = shown_by(*command_line("reports", "rebuild", "--data", demo))
    assert bars(lines) == [("Reading", "100"), ("Rebuilding", "100")]
    assert len(lines) == 4
    assert lines[2].endswith("events are in the tables")


def test_a_check_has_its_bar_and_then_the_findings(demo: Path) -> None:
    done("snapshot", "--data", demo)
    lines = shown_by(*command_line("verify", "--data", demo))
    assert bars(lines) == [("Verifying", "100")]
    assert BAR.fullmatch(lines[0])
    assert lines[1].startswith("head ")


def test_a_backtest_has_its_bar_and_then_its_tables(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "limits.json"
    file.write_text('{"dia": {"window": "day", "max_amount": 1}}')
    lines = shown_by(*command_line("backtest", file, "--data", demo))
    assert {label for label, _ in bars(lines)} == {"Backtesting"}
    assert any(line.startswith("limit ") for line in lines)


def test_an_explanation_has_its_bar(demo: Path) -> None:
    names = ("--account", "123", "--id", "nothing")
    lines = shown_by(*command_line("explain", *names, "--data", demo), status=1)
    assert {label for label, _ in bars(lines)} == {"Reading"}
    assert "Error: account '123' has no decision on purchase 'nothing'" in lines
