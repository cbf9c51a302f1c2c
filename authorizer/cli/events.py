"""`authorizer events`: the process that reads events for `GET /events`."""

from contextlib import suppress
from functools import partial

import click

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.progress import status_line
from authorizer.logs.setup import configure_logging
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.state.history import events_of
from authorizer.settings.model import Settings


@click.command(hidden=True)
@settings_options("data", "archived", "log_format", "log_level")
def events(settings: Settings) -> None:
    """Answer with pages of events: JSON lines in and out.

    The server starts this. It ends with its standard input, so it never outlives the server.
    """
    configure_logging(settings.log_format, settings.log_level, status_line(), in_background=True)
    from authorizer.followers import child  # noqa: PLC0415
    from authorizer.followers.events.follower import EventsFollower, UpToDate  # noqa: PLC0415
    from authorizer.followers.events.pages import Pages  # noqa: PLC0415

    disk = offline.joined(settings)
    pages = Pages(JournalFiles(disk), partial(events_of, disk))
    with suppress(TimeoutError):
        child.run(EventsFollower(pages), UpToDate())
