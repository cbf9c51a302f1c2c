"""`authorizer backup`."""

import time

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.place_options import check_keys_are_told, keys_option, noted, place_option
from authorizer.cli.points import time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.domain.backups import PlaceOfBackups
from authorizer.persistence.backup import manifest as stored
from authorizer.persistence.backup import taking
from authorizer.persistence.backup.key_copies import KeySource
from authorizer.persistence.backup.manifest import Manifest
from authorizer.persistence.backup.record import note_taken
from authorizer.persistence.backup.taking import Source, Taken
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import access_log
from authorizer.persistence.stores import places
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.runtime.world import key_place
from authorizer.settings.model import Settings


@click.command()
@place_option("--to", "store", required=True, help="Where the backup goes.")
@keys_option("--keys-to", "Where the keys of personal data go.")
@click.option("--snapshot", "with_snapshot", is_flag=True, help="The newest snapshot too.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="Backups that stay in the place; older ones are taken away.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@settings_options("data", "archived", "personal_keys")
def backup(  # noqa: PLR0913, PLR0917 - click gives one argument an option
    store: ObjectStore,
    keys_at: ObjectStore | None,
    without_keys: bool,
    with_snapshot: bool,
    keep: int,
    as_json: bool,
    settings: Settings,
) -> None:
    """Take a backup of a data folder, also while a server runs on it.

    A PLACE is a folder, or the URL of an object store (s3://bucket/path, gs://..., az://...). The
    environment says who asks there, as the store's own tools have it (AWS_ACCESS_KEY_ID, ...).

    A backup holds the journal up to one position, the access log, the API keys (their hashes) and,
    with --snapshot, the newest snapshot. Everything that is copied is checked. What the place has
    from the backup before is not copied again: full segments never change.

    The keys of personal data go to a place of their own, in the stead of those that were there:
    the newest keys open every earlier backup, but for the persons who were erased since. A place
    takes one folder's backups, and one backup at a time. The first one needs the journal from its
    beginning: segments that were archived are read where they are (--archived).

    What was taken, when and where to is noted in the data folder, for the console and the metrics.

    Examples:
      authorizer backup --data data --to /backup/journal --keys-to /safe/keys
      authorizer backup --data data --to s3://bucket/journal --keys-to s3://other/keys --keep 48

    Exit status: 0 taken, 1 it was not (the journal is damaged, or the place has another one's
    backups), 2 wrong usage, 74 the disk of the place is full or broken.
    """
    check_keys_are_told("--keys-to", keys_at, without_keys)
    disk = offline.journal_to_read(settings)
    keys = key_place(settings, disk)
    source = Source(
        offline.joined(settings),
        LocalDisk(settings.data / access_log.FOLDER),
        None if keys_at is None else KeySource(keys.disk, keys.folder, keys_at),
        with_snapshot,
    )
    with offline.telling_a_failed_disk():
        with progress("Backing up", journal_bytes(disk)) as passed:
            taken = taking.take(source, store, time.time_ns() // 1000, passed)
        gone = stored.drop_all_but(store, keep)
    with noted(settings):
        note_taken(LocalDisk(settings.data), _told(store, taken.manifest, keys_at))
    click.echo(_json(taken, gone) if as_json else _text(store, taken, keys_at))


def _told(store: ObjectStore, made: Manifest, keys_at: ObjectStore | None) -> PlaceOfBackups:
    keys_place = None if keys_at is None else places.told(keys_at)
    place = places.told(store)
    return PlaceOfBackups(place, made.name, made.taken_at_us, made.position, keys_place, None)


def _text(store: ObjectStore, taken: Taken, keys_at: ObjectStore | None) -> str:
    made = taken.manifest
    lines = [
        ("backup", made.name),
        ("head", f"{made.position}:{made.chain}"),
        ("newest event", time_text(made.journal[-1].newest_at_us)),
        ("segments", f"{len(made.journal)}"),
        ("new", f"{taken.new_files} files, {taken.new_bytes} bytes, in {store.path('')}"),
        ("keys", _keys_text(taken, keys_at)),
    ]
    return "\n".join(f"{name:<13} {value}" for name, value in lines)


def _keys_text(taken: Taken, keys_at: ObjectStore | None) -> str:
    keys = taken.manifest.keys
    if keys_at is None:
        return "not backed up"
    if keys is None:
        return "there are none"
    path = keys_at.path(keys.stored_as)
    return f"{keys.keys} keys, {keys.destroyed} destroyed, in {path}"


def _json(taken: Taken, gone: int) -> str:
    made = taken.manifest
    document = {
        "backup": made.name,
        "position": made.position,
        "chain": made.chain,
        "newest_event_at": time_text(made.journal[-1].newest_at_us),
        "segments": len(made.journal),
        "new_files": taken.new_files,
        "new_bytes": taken.new_bytes,
        "keys": made.keys and {"keys": made.keys.keys, "destroyed": made.keys.destroyed},
        "taken_away": gone,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
