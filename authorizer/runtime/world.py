"""What an authorizer needs from outside, and how this machine gives it."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from authorizer.actors.entity import OffLoop
from authorizer.persistence.archive.database import FOLDER as ARCHIVE
from authorizer.persistence.archive.protocol import Archive
from authorizer.persistence.archive.sqlite_archive import SqliteArchive
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.protocol import Journal
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import Recovered
from authorizer.runtime.journal_sync import synced
from authorizer.settings.model import Settings

SPARE_FILES: Final = 64
"""Fewer inodes than these are as good as none."""
KEYS: Final = "keys"
"""The folder of the keys inside the data folder, where the settings name none."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys of personal data are."""

    disk: Disk
    folder: str
    lock: Callable[[], AbstractContextManager[None]] = nullcontext
    """Locks the place while an authorizer runs. The data folder is locked before its recovery."""


@dataclass(frozen=True, slots=True)
class World:
    """All that an authorizer needs from outside, but for the event loop that it runs on."""

    disk: Disk
    """The data folder."""
    keys: KeyPlace
    archive: Archive
    """Closed purchases that have left memory."""
    open_journal: Callable[[Recovered], Journal]
    """Opens the journal behind what was recovered of it."""
    free_bytes: Callable[[], int]
    """What can still be written on the data folder's disk. OSError where that can't be told."""
    random: Callable[[int], bytes]
    """Random bytes, that many, for keys and nonces."""
    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]
    seconds: Callable[[], float]
    """A stopwatch."""
    busy_seconds: Callable[[], float]
    """The processor time of the calling thread."""
    off_loop: OffLoop
    yield_core: Callable[[], object]
    """Lets whatever else is ready to run on the loop's processor core run first."""
    on_failure: Callable[[BaseException], None]
    """Called when the journal or the keys could not be written; it must end the process."""


def real_world(
    settings: Settings, disk: Disk, on_failure: Callable[[BaseException], None]
) -> World:
    """This machine's disk, chance, clocks and threads."""

    def open_journal(recovered: Recovered) -> Journal:
        journal = FileJournal(disk, recovered.journal, settings.segment_mib << 20)
        return synced(journal, settings.journal_sync)

    return World(
        disk=disk,
        keys=key_place(settings, disk),
        archive=SqliteArchive(settings.data / ARCHIVE),
        open_journal=open_journal,
        free_bytes=partial(_free_bytes, settings.data),
        random=os.urandom,
        wall_ns=time.time_ns,
        monotonic_ns=time.monotonic_ns,
        seconds=time.perf_counter,
        busy_seconds=time.thread_time,
        off_loop=_in_a_thread,
        yield_core=os.sched_yield,
        on_failure=on_failure,
    )


def key_place(settings: Settings, disk: Disk) -> KeyPlace:
    """Where the settings put the keys: a folder of their own, or one in the data folder."""
    if settings.personal_keys is None:
        return KeyPlace(disk, KEYS)
    elsewhere = LocalDisk(settings.personal_keys)
    return KeyPlace(elsewhere, ".", elsewhere.lock)


def _free_bytes(folder: Path) -> int:
    """What this user can still write. A disk that takes hardly another file has no room either."""
    found = os.statvfs(folder)
    if found.f_files and found.f_favail < SPARE_FILES:
        return 0
    return found.f_bavail * found.f_frsize


async def _in_a_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)
