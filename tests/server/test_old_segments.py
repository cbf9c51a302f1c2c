"""The process that checks old segments, and what the server makes of what it says."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import pytest
import structlog

from authorizer.persistence.state.recovery import Unread
from authorizer.server import old_segments
from authorizer.server.old_segments import OldSegments
from tests.support.processes import is_gone
from tests.support.server import PROJECT
from tests.support.waiting import PATIENCE_S, eventually

UNREAD = Unread(50, bytes(32), 1000)
SILENT = "import sys; sys.stdin.read()"
"""Says nothing, and ends with its input."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_segments, "START_SECONDS", 0)
    monkeypatch.setattr(old_segments, "PAUSE_SECONDS", 0)


class House:
    """A check by programs of Python, one after the other; how often it told of damage."""

    def __init__(self, program: str, unread: Unread | None = UNREAD) -> None:
        self.told = 0
        self.check = OldSegments([sys.executable, "-c", program], unread, self._tell)

    def _tell(self) -> None:
        self.told += 1

    def run(self) -> Sequence[structlog.typing.EventDict]:
        """Have all be checked; the lines in the log."""
        with structlog.testing.capture_logs() as lines:
            asyncio.run(asyncio.wait_for(self.check.check(), PATIENCE_S))
        return lines


def test_where_all_was_read_nothing_is_checked() -> None:
    house = House("nothing that could run", unread=None)
    assert house.check.state() == {"state": "whole", "unchecked": 0}
    assert house.run() == []


def test_what_is_still_to_come_is_told() -> None:
    house = House(SILENT)
    assert house.check.state() == {"state": "checking", "unchecked": 50}


def test_the_end_is_told() -> None:
    house = House("""print('{"position": 20}\\n{"position": 50}')""")
    (line,) = house.run()
    assert (line["event"], line["until"]) == ("old segments checked", 50)
    assert house.check.state() == {"state": "whole", "unchecked": 0}
    assert house.told == 0


def test_damage_is_told_once() -> None:
    house = House("""print('{"position": 20}\\n{"problem": "a file, a place"}')""")
    (line,) = house.run()
    assert (line["event"], line["log_level"]) == ("the journal is damaged", "critical")
    assert line["problem"] == "a file, a place"
    assert house.told == 1
    assert house.check.state() == {
        "state": "damaged",
        "unchecked": 30,
        "problem": "a file, a place",
    }


def test_a_process_that_dies_is_started_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Killed within a line, say, by a system without memory: that is no damage."""
    mark = tmp_path_factory.mktemp("mark") / "was here"
    house = House(
        f"import pathlib, sys; mark = pathlib.Path({str(mark)!r})\n"
        """if mark.exists(): print('{"position": 50}'); sys.exit()\n"""
        """mark.touch(); sys.stdout.write('{"problem": "a f'); sys.exit(9)"""
    )
    again, end = house.run()
    assert again["event"] == "old segments are not checked yet"
    assert again["problem"] == "the process ended with status 9"
    assert end["event"] == "old segments checked"
    assert house.told == 0


def test_a_process_that_cannot_be_started_is_tried_again() -> None:
    house = House("")
    house.check._command = ["/no/such/program"]

    async def two_tries() -> None:
        task = asyncio.create_task(house.check.check())
        await eventually(lambda: len(lines) >= 2)
        task.cancel()

    with structlog.testing.capture_logs() as lines:
        asyncio.run(two_tries())
    assert "/no/such/program" in lines[0]["problem"]


def test_no_process_is_left_behind_where_the_server_ends() -> None:
    pid = """import os; print('{"position": %d}' % os.getpid(), flush=True)\n"""
    house = House(pid + SILENT)

    async def end_amid() -> None:
        task = asyncio.create_task(house.check.check())
        await eventually(lambda: house.check.unchecked_records != 50)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(end_amid())
    assert is_gone(50 - house.check.unchecked_records)


def test_the_process_ends_where_its_server_is_gone() -> None:
    """It sees that by the end of its input, whatever it is at."""
    program = (
        "import time; from authorizer.server import old_segments_child as child\n"
        "child.check_up_to = lambda *_: time.sleep(600)\n"
        "child.main(['.', '1', ''])"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT) as it:
        assert it.stdin is not None
        it.stdin.close()
        assert it.wait(PATIENCE_S) == 1
