"""What the authorizer needs from outside, and this machine's own."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from authorizer.actors.entity import OffLoop
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.local_disk import LocalDisk
from authorizer.settings.model import Settings

KEYS: Final = "keys"
"""The folder of the keys inside the data folder, where the settings name none."""


@dataclass(frozen=True, slots=True)
class World:
    """What the authorizer needs from outside. A simulation passes its own."""

    disk: Disk
    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]
    seconds: Callable[[], float]
    off_loop: OffLoop
    start_writer: Callable[[GroupCommit], Callable[[], None]]
    """Has a group commit run, and returns what ends it and waits for its end."""
    on_failure: Callable[[BaseException], None]
    """Called when the journal or the keys could not be written; it must end the process."""


def real_world(disk: Disk, on_failure: Callable[[BaseException], None]) -> World:
    """This machine's clocks, threads and running event loop."""
    loop = asyncio.get_running_loop()

    async def off_loop(function: Callable[..., Any], *arguments: Any) -> Any:
        return await loop.run_in_executor(None, function, *arguments)

    return World(
        disk=disk,
        wall_ns=time.time_ns,
        monotonic_ns=time.monotonic_ns,
        seconds=time.perf_counter,
        off_loop=off_loop,
        start_writer=start_writer_thread,
        on_failure=on_failure,
    )


def start_writer_thread(commit: GroupCommit) -> Callable[[], None]:
    """Have a thread of its own write the journal."""
    thread = threading.Thread(target=commit.run, name="journal", daemon=True)
    thread.start()

    def end() -> None:
        commit.stop()
        thread.join()

    return end


def keys_disk(settings: Settings) -> tuple[LocalDisk, str]:
    """The disk that holds the keys of personal data, and the folder on it."""
    if settings.personal_keys is None:
        return LocalDisk(settings.data), KEYS
    return LocalDisk(settings.personal_keys), "."
