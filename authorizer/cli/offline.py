"""Work on a data folder without a server: reading it, or owning it for a while."""

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

import click
import uvloop

from authorizer.cli.progress import journal_bytes, progress, status_line
from authorizer.logs.setup import configure_logging
from authorizer.persistence.archive import database as archive
from authorizer.persistence.archive.archive_to_read import ArchiveToRead
from authorizer.persistence.archive.protocol import ArchiveError
from authorizer.persistence.backup.archived_segments import archived_disk, read_list
from authorizer.persistence.backup.joined_disk import JoinedDisk
from authorizer.persistence.backup.restoring import UNFINISHED
from authorizer.persistence.disk import Disk, is_there
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import JournalBeginsLateError
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import JournalShorterError, Recovered
from authorizer.persistence.stores.places import open_store
from authorizer.runtime.collector import calm_the_collector, leave_the_collector_alone
from authorizer.runtime.recovery import accept_shorter, recover_with_summary
from authorizer.runtime.running import Running, run
from authorizer.runtime.world import World, real_world
from authorizer.settings.model import Settings
from authorizer.terminal import StatusLine

T = TypeVar("T")


def journal_to_read(settings: Settings) -> LocalDisk:
    """The data folder, which must hold a journal; it is neither made nor locked."""
    disk = LocalDisk(settings.data)
    if not journal.segments(disk):
        raise click.ClickException(f"{settings.data} holds no journal")
    return disk


def joined(settings: Settings) -> Disk:
    """The data folder, together with the segments that were archived, where it is told which."""
    disk = LocalDisk(settings.data)
    if settings.archived is None:
        return disk
    try:
        store = open_store(settings.archived)
    except ValueError as error:
        raise click.UsageError(f"setting archived: {error}") from error
    return JoinedDisk(disk, archived_disk(store, read_list(store)))


def whole_journal(settings: Settings) -> Disk:
    """A data folder whose journal is read from its beginning, archived segments and all.

    Raises:
        JournalBeginsLateError: the beginning is not there.
    """
    journal_to_read(settings)
    disk = joined(settings)
    first = journal.segments(disk)[0]
    if first != journal.segment_name(1):
        raise JournalBeginsLateError(disk, first)
    return disk


def tell_of_a_late_beginning(disk: Disk) -> None:
    """Say on standard error that earlier records are elsewhere, where they are."""
    first = journal.segments(disk)[0]
    if first != journal.segment_name(1):
        position = journal.first_position_of(first)
        click.echo(
            f"{disk.path(journal.FOLDER)} begins at position {position}: what lies before that was "
            "archived (--archived PLACE shows it too), or is missing",
            err=True,
        )


@contextmanager
def archive_to_read(settings: Settings) -> Iterator[ArchiveToRead | None]:
    """The archive of purchases that left memory; None where there is none, or it can't be read."""
    try:
        found = ArchiveToRead(settings.data / archive.FOLDER)
    except (FileNotFoundError, ArchiveError):
        yield None
        return
    with closing(found):
        yield found


InWorld = Callable[[World, Recovered], World]


def work(
    settings: Settings,
    job: Callable[[Running], Awaitable[T]],
    in_world: InWorld = lambda world, _: world,
) -> T:
    """Own the data folder, recover it, and do a job on it with the actors at work.

    When it returns, everything that the job brought about is on disk. `in_world` may give the
    actors another world, now that it is known what was recovered.

    Raises:
        DataFolderInUseError: another process owns the folder.
        DiskFailedError: the disk is full or broken.
        JournalDamagedError: the journal can't be recovered.
    """
    configure_logging(settings.log_format, "warning", status_line())
    disk = LocalDisk(settings.data)
    with telling_a_failed_disk(), deaf_to_calls(), disk.lock(), ExitStack() as last:
        world = real_world(settings, disk, partial(_end_process, status_line()))
        last.callback(world.archive.close)
        recovered = recover(world, settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_work(settings, in_world(world, recovered), recovered, job))


def recover(
    world: World, settings: Settings, shorter: int | None = None, *, tail_only: bool = False
) -> Recovered:
    """Recover, with a progress bar on a terminal.

    `shorter`: where the journal may end though snapshots know more; they are put aside.
    `tail_only`: what lies in front of the tail behind a snapshot is for the caller to check.
    """
    if is_there(world.disk, UNFINISHED):
        raise click.ClickException(
            f"{settings.data} was not restored to its end ({world.disk.path(UNFINISHED)}): remove "
            "the folder, and restore it again"
        )
    try:
        return _recover_with_archived(world, settings, tail_only)
    except JournalShorterError as error:
        if shorter != error.ends:
            raise
        accept_shorter(world.disk, error)
    return _recover_with_archived(world, settings, tail_only)


def _recover_with_archived(world: World, settings: Settings, tail_only: bool) -> Recovered:
    """Recover. Segments that were archived are read only where no snapshot does without them."""
    try:
        return _recover(world, settings, tail_only)
    except JournalBeginsLateError:
        if settings.archived is None:
            raise
    return _recover(replace(world, disk=joined(settings)), settings, tail_only)


def _recover(world: World, settings: Settings, tail_only: bool) -> Recovered:
    shown = progress("Recovering", journal_bytes(world.disk))
    return recover_with_summary(world, settings, shown, tail_only=tail_only)


class DiskFailedError(click.ClickException):
    """The disk is full or broken: the process ends as where the journal could not be written."""

    exit_code = os.EX_IOERR


DISK_ERRORS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE}
)
"""The errors that end once there is room, or the disk is mended."""


@contextmanager
def telling_a_failed_disk() -> Iterator[None]:
    """Make an error of the disk the end that it is in the midst of work, with status 74."""
    try:
        yield
    except ArchiveError as error:
        raise DiskFailedError(f"the disk failed: {error}") from error
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise DiskFailedError(f"the disk failed: {error}") from error


@contextmanager
def deaf_to_calls() -> Iterator[None]:
    """Ignore SIGUSR1 and SIGUSR2, which would end a process without handlers for them.

    They are sent to the process that owns the folder, which may be a server that still recovers
    or a command at work.
    """
    numbers = (signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


async def _work(
    settings: Settings,
    world: World,
    recovered: Recovered,
    job: Callable[[Running], Awaitable[T]],
) -> T:
    async with run(settings, world, recovered) as running:
        calm_the_collector()
        try:
            return await job(running)
        finally:
            leave_the_collector_alone()


def _end_process(status: StatusLine, error: BaseException) -> None:
    """End without another word: memory may say what is not on disk."""
    status.end()
    click.echo(f"Error: the journal could not be written: {error}", err=True)
    os._exit(os.EX_IOERR)
