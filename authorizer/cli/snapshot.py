"""`authorizer snapshot`."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import click

from authorizer.actors.directory import BrokenEntityError
from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.persistence.local_disk import DataFolderInUseError, LocalDisk
from authorizer.persistence.state import snapshot as snapshots
from authorizer.runtime.running import Running
from authorizer.settings.model import Settings

_POLL_SECONDS: Final = 0.05


@click.command()
@click.option(
    "--deadline-seconds",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="How long to wait for a running server.",
)
@settings_options("data", "archived", "personal_keys", "snapshots_kept")
def snapshot(deadline_seconds: float, settings: Settings) -> None:
    """Have a snapshot taken, and print its path.

    Where a server runs on the folder, it is asked to (SIGUSR1), goes on serving, and keeps as many
    snapshots as its own settings say; one that it was taking already counts. Otherwise the folder
    is recovered and the snapshot taken by this command.

    A snapshot makes the next start faster. Nothing is lost without one.

    Examples:
      authorizer snapshot --data data
      cp "$(authorizer snapshot --data data)" /backup/

    Exit status: 0 the snapshot is there, 1 it is not, 2 wrong usage.
    """
    offline.journal_to_read(settings)
    try:
        path = offline.work(settings, _take)
    except DataFolderInUseError:
        path = _ask_the_server(settings, deadline_seconds)
    except BrokenEntityError as error:
        raise click.ClickException(str(error)) from error
    click.echo(path)


async def _take(running: Running) -> str:
    taken = await running.snapshots.take()
    assert taken is not None, "nobody else takes one"
    return taken.path


class _File(NamedTuple):
    """A snapshot file; one that was put in the place of another of the same name differs."""

    path: Path
    inode: int
    modified_ns: int


def _ask_the_server(settings: Settings, deadline_seconds: float) -> str:
    until = time.monotonic() + deadline_seconds
    before = _newest(settings.data)
    owner = _owner(settings.data / "lock", until)
    os.kill(owner, signal.SIGUSR1)
    while True:
        now = _newest(settings.data)
        if now is not None and now != before:
            return str(now.path)
        if not _is_running(owner):
            raise click.ClickException(f"process {owner} ended without taking a snapshot")
        if time.monotonic() >= until:
            raise click.ClickException(
                f"process {owner} took no snapshot within {deadline_seconds:g} s; is it a server, "
                "and what does its log say?"
            )
        time.sleep(_POLL_SECONDS)


def _newest(data: Path) -> _File | None:
    for name in snapshots.snapshots(LocalDisk(data)):
        with suppress(FileNotFoundError):  # removed meanwhile
            path = data / name
            found = path.stat()
            return _File(path, found.st_ino, found.st_mtime_ns)
    return None


def _owner(lock: Path, until: float) -> int:
    """The process that owns the folder. It writes its id just after it took the lock."""
    while True:
        text = lock.read_text().strip()
        if text.isdigit() and _has_open(int(text), lock):
            return int(text)
        if time.monotonic() >= until:
            raise click.ClickException(f"{lock} does not name the process that owns the folder")
        time.sleep(_POLL_SECONDS)


def _has_open(process: int, lock: Path) -> bool:
    """Whether a process has the lock file open: the signal would end any other one.

    Where there is no /proc the file's word is taken.
    """
    try:
        descriptors = list(Path(f"/proc/{process}/fd").iterdir())
    except FileNotFoundError:
        return not Path("/proc/self/fd").exists()
    for descriptor in descriptors:
        with suppress(FileNotFoundError):
            if descriptor.samefile(lock):
                return True
    return False


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
