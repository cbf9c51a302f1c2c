"""`authorizer verify`."""

import re
import sys
from typing import Any, Final

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.points import time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.domain.policy import DAY_US
from authorizer.persistence import snapshot, verification
from authorizer.persistence.disk import LocalDisk
from authorizer.persistence.verification import CheckedSnapshot, Head, Verified
from authorizer.settings import Settings

_HEAD: Final = re.compile(r"([0-9]+):([0-9a-fA-F]{64})")


class HeadType(click.ParamType[Head]):
    """What `verify` prints as the head."""

    name = "POSITION:HASH"

    def convert(self, value: Any, param: Any, ctx: Any) -> Head:
        """See `click.ParamType`."""
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
@click.option("--json", "as_json", is_flag=True, help="The findings as one JSON object.")
@settings_options("data", "id_retention_days")
def verify(expect: tuple[Head, ...], as_json: bool, settings: Settings) -> None:
    """Check that a data folder is whole, without changing it.

    Reads the whole journal: every checksum, every position, every link of the hash chain, every
    record. Loads every snapshot, and checks that the newest one with the journal behind it makes
    the same state as the journal alone. Damage is told with its file and offset.

    May run beside a server. An incomplete last batch, which a server is writing just now or a
    crash left behind, is told and is no damage: nobody was given an answer that rests on it.

    Checksums find damage, not forgery: whoever can write the folder can write a journal anew. Keep
    the printed head elsewhere, on paper for instance, and give it back with --expect: no journal
    with another history up to there has it.

    Examples:
      authorizer verify --data data
      authorizer verify --data data --expect 1234:8d1f…e0
      authorizer verify --data data --json | jq -e .ok

    Exit status: 0 all is whole, 1 it is not, 2 wrong usage.
    """
    disk = offline.journal_to_read(settings)
    passes = 2 if snapshot.snapshots(disk) else 1
    with progress("Verifying", passes * journal_bytes(disk)) as passed:
        found = verification.verify(disk, expect, settings.id_retention_days * DAY_US, passed)
    click.echo(_json(disk, found) if as_json else _text(disk, found))
    if found.problems:
        sys.exit(1)


def _text(disk: LocalDisk, found: Verified) -> str:
    head = found.head
    lines = [
        ("head", f"{head.position}:{head.chain.hex()}"),
        ("newest event", time_text(found.newest_at_us) if found.newest_at_us else "none"),
        ("journal", f"{head.position} records, {found.batches} batches, {found.segments} segments"),
        ("accounts", str(found.accounts)),
        ("customers", str(found.customers)),
        ("tickets", str(found.tickets)),
        ("cards", str(found.cards)),
        ("merchants", str(found.merchants)),
    ]
    for checked in found.snapshots:
        same = ", makes the same state as the journal" if checked.file == found.compared else ""
        lines.append(("snapshot", f"{checked.file}: {_condition(checked)}{same}"))
    if found.torn is not None:
        torn = found.torn
        at = f"{disk.path(torn.segment)} at byte {torn.offset}"
        lines.append(("incomplete", f"{at}, {torn.length} bytes: {torn.problem}"))
    lines += [("damage", str(problem)) for problem in found.problems]
    lines.append(("result", "damaged" if found.problems else "whole"))
    return "\n".join(f"{name:<13} {value}" for name, value in lines)


def _condition(checked: CheckedSnapshot) -> str:
    if checked.other_version:
        return "of another version of the program, passed over"
    return "whole" if checked.end else "damaged"


def _json(disk: LocalDisk, found: Verified) -> str:
    torn = None
    if found.torn is not None:
        torn = found.torn._asdict() | {"segment": disk.path(found.torn.segment)}
    document = {
        "ok": not found.problems,
        "position": found.head.position,
        "chain": found.head.chain.hex(),
        "newest_event_at": time_text(found.newest_at_us) if found.newest_at_us else None,
        "segments": found.segments,
        "batches": found.batches,
        "accounts": found.accounts,
        "customers": found.customers,
        "tickets": found.tickets,
        "cards": found.cards,
        "merchants": found.merchants,
        "incomplete_batch": torn,
        "snapshots": [
            {
                "file": checked.file,
                "whole": checked.end is not None,
                "other_version": checked.other_version,
                "makes_the_same_state": True if checked.file == found.compared else None,
            }
            for checked in found.snapshots
        ],
        "problems": [problem._asdict() for problem in found.problems],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
