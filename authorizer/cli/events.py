"""`authorizer events`: the journal's events as other systems are told them."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final

import click

from authorizer.cli import offline
from authorizer.cli.options import event_option, laid_out, settings_options
from authorizer.cli.progress import status_line
from authorizer.followers import child
from authorizer.followers.events.follower import EventsFollower, UpToDate
from authorizer.followers.events.pages import Pages, Told, Wanted, told
from authorizer.logs.setup import configure_logging
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import events_of
from authorizer.settings.model import Settings

HELP: Final = """Tell what has happened, as `GET /events` does.

Without personal text: for other systems, and for those who must not see any.

Examples:
  authorizer events export --data data > events.ndjson
  authorizer events export --data data --after 1000 --event hold_approved --event hold_expired

Exit status: 0 done, 1 failed, 2 wrong usage.
"""


@click.group(name="events", help=laid_out(HELP))
def events() -> None:
    """All of it is in the commands below."""


@events.command()
@click.option("--after", type=click.IntRange(min=0), default=0, help="Behind this position.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--account", metavar="ID", help="About this account.")
@event_option
@settings_options("data", "archived")
def export(
    after: int, limit: int | None, account: str | None, events: tuple[str, ...], settings: Settings
) -> None:
    """Print events as JSON lines, oldest first.

    Every byte that is passed is checked; nothing is changed, and a server may be at work.

    Examples:
      authorizer events export --data data > events.ndjson
      authorizer events export --data data --account 123 | jq .type

    Exit status: 0 printed, 1 the journal is damaged (what lies before is printed) or missing,
    2 wrong usage.
    """
    offline.journal_to_read(settings)
    disk = offline.joined(settings)
    offline.tell_of_a_late_beginning(disk)
    wanted = Wanted(frozenset(events) or None, account)
    for event in islice(_exported(disk, after, wanted), limit):
        click.echo(event.text)


def _exported(disk: Disk, after: int, wanted: Wanted) -> Iterator[Told]:
    may_be_wanted = wanted.filter()
    for batch in JournalReader(disk):
        for position, event in events_of(disk, batch, may_be_wanted, after):
            if wanted.takes(event):
                yield told(position, event)


@events.command(hidden=True)
@settings_options("data", "archived", "log_format", "log_level")
def answer(settings: Settings) -> None:
    """Answer with pages of events: JSON lines in and out.

    The server starts this. It ends with its standard input, so it never outlives the server.
    """
    configure_logging(settings.log_format, settings.log_level, status_line(), in_background=True)
    disk = offline.joined(settings)
    pages = Pages(JournalFiles(disk), partial(events_of, disk))
    with suppress(TimeoutError):
        child.run(EventsFollower(pages), UpToDate())
