"""Syncs by the kernel, on a real loop and a real file; and what stands in where there are none."""

from __future__ import annotations

import asyncio
import errno
import os
import platform
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from authorizer.persistence.disk import DiskFile
from authorizer.persistence.journal.kernel_syncs import KernelSyncs, NoKernelSyncsError
from authorizer.persistence.journal.protocol import Submission
from authorizer.persistence.local_disk import LocalDisk, LocalFile
from authorizer.runtime.journal_sync import synced
from authorizer.settings.kinds import JournalSync
from tests.persistence.journals import open_journal, read
from tests.persistence.ways import KernelJournal
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.usefixtures("no_eventfd_is_left_open")


@pytest.fixture
def no_eventfd_is_left_open() -> Iterator[None]:
    before = eventfds()
    yield
    assert eventfds() == before


def eventfds() -> int:
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder's own is gone
            found += "eventfd" in str(descriptor.readlink())
    return found


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LocalFile]:
    opened = LocalFile(tmp_path / "file")
    yield opened
    opened.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    def to_its_end(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(work, PATIENCE_S))

    return to_its_end


Run = Callable[[Coroutine[Any, Any, None]], None]


class Told:
    """What `done` was called with, and in which thread."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.seen: list[BaseException | None] = []
        self.threads: list[int] = []
        self.event = asyncio.Event()
        self._then = then

    def __call__(self, error: BaseException | None) -> None:
        self.seen.append(error)
        self.threads.append(threading.get_ident())
        self._then()
        self.event.set()


async def close(syncs: KernelSyncs) -> None:
    await asyncio.get_running_loop().run_in_executor(None, syncs.close)


def test_a_sync_is_told_once_and_on_the_loop_after_it_was_begun(run: Run, file: LocalFile) -> None:
    async def work() -> None:
        syncs = KernelSyncs(asyncio.get_running_loop(), file)
        for _ in range(3):
            file.write(b"x")
            told = Told()
            syncs.sync(file, told)
            assert told.seen == []
            await told.event.wait()
            await asyncio.sleep(0)
            assert (told.seen, told.threads) == ([None], [threading.get_ident()])
        await close(syncs)

    run(work())


def test_a_function_runs_elsewhere_and_is_told_on_the_loop(run: Run, file: LocalFile) -> None:
    async def work() -> None:
        syncs = KernelSyncs(asyncio.get_running_loop(), file)
        seen: list[int] = []
        told = Told()
        syncs.run(lambda: seen.append(threading.get_ident()), told)
        await told.event.wait()
        assert (told.seen, told.threads) == ([None], [threading.get_ident()])
        assert seen != told.threads
        bug = ValueError("a bug")

        def fail() -> None:
            raise bug

        told = Told()
        syncs.run(fail, told)
        await told.event.wait()
        assert told.seen == [bug]
        await close(syncs)

    run(work())


def test_closing_waits_for_all_that_is_begun_out_of_what_was_begun(
    run: Run, file: LocalFile
) -> None:
    async def work() -> None:
        syncs = KernelSyncs(asyncio.get_running_loop(), file)
        left = 20

        def again() -> None:
            nonlocal left
            left -= 1
            if left % 5 == 0 and left:
                syncs.run(lambda: None, told)
            elif left:
                syncs.sync(file, told)

        told = Told(again)
        syncs.sync(file, told)
        await close(syncs)
        assert (left, len(told.seen)) == (0, 20)

    run(work())


def test_a_sync_that_fails_is_told_with_the_file(
    run: Run, file: LocalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel tells it: by a negative result."""

    async def work() -> None:
        syncs = KernelSyncs(asyncio.get_running_loop(), file)
        see_events = syncs._numbers.events
        call = KernelSyncs._call

        def fail(self: KernelSyncs, number: int, *arguments: Any) -> None:
            call(self, number, *arguments)
            if number == see_events:
                self._event.result = -errno.EIO

        monkeypatch.setattr(KernelSyncs, "_call", fail)
        told = Told()
        syncs.sync(file, told)
        await told.event.wait()
        (error,) = told.seen
        assert isinstance(error, OSError)
        assert (error.errno, error.filename) == (errno.EIO, file.path)
        with pytest.raises(OSError, match="Input/output error"):  # never taken for "can't do it"
            KernelSyncs(asyncio.get_running_loop(), file)
        monkeypatch.undo()
        await close(syncs)

    run(work())


# --- where there are none ------------------------------------------------------------------------


class Pipe(DiskFile):
    """A file that nobody can sync."""

    def __init__(self) -> None:
        self.ends = os.pipe()

    path = "a pipe"

    def write(self, data: bytes) -> None:
        raise AssertionError

    def sync(self) -> None:
        raise AssertionError

    def fileno(self) -> int:
        return self.ends[1]

    def close(self) -> None:
        for end in self.ends:
            os.close(end)


def test_a_file_that_the_kernel_does_not_sync_is_refused_before_anything_is_written(
    run: Run,
) -> None:
    async def work() -> None:
        pipe = Pipe()
        with pytest.raises(NoKernelSyncsError, match="Invalid argument"):
            KernelSyncs(asyncio.get_running_loop(), pipe)
        pipe.close()

    run(work())


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of which nothing is known."""
    monkeypatch.setattr(platform, "machine", lambda: "vax")


def synced_by(folder: Path, how: JournalSync) -> str:
    async def opened() -> str:
        journal = synced(open_journal(LocalDisk(folder)), how)
        await asyncio.get_running_loop().run_in_executor(None, journal.close)
        return journal.synced_by

    return asyncio.run(asyncio.wait_for(opened(), PATIENCE_S))


def test_the_kernel_syncs_the_journal_unless_a_thread_is_to(tmp_path: Path) -> None:
    assert {how: synced_by(tmp_path, how) for how in ("auto", "aio", "thread")} == {
        "auto": "aio",
        "aio": "aio",
        "thread": "thread",
    }


@pytest.mark.usefixtures("without")
def test_a_thread_does_it_where_the_kernel_can_not(tmp_path: Path) -> None:
    assert synced_by(tmp_path, "auto") == "thread"


@pytest.mark.usefixtures("without")
def test_nothing_else_is_done_where_aio_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"journal_sync aio: this system can't: .* vax"):
        synced_by(tmp_path, "aio")


class Late(Submission):
    """A batch that comes when all is over."""

    taken = False
    first_position = 1

    def take(self) -> list[bytes]:
        self.taken = True
        return [b"late"]

    def written(self, _: bytes) -> None:
        raise AssertionError

    def failed(self, _: BaseException) -> None:
        raise AssertionError


def test_what_is_submitted_after_the_end_is_not_written(tmp_path: Path) -> None:
    """The number of a closed file may be another file's by then."""
    disk = LocalDisk(tmp_path)
    journal = KernelJournal(open_journal(disk))
    journal.close()
    late = Late()
    super(KernelJournal, journal).submit(late)
    assert not late.taken
    assert read(disk).records == []
