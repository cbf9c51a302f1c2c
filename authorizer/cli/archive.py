"""`authorizer archive`."""

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.place_options import place_option
from authorizer.cli.progress import journal_bytes, progress
from authorizer.cli.reports import position_of_tables
from authorizer.persistence.archive.protocol import Attic
from authorizer.persistence.backup.archiving import (
    Moved,
    WithoutSegments,
    archive_segments,
    covered_position,
)
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import recover
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.settings.model import Settings


@click.command()
@place_option("--to", "store", required=True, help="Where the segments go.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@settings_options(
    "data", "purchases_in_memory", "closed_in_memory_hours", "id_retention_days",
    "credit_id_retention_days", "reports", "reports_url",
)  # fmt: skip
def archive(store: ObjectStore, as_json: bool, settings: Settings) -> None:
    """Move old segments of the journal to another place, compressed.

    Old are those that every snapshot that can be read covers, and that the reports' tables have. A
    PLACE is a folder or the URL of an object store, as for `backup`. Each segment is checked,
    compressed, stored, read back and compared before it goes from the data folder. Then it is tried
    out that a start does without them. No server may run on the folder.

    A start needs them no more while there is a snapshot that can be used. Who reads the journal
    from its beginning does: `verify`, `replay`, `explain`, `backtest`, `reports rebuild`, a start
    without a snapshot or without its archive of purchases, the first backup to a new place. They
    all say so, and find them by the setting `archived` (--archived PLACE). Nothing of it is ever
    removed: they are the audit trail.

    This is not the archive of purchases, which is in the data folder and made by the server itself.

    Examples:
      authorizer archive --to /cold/journal --data data
      authorizer verify --archived /cold/journal --data data

    Exit status: 0 archived, or there was nothing to archive; 1 not archived, or in use; 2 wrong
    usage; 74 a disk is full or broken.
    """
    disk = offline.journal_to_read(settings)
    with offline.telling_a_failed_disk(), offline.deaf_to_calls(), disk.lock():
        until = covered_position(disk, position_of_tables(settings, disk))
        moved = Moved(0, 0, 0)
        if until:
            _check_start_without(settings, disk, until)
            with progress("Archiving", journal_bytes(disk)) as passed:
                moved = archive_segments(disk, store, until, passed)
    if as_json:
        click.echo(orjson.dumps(moved._asdict(), option=orjson.OPT_INDENT_2).decode())
    elif not moved.segments:
        click.echo("nothing to archive: a snapshot, or the reports' tables, need every segment")
    else:
        click.echo(
            f"{moved.segments} segments are in {store.path('')}, up to position {moved.position}; "
            f"{moved.freed_bytes} bytes are free. Set archived for those who read from the start"
        )


def _check_start_without(settings: Settings, disk: LocalDisk, until: int) -> None:
    """Recover as a start will, before anything is moved. It changes nothing.

    Raises:
        JournalDamagedError: such a start would be refused.
    """
    with offline.archive_to_read(settings) as purchases:
        attic = None if purchases is None else Attic(purchases, settings.room)
        recover(WithoutSegments(disk, until), id_retention=settings.id_retention, attic=attic)
