"""`authorizer verify`."""

import re
import sys
import time
from typing import Any, Final

import click
import orjson
from typing_extensions import override

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.place_options import check_keys_are_told, manifest_of, noted, place_option
from authorizer.cli.points import time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.domain.backups import VerifiedBackup
from authorizer.persistence.backup.checking import StoredBackup
from authorizer.persistence.backup.record import note_verified
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.segments import TornTail
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import access_log
from authorizer.persistence.state import snapshot
from authorizer.persistence.stores import places
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.persistence.verification import data_folder as verification
from authorizer.persistence.verification.data_folder import CheckedSnapshot, KeysIn, Verified
from authorizer.persistence.verification.walk import Head
from authorizer.runtime.world import key_place
from authorizer.settings.model import Settings

_TOLD: Final = 40
"""How many problems are printed; --json has all."""
_SHORTER: Final = (
    "the journal is whole up to position {ends}, but a snapshot knows {knows}. Either this is a "
    "copy that was taken while a server ran, journal first, and nothing is damaged: `authorizer "
    "serve --accept-shorter-journal {ends}` goes on with it. Or the journal has lost its end: "
    "restore it"
)
_HEAD: Final = re.compile(r"([0-9]+):([0-9a-fA-F]{64})")


class HeadType(click.ParamType[Head]):
    """What `verify` prints as the head."""

    name = "POSITION:HASH"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> Head:
        if isinstance(value, Head):
            return value
        match = _HEAD.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is not a position, a colon and 64 hexadecimal digits", param, ctx)
        return Head(int(match[1]), bytes.fromhex(match[2]))


