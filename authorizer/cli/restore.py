"""`authorizer restore`."""

import sys

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.place_options import (
    check_keys_are_told,
    keys_option,
    manifest_of,
    place_option,
)
from authorizer.cli.points import Point, PointType, time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.persistence.backup import restoring
from authorizer.persistence.backup.manifest import Manifest
from authorizer.persistence.backup.restoring import Restored
from authorizer.persistence.backup.stored_disk import KEYS, keys_disk
from authorizer.persistence.disk import replace
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import access_log
from authorizer.persistence.privacy.vault import FILE
from authorizer.persistence.state import snapshot
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.persistence.verification import data_folder as verification
from authorizer.persistence.verification.data_folder import KeysIn, Verified
from authorizer.persistence.verification.walk import Head
from authorizer.runtime.world import KeyPlace, key_place
from authorizer.settings.model import Settings


@click.command()
@place_option("--from", "store", required=True, help="Where the backups are.")
@keys_option("--keys-from", "Where the keys of personal data are stored.")
@click.option("--name", help="The backup; by default the newest one.")
@click.option("--at", "point", type=PointType(), help="No event behind this one is restored.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@settings_options("data", "personal_keys", "id_retention_days", "credit_id_retention_days")
def restore(  # noqa: PLR0913, PLR0917 - click gives one argument an option
    store: ObjectStore,
    keys_at: ObjectStore | None,
    without_keys: bool,
    name: str | None,
    point: Point | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Restore a backup into a data folder that is missing or empty.

    Every byte is checked on its way: sizes, SHA-256, checksums, positions, the hash chain. Then the
    folder is verified as `authorizer verify` does it. Until all of it is there, no server starts on
    it; after a failure remove it, and restore again.

    --at takes a position or an RFC 3339 time. The journal then ends with the last batch in which no
    event lies behind that point: what was written together is there together or not at all. The
    access log and the API keys are restored as they were last. Customers who were erased behind
    that point are named: their keys are gone, and they are to be erased again.

    Never let the restored folder and the one it was taken from both go on.

    Examples:
      authorizer restore --from /backup/journal --keys-from /safe/keys --data data
      authorizer restore --from s3://bucket/journal --without-keys --at 2026-11-28T12:00:00Z

    Exit status: 0 restored, and all is whole; 1 not restored, or it is not whole; 2 wrong usage;
    74 the disk is full or broken.
    """
    check_keys_are_told("--keys-from", keys_at, without_keys)
    into = LocalDisk(settings.data)
    keys = key_place(settings, into)
    _refuse_what_is_there(settings, keys)
    manifest = manifest_of(store, name)
    _check_reach(manifest, point)
    key_file = _key_file(manifest, keys_at)
    with offline.telling_a_failed_disk(), into.lock():
        length = sum(segment.size_bytes for segment in manifest.journal)
        with progress("Restoring", length) as passed:
            is_beyond = None if point is None else point.is_before
            restored = restoring.restore(store, manifest, into, is_beyond, passed)
        if key_file is not None:
            keys.disk.make_folder(keys.folder)
            replace(keys.disk, f"{keys.folder}/restoring.tmp", f"{keys.folder}/{FILE}", key_file)
        found = _verified(into, None if without_keys else keys, restored, settings)
        if not found.problems:
            restoring.finish(into)
    click.echo(_json(restored, found) if as_json else _text(settings, restored, found))
    if found.problems:
        sys.exit(1)


def _refuse_what_is_there(settings: Settings, keys: KeyPlace) -> None:
    there: list[str] = []
    if settings.data.exists():
        there = restoring.names_inside(path.name for path in settings.data.iterdir())
    if there:
        raise click.ClickException(
            f"{settings.data} is not empty ({', '.join(there[:3])}): restore into another folder"
        )
    if FILE in keys.disk.names(keys.folder):
        raise click.ClickException(f"{keys.disk.path(keys.folder)} has keys already")


def _key_file(manifest: Manifest, keys_at: ObjectStore | None) -> bytes | None:
    if keys_at is None or manifest.keys is None:
        return None
    return keys_disk(keys_at, manifest.keys.stored_as).read(f"{KEYS}/{FILE}")


def _check_reach(manifest: Manifest, point: Point | None) -> None:
    ends = manifest.position
    if point is not None and point.is_after(ends, manifest.journal[-1].newest_at_us):
        if point.position is not None:
            raise click.ClickException(f"the backup {manifest.name} ends at position {ends}")
        at = time_text(manifest.journal[-1].newest_at_us)
        click.echo(f"the newest event of the backup {manifest.name} is of {at}", err=True)


def _verified(
    disk: LocalDisk, keys: KeyPlace | None, restored: Restored, settings: Settings
) -> Verified:
    passes = 2 if snapshot.snapshots(disk) else 1
    with progress("Verifying", passes * journal_bytes(disk)) as passed:
        return verification.verify(
            disk,
            (Head(restored.position, restored.chain),),
            settings.nominal_id_retention,
            passed,
            keys_in=None if keys is None else KeysIn(keys.disk, keys.folder, restored.erased_later),
            accesses_on=LocalDisk(settings.data / access_log.FOLDER),
        )


def _text(settings: Settings, restored: Restored, found: Verified) -> str:
    lines = [
        ("head", f"{restored.position}:{restored.chain.hex()}"),
        ("newest event", time_text(restored.at_us)),
        ("left out", f"{restored.left_out} events behind it"),
        *(
            ("erase again", f"customer {each!r} was erased behind it")
            for each in sorted(restored.erased_later)
        ),
        *(("problem", str(problem)) for problem in found.problems),
        ("result", "not whole" if found.problems else f"{settings.data} is restored, and whole"),
    ]
    return "\n".join(f"{name:<13} {value}" for name, value in lines)


def _json(restored: Restored, found: Verified) -> str:
    document = {
        "ok": not found.problems,
        "position": restored.position,
        "chain": restored.chain.hex(),
        "newest_event_at": time_text(restored.at_us),
        "left_out": restored.left_out,
        "erase_again": sorted(restored.erased_later),
        "problems": [problem._asdict() for problem in found.problems],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
