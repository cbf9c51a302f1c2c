"""`authorizer reports`: the read models' tables."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click
import structlog

from authorizer.cli import offline
from authorizer.cli.options import laid_out, settings_options
from authorizer.cli.progress import journal_bytes, progress, status_line
from authorizer.followers.reports.local_days import LocalDays
from authorizer.logs.setup import configure_logging
from authorizer.persistence import unsynced
from authorizer.persistence.disk import Disk, is_there
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.history import RawBatch
from authorizer.settings.loading import environment_without_settings
from authorizer.settings.model import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from authorizer.followers.feed import Consumer, Feed

# The server loads this module too, and never SQLAlchemy: that is loaded where it is used.

FOLDER: Final = "reports"
NO_TABLES: Final = 2**63
"""A position that no journal reaches."""
DATABASE: Final = "reports.sqlite"
_TURN: Final = f"{FOLDER}/turn"

log = structlog.get_logger()

HELP: Final = """Look after the tables that statements, lists and reports come from.

They are made from the journal, by a process beside the server that follows it. Losing them costs
time only.

Examples:
  authorizer reports status --data data
  authorizer reports rebuild --data data

Exit status: 0 done, 1 failed, 2 wrong usage.
"""


@click.group(help=laid_out(HELP))
def reports() -> None:
    """All of it is in the commands below."""


@reports.command()
@settings_options("data", "archived", "reports_url", "time_zone", "business_time_zone")
def rebuild(settings: Settings) -> None:
    """Make the tables anew from the journal.

    The server must not run on the data folder; it would do the same by itself if it found none.

    Examples:
      authorizer reports rebuild --data data
      authorizer reports rebuild --data data --reports-url postgresql+psycopg://me@db/reports

    Exit status: 0 done, 1 failed, 2 wrong usage.
    """
    from authorizer.followers.reports.tables.projector import Projector  # noqa: PLC0415

    configure_logging("auto", "warning", status_line())
    disk, whole = offline.journal_to_read(settings), offline.whole_journal(settings)
    with offline.deaf_to_calls(), disk.lock():
        if settings.reports_url is None:
            _remove_database(disk)  # it may be broken
        with tables_to_write(settings, disk) as engine:
            projector = Projector(engine, LocalDays(settings.time_zone))
            passed = _read_and_project(whole, feed_of(projector, whole))
    click.echo(f"{passed} events are in the tables")


@reports.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@settings_options("data", "reports_url")
def status(as_json: bool, settings: Settings) -> None:
    """Tell how far the tables are, and how many rows they have.

    May run beside a server.

    Examples:
      authorizer reports status --data data
      authorizer reports status --json --data data | jq .position

    Exit status: 0 they could be read, 1 they could not, 2 wrong usage.
    """
    from authorizer.followers.reports.tables.database import DatabaseError, problem_of  # noqa: PLC0415
    from authorizer.followers.reports.tables.progress import count_rows, read_standing  # noqa: PLC0415

    disk = offline.journal_to_read(settings)
    if settings.reports_url is None and unsynced.may_be_torn(disk, FOLDER, unsynced.boot_id()):
        raise click.ClickException("the tables may be torn; the server makes them anew")
    try:
        with tables_of(settings, disk) as engine, engine.connect() as connection:
            standing = read_standing(connection)
            if standing is None:
                raise click.ClickException("there are no tables yet; the server makes them")
            rows = count_rows(connection)
    except DatabaseError as error:
        raise click.ClickException(
            f"the reports' database can't be read: {problem_of(error)}"
        ) from error
    position, time_zone = standing.place.position, standing.time_zone
    if as_json:
        click.echo(json.dumps({"position": position, "time_zone": time_zone, "rows": rows}))
        return
    click.echo(f"position {position}\ntime_zone {time_zone}")
    for name, number in rows.items():
        click.echo(f"{name} {number}")


@reports.command(hidden=True)
@settings_options("data", "archived", "reports_url", "time_zone", "log_format", "log_level")
def follow(settings: Settings) -> None:
    """Keep the tables up with the journal, and answer queries: JSON lines in and out.

    The server starts this. It ends with its standard input, so it never outlives the server.
    """
    configure_logging(settings.log_format, settings.log_level, status_line(), in_background=True)
    from authorizer.followers import child  # noqa: PLC0415
    from authorizer.followers.reports.follower import ReportsFollower  # noqa: PLC0415

    disk = LocalDisk(settings.data)
    with suppress(TimeoutError), tables_to_write(settings, disk) as engine:
        follower = ReportsFollower(engine, LocalDays(settings.time_zone))
        child.run(follower, feed_of(follower, offline.joined(settings)))


@reports.command(name="check-url", hidden=True)
@settings_options("reports_url")
def check_url(settings: Settings) -> None:
    """Print what is wrong with the URL of the database, if anything. Connects to nobody.

    The server asks before it starts, in a process of its own: SQLAlchemy is not for the server's.
    """
    from authorizer.followers.reports.tables.database_url import check_url  # noqa: PLC0415

    try:
        check_url(settings.reports_url or "")
    except ValueError as error:
        click.echo(str(error))


def url_problem(url: str) -> str | None:
    """What would keep the reports' process from ever using this URL; None if nothing does."""
    try:
        checked = subprocess.run(
            [sys.executable, "-m", "authorizer", "reports", "check-url"],
            env={
                **environment_without_settings(),
                "AUTHORIZER_REPORTS_URL": url,
            },  # command lines are public
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    except OSError:  # no process can be started now, which says nothing of the URL
        return None
    return checked.stdout.strip() or None


def position_of_tables(settings: Settings, disk: LocalDisk) -> int:
    """The position up to which the tables have the journal; beyond any where none are wanted.

    Tables that are not there yet will be made of all of it.
    """
    from authorizer.followers.reports.tables.database import DatabaseError, problem_of  # noqa: PLC0415
    from authorizer.followers.reports.tables.progress import read_standing  # noqa: PLC0415

    if not settings.reports:
        return NO_TABLES
    if settings.reports_url is None and (
        not is_there(disk, f"{FOLDER}/{DATABASE}")
        or unsynced.may_be_torn(disk, FOLDER, unsynced.boot_id())
    ):
        return 0
    try:
        with tables_of(settings, disk) as engine, engine.connect() as connection:
            standing = read_standing(connection)
    except DatabaseError as error:
        raise click.ClickException(
            f"the reports' database can't be read: {problem_of(error)}"
        ) from error
    return 0 if standing is None else standing.place.position


@contextmanager
def tables_of(settings: Settings, disk: LocalDisk) -> "Iterator[Engine]":
    """The database of the tables, to be read: as the settings say, or in the data folder."""
    engine = _open_tables(settings, disk)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def tables_to_write(settings: Settings, disk: LocalDisk) -> "Iterator[Engine]":
    """The database of the tables, to be written too.

    One in the data folder is written without syncs, where it can be told when it must be made anew:
    `persistence.unsynced`. An exception out of the context leaves its mark.
    """
    boot = unsynced.boot_id()
    if settings.reports_url is not None or boot is None:
        with tables_of(settings, disk) as engine:
            yield engine
        return
    disk.make_folder(FOLDER)
    with disk.turn(_TURN):
        if unsynced.may_be_torn(disk, FOLDER, boot):
            log.warning("the reports' tables may be torn and are made anew: the machine went down")
            _remove_database(disk)
        mark = unsynced.begin(disk, FOLDER, boot)
    engine = _open_tables(settings, disk, synced=False)
    try:
        yield engine
    finally:
        engine.dispose()
    with suppress(OSError), disk.turn(_TURN):
        unsynced.end(disk, FOLDER, mark)


def _open_tables(settings: Settings, disk: LocalDisk, synced: bool = True) -> "Engine":
    from authorizer.followers.reports.tables.database import open_database  # noqa: PLC0415
    from authorizer.followers.reports.tables.database_url import check_url  # noqa: PLC0415

    if settings.reports_url is None:
        disk.make_folder(FOLDER)
        disk.append(f"{FOLDER}/{DATABASE}").close()  # SQLite would have others read what it makes
        path = disk.path(f"{FOLDER}/{DATABASE}")
        return open_database(f"sqlite:///{path}", synced)
    try:
        check_url(settings.reports_url)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return open_database(settings.reports_url)


def _remove_database(disk: LocalDisk) -> None:
    for name in disk.names(FOLDER):
        if name.startswith(DATABASE):
            disk.remove(f"{FOLDER}/{name}")


def feed_of(consumer: "Consumer[RawBatch]", disk: Disk) -> "Feed[RawBatch]":
    """The feed of the tables from the journal of a data folder."""
    from authorizer.followers.feed import Feed  # noqa: PLC0415

    def raw(batch: Batch) -> Iterable[RawBatch]:
        return (RawBatch(disk, batch),)

    return Feed(consumer, JournalFiles(disk, whole=True), raw)


def journal_end(disk: Disk) -> int:
    """The position at which the journal ends now; every byte before it was checked."""
    reader = JournalReader(disk)
    with progress("Reading", journal_bytes(disk)) as passed:
        for batch in reader:
            passed(batch.size_bytes)
    return reader.position


def _read_and_project(disk: Disk, feed: "Feed[RawBatch]") -> int:
    from authorizer.followers.reports.tables.database import DatabaseError, problem_of  # noqa: PLC0415

    end = journal_end(disk)
    try:
        feed.begin_anew()
        with progress("Rebuilding", end) as moved:
            told = 0

            def tell(position: int) -> None:
                nonlocal told
                moved(position - told)
                told = position

            feed.catch_up(end, tell)
    except DatabaseError as error:
        raise click.ClickException(
            f"the reports' database can't be written: {problem_of(error)}"
        ) from error
    return feed.position
