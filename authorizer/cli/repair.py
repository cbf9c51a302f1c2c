"""`authorizer repair`."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import click

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.place_options import manifest_of, place_option
from authorizer.cli.points import time_text
from authorizer.cli.reveal import hide
from authorizer.domain.access import DataAccess
from authorizer.persistence.backup.stored_disk import StoredDisk, access_log_disk, folder_disk
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import access_log
from authorizer.persistence.repair.damage import Behind, Damage, Records
from authorizer.persistence.repair.plan import Plan, carry_out, plan
from authorizer.persistence.state.history import events_of
from authorizer.persistence.state.record import describe
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.settings.model import Settings


class _Journal(NamedTuple):
    """A journal of the data folder, and how it is read."""

    what: str
    disk: Disk
    backup: StoredDisk | None
    records: Records


@click.command()
@place_option("--backup", "store", help="Where backups are: what they have is put in place.")
@click.option("--name", help="The backup; by default the newest one.")
@click.option("--yes", is_flag=True, help="Do what is told; without it nothing is changed.")
@settings_options("data")
def repair(store: ObjectStore | None, name: str | None, yes: bool, settings: Settings) -> None:
    """Repair what can be repaired honestly, after saying what would be done.

    With --backup PLACE, a segment of the journal or of the access log that is damaged or missing is
    put in place from the backup, and what the folder has behind the backup's end stays: nothing is
    lost. Without that, damage in the newest segment can be cut off. Then everything behind it goes,
    though it was answered: each event that can still be read is printed, and how many can't be.
    Damage before the newest segment is never cut. Damaged snapshots are put aside.

    Every original stays beside its file, as ….damaged. An incomplete last batch, which a crash
    leaves, needs no repair: a start cuts it. No server may run on the folder.

    Examples:
      authorizer repair --data data
      authorizer repair --data data --backup /backup/journal --yes

    Exit status: 0 repaired, or there was nothing to repair; 1 not repaired: it can't be, or --yes
    was not given; 2 wrong usage; 74 the disk is full or broken.
    """
    disk = offline.journal_to_read(settings)
    journals = _journals(settings, disk, store, name)
    with offline.telling_a_failed_disk(), offline.deaf_to_calls(), disk.lock():
        plans = [plan(each.disk, each.records, each.backup) for each in journals]
        for each, planned in zip(journals, plans, strict=True):
            for line in _told(each, planned):
                click.echo(line)
        if all(planned.is_empty for planned in plans):
            click.echo("there is nothing to repair")
            return
        if not all(planned.is_possible for planned in plans):
            raise click.ClickException(
                "nothing was changed: damage before the newest segment can't be cut off, for what "
                "follows rests on it. Take it from a backup (--backup PLACE), or restore one"
            )
        if not yes:
            click.echo("nothing was changed; --yes does it")
            sys.exit(1)
        for each, planned in zip(journals, plans, strict=True):
            for kept in carry_out(each.disk, planned):
                click.echo(f"kept           {each.disk.path(kept)}")
        click.echo("repaired; `authorizer verify` tells whether all is whole")


def _journals(
    settings: Settings, disk: LocalDisk, store: ObjectStore | None, name: str | None
) -> list[_Journal]:
    manifest = None if store is None else manifest_of(store, name)
    stored = stored_accesses = None
    if store is not None and manifest is not None:
        stored, stored_accesses = folder_disk(store, manifest), access_log_disk(store, manifest)
    accesses = LocalDisk(settings.data / access_log.FOLDER)
    found = [_Journal("journal", disk, stored, events_of)]
    if journal.segments(accesses):
        found.append(_Journal("access log", accesses, stored_accesses, access_log.accesses_of))
    return found


def _told(of: _Journal, planned: Plan) -> Iterator[str]:
    for name, problem in planned.snapshots.items():
        yield f"snapshot       {of.disk.path(name)}: {problem}; it is put aside"
    for name, data in planned.from_backup.items():
        yield f"from backup    {of.disk.path(name)}, {len(data)} bytes"
    if planned.damage is not None:
        damage = planned.damage
        where = f"{of.disk.path(damage.segment)} at byte {damage.offset}"
        yield f"damaged        {where}: {damage.problem}"
        if planned.behind is not None:
            yield from _lost(of.what, damage, planned.behind)


def _lost(what: str, damage: Damage, behind: Behind) -> Iterator[str]:
    ends = f"the {what} ends at position {damage.position}"
    yield f"cut            {ends}; {behind.size_bytes} bytes go"
    yield from _lines(behind)
    yield (
        f"lost           {len(behind.readable)} records that can be read, as above, and "
        f"{behind.unreadable_records} or more that can't be"
    )


def _lines(behind: Behind) -> Iterable[str]:
    for position, record in behind.readable:
        line = {"position": position, "at": time_text(record.at_us), **_described(record)}
        hide(line)
        yield json.dumps(line, ensure_ascii=False)


def _described(record: Any) -> dict[str, Any]:
    if isinstance(record, DataAccess):
        return {"by": record.by, "kind": record.kind, "customers": list(record.customer_ids)}
    return describe(record)