@click.command()
@click.option(
    "--expect",
    type=HeadType(),
    multiple=True,
    help="A head that the journal must pass through; may be given again.",
)
@click.option(
    "--without-keys",
    is_flag=True,
    help="The keys of personal data are kept elsewhere: do not check them.",
)
@place_option("--backup", "store", help="Where backups are: one of them is checked.")
@click.option("--name", help="The backup; by default the newest one.")
@place_option("--keys-from", "keys_at", help="Where the keys of the backup are stored.")
@click.option("--json", "as_json", is_flag=True, help="The findings as one JSON object.")
@settings_options(
    "data", "archived", "personal_keys", "id_retention_days", "credit_id_retention_days"
)
def verify(  # noqa: PLR0913, PLR0917 - click gives one argument an option
    expect: tuple[Head, ...],
    without_keys: bool,
    store: ObjectStore | None,
    name: str | None,
    keys_at: ObjectStore | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Check that a data folder or a backup is whole, without changing it.

    Reads the whole journal: every checksum, every position, every link of the hash chain, every
    record. Loads every snapshot, and checks that the newest one with the journal behind it makes
    the same state as the journal alone. Adds up every wallet from the events alone: what came in
    less what was spent must be what is available and held, less what is owed. Opens the personal
    data of every customer who is not erased, with the keys. Reads the whole log of who read whose
    data. What is amiss is told with its file and offset. The files are read from the device, not
    from the system's memory.

    May run beside a server. An incomplete last batch, which a server is writing just now or a
    crash left behind, is told and is no damage: nobody was given an answer that rests on it.

    Checksums find damage, not forgery: whoever can write the folder can write a journal anew. Keep
    the printed head elsewhere, on paper for instance, and give it back with --expect: no journal
    with another history up to there has it.

    With --backup PLACE it is a backup that is read, from its folder or object store: every file of
    it must be there, with its size and its SHA-256, and then all of the above holds. Where --data
    is the folder whose backups go there, it notes what was found, for the console and the metrics.

    Examples:
      authorizer verify --data data
      authorizer verify --data data --expect 1234:8d1f…e0
      authorizer verify --data copy --without-keys
      authorizer verify --data data --json | jq -e .ok
      authorizer verify --backup /backup/journal --keys-from /safe/keys --data data

    Exit status: 0 all is whole, 1 it is not, 2 wrong usage.
    """
    if store is None:
        disk, found = _folder(expect, without_keys, settings)
    else:
        check_keys_are_told("--keys-from", keys_at, without_keys)
        manifest = manifest_of(store, name)
        stored = StoredBackup(store, manifest)
        disk = stored.disk
        kept = settings.nominal_id_retention
        with progress("Verifying", stored.passes * journal_bytes(disk)) as passed:
            found = stored.verify(expect, kept, keys_at, passed)
        verified = VerifiedBackup(manifest.name, time.time_ns() // 1000, not found.problems)
        with noted(settings):
            note_verified(LocalDisk(settings.data), places.told(store), verified)
    click.echo(_json(disk, found) if as_json else _text(disk, found))
    if found.problems:
        sys.exit(1)


def _folder(
    expect: tuple[Head, ...], without_keys: bool, settings: Settings
) -> tuple[Disk, Verified]:
    keys = key_place(settings, offline.journal_to_read(settings))
    disk = offline.joined(settings)
    passes = 2 if snapshot.snapshots(disk) else 1
    shown = progress("Verifying", passes * journal_bytes(disk))
    with shown as passed, offline.archive_to_read(settings) as archive:
        return disk, verification.verify(
            disk,
            expect,
            settings.nominal_id_retention,
            passed,
            keys_in=None if without_keys else KeysIn(keys.disk, keys.folder),
            accesses_on=LocalDisk(settings.data / access_log.FOLDER),
            archive=archive,
        )


def _text(disk: Disk, found: Verified) -> str:
    head = found.head
    lines = [
        ("head", f"{head.position}:{head.chain.hex()}"),
        ("newest event", time_text(found.newest_at_us) if found.newest_at_us else "none"),
        ("journal", f"{head.position} records, {found.batches} batches, {found.segments} segments"),
        *((name, str(count)) for name, count in found.counts.items()),
    ]
    for checked in found.snapshots:
        same = ", makes the same state as the journal" if checked.file == found.compared else ""
        lines.append(("snapshot", f"{checked.file}: {_condition(checked)}{same}"))
    lines.append(("keys", _keys_text(found)))
    if found.accesses is not None:
        accesses = found.accesses
        lines.append(("access log", f"{accesses.position} records, head {accesses.chain.hex()}"))
    for torn in (_torn(disk, found.torn), _torn_of_accesses(disk, found)):
        if torn is not None:
            at = f"{torn['segment']} at byte {torn['offset']}"
            lines.append(("incomplete", f"{at}, {torn['length']} bytes: {torn['problem']}"))
    for customer_id in found.keys.of_erased if found.keys else ():
        text = f"customer {customer_id!r} is erased and has a key; the next start destroys it"
        lines.append(("erased", text))
    lines += [("problem", str(problem)) for problem in found.problems[:_TOLD]]
    if len(found.problems) > _TOLD:
        lines.append(("problem", f"{len(found.problems) - _TOLD} more; --json has all"))
    if found.shorter_than is not None:
        lines.append(("shorter", _SHORTER.format(ends=head.position, knows=found.shorter_than)))
    lines.append(("result", "not whole" if found.problems else "whole"))
    return "\n".join(f"{name:<13} {value}" for name, value in lines)


def _condition(checked: CheckedSnapshot) -> str:
    if checked.other_version:
        return "of another version of the program, passed over"
    return "whole" if checked.end else "damaged"


def _keys_text(found: Verified) -> str:
    if found.keys is None:
        return "not checked"
    return f"{found.keys.keys} keys, {found.keys.destroyed} destroyed, in {found.keys.file}"


def _torn(disk: Disk, torn: TornTail | None, folder: str = "") -> dict[str, Any] | None:
    """An incomplete last batch of the journal, or of the one in a folder."""
    if torn is None:
        return None
    return torn._asdict() | {"segment": disk.path(f"{folder}{torn.segment}")}


def _torn_of_accesses(disk: Disk, found: Verified) -> dict[str, Any] | None:
    torn = found.accesses.torn if found.accesses else None
    return _torn(disk, torn, f"{access_log.FOLDER}/")


def _json(disk: Disk, found: Verified) -> str:
    keys, accesses = found.keys, found.accesses
    document = {
        "ok": not found.problems,
        "position": found.head.position,
        "chain": found.head.chain.hex(),
        "newest_event_at": time_text(found.newest_at_us) if found.newest_at_us else None,
        "segments": found.segments,
        "batches": found.batches,
        **found.counts,
        "incomplete_batch": _torn(disk, found.torn),
        "snapshots": [
            {
                "file": checked.file,
                "whole": checked.end is not None,
                "other_version": checked.other_version,
                "makes_the_same_state": True if checked.file == found.compared else None,
            }
            for checked in found.snapshots
        ],
        "keys": keys
        and {
            "file": keys.file,
            "keys": keys.keys,
            "destroyed": keys.destroyed,
            "of_erased_customers": keys.of_erased,
        },
        "access_log": accesses
        and {
            "position": accesses.position,
            "chain": accesses.chain.hex(),
            "incomplete_batch": _torn_of_accesses(disk, found),
        },
        "shorter_than": found.shorter_than,
        "problems": [problem._asdict() for problem in found.problems],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
