"""A second follower over the process of the first: through restarts, crashes, another journal."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.followers import process as process_module
from authorizer.followers.open_queries import NoAnswerError
from authorizer.followers.process import FollowerProcess
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import encode
from tests.support.server import PROJECT
from tests.support.waiting import in_time

SMALL_SEGMENT = 2_000


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(process_module, "LONGEST_PAUSE_SECONDS", 0.01)


class Folder:
    """A data folder into whose journal purchases are written, and the file of their count."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.counts = folder / "counts.json"
        self.data.mkdir(exist_ok=True)
        disk = LocalDisk(self.data)
        reader = JournalReader(disk)
        for _ in reader:
            pass
        self.journal = FileJournal(disk, reader, SMALL_SEGMENT)

    def buy(self, account: str = "a") -> None:
        number = self.journal.position + 1
        event = PurchaseApproved(
            number, "t", account, str(number), 1, "5811", "M", None, None, "MEAL"
        )
        self.journal.write(number, [encode(event)])

    @property
    def kept_position(self) -> int:
        position: int = json.loads(self.counts.read_text())[0][0]
        return position

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[FollowerProcess]:
        command = [sys.executable, "-m", "tests.followers.counting", self.data, self.counts]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        process = FollowerProcess(
            "counts", list(map(str, command)), environment, lambda: self.journal.position, 30.0
        )
        async with process.at_work():
            yield process


async def counted(process: FollowerProcess) -> int:
    count: int = await process.ask("count", {"type": "PurchaseApproved"})
    return count


def test_what_is_durable_is_counted(tmp_path: Path) -> None:
    async def test() -> None:
        folder = Folder(tmp_path)
        async with folder.counting() as process:
            for bought in range(1, 6):
                folder.buy()
                assert await counted(process) == bought
            assert process.position == folder.journal.position == 5

    in_time(test())


def test_a_restart_goes_on_where_the_follower_was(tmp_path: Path) -> None:
    async def test() -> None:
        folder = Folder(tmp_path)
        for _ in range(20):
            folder.buy()
        async with folder.counting() as process:
            assert await counted(process) == 20
        assert folder.kept_position == 20
        folder.buy()
        first, *_ = sorted((folder.data / "journal").iterdir())
        first.unlink()  # nobody reads again what was counted
        async with folder.counting() as process:
            assert await counted(process) == 21

    in_time(test())


def test_a_crash_counts_nothing_twice_and_nothing_is_missed(tmp_path: Path) -> None:
    async def test() -> None:
        folder = Folder(tmp_path)
        async with folder.counting() as process:
            folder.buy()
            assert await counted(process) == 1
            for crash in range(1, 4):
                number = process.process_id
                assert number is not None
                os.kill(number, signal.SIGKILL)
                folder.buy()
                while process.process_id in (None, number):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
                assert await counted(process) == 1 + crash

    in_time(test())


def test_counts_of_another_journal_begin_anew(tmp_path: Path) -> None:
    async def test() -> None:
        folder = Folder(tmp_path)
        for _ in range(3):
            folder.buy()
        async with folder.counting() as process:
            assert await counted(process) == 3
        shutil.rmtree(folder.data)
        other = Folder(tmp_path)
        for _ in range(4):
            other.buy("another")
        async with other.counting() as process:
            assert await counted(process) == 4

    in_time(test())


def test_a_bug_in_an_answer_ends_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        folder = Folder(tmp_path)
        folder.buy()
        async with folder.counting() as process:
            with pytest.raises(NoAnswerError, match="bug"):
                await process.ask("nothing", {})
            assert await counted(process) == 1

    in_time(test())
