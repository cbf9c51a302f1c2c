"""`authorizer keys`."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import click
import orjson

from authorizer.cli.key_options import Expiry, KeyName, now_us
from authorizer.cli.options import laid_out, settings_options
from authorizer.cli.points import time_text
from authorizer.domain.access import ApiKey, Role
from authorizer.http.access.credentials import new_credential
from authorizer.persistence import keys_in_force
from authorizer.persistence.api_keys import (
    FILE,
    MAX_KEYS,
    changing,
    digest_of_file,
    read_keys,
    write_keys,
)
from authorizer.persistence.disk import Disk
from authorizer.persistence.local_disk import LocalDisk
from authorizer.settings.model import Settings

F = TypeVar("F", bound=Callable[..., Any])

_POLL_SECONDS: Final = 0.02

HELP: Final = """Make, list and revoke API keys.

A key is for one role: terminal (purchases), atendente (customer care), supervisor (an attendant who
may also erase persons and set any limit), operador (accounts, credits, limits, merchants,
operations) or auditor (reads, changes nothing). Clients send it in the header
`Authorization: Bearer KEY`.

Where a server runs on the folder, `create` and `revoke` wait until it goes by the change, and end
with status 75 if it does not say so in time. From the first key on everybody needs one, even once
all are revoked.

Examples:
  authorizer keys create --role terminal --name 'till 7' --data data
  authorizer keys list --data data
  authorizer keys revoke 3f9a01c2de --data data

Exit status: 0 done, 1 the keys can't be read or written, or there is no such key, 2 wrong usage,
75 done on disk, but the running server did not confirm it.
"""
FIRST: Final = """\
A server runs on {data} and asks nobody for a key. With this first one it refuses everybody without
a key from now on: all terminals and other clients that have none yet."""


class NotConfirmedError(click.ClickException):
    """What was written is on disk, and whether the running server goes by it is not known."""

    exit_code = os.EX_TEMPFAIL


def deadline_option(command: F) -> F:
    """How long to wait for a running server."""
    return click.option(
        "--deadline-seconds",
        type=click.FloatRange(min=0),
        default=10.0,
        show_default=True,
        help="How long to wait for a running server.",
    )(command)


@click.group(help=laid_out(HELP))
def keys() -> None:
    """All of it is in the commands below."""


@keys.command()
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the key is for.",
)
@click.option("--name", type=KeyName(), default="", help="Whose it is, for people.")
@click.option(
    "--expires",
    "expires_at_us",
    type=Expiry(),
    help="How long it is good, or until when; a date is its beginning, UTC.",
)
@click.option(
    "--yes", is_flag=True, help="Don't ask whether a server may refuse all who have no key."
)
@deadline_option
@settings_options("data")
def create(
    role: str,
    name: str,
    expires_at_us: int | None,
    yes: bool,
    deadline_seconds: float,
    settings: Settings,
) -> None:
    """Make a key and print it, this once.

    Only its hash is kept, so it can't be shown again. The key alone goes to standard output. The
    data folder is made if missing.

    The first key locks everybody out who has none. So where a server runs without keys, the command
    asks; without a terminal it refuses, unless --yes is given.

    Examples:
      authorizer keys create --role terminal --name 'till 7' --data data
      KEY=$(authorizer keys create --role atendente --expires 90d --yes --data data)

    Exit status: 0 made, 1 the keys can't be read or written, or the first one was not confirmed,
    2 wrong usage, 75 made, but the running server did not say in time that it goes by it.
    """
    disk = LocalDisk(settings.data)
    credential = new_credential()
    key = ApiKey(
        credential.key_id, Role(role), name, credential.digest, now_us(), expires_at_us, None
    )
    if not yes and not read_keys(disk) and keys_in_force.said(disk) is not None:
        _ask_for_the_first(settings)
    with changing(disk):
        known = read_keys(disk)
        if len(known) >= MAX_KEYS:
            raise click.ClickException(f"there are {MAX_KEYS} keys, and no more can be kept")
        write_keys(disk, [*known, key])
    click.echo(str(credential))
    until = "" if expires_at_us is None else f", until {time_text(expires_at_us)}"
    click.echo(f"key {key.key_id} for {role}{until}; it is shown only this once", err=True)
    made = f"key {key.key_id} is made in {disk.path(FILE)}"
    if is_confirmed(disk, deadline_seconds, made, "may not take it yet"):
        click.echo("the running server goes by it", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@settings_options("data")
def list_(as_json: bool, settings: Settings) -> None:
    """List all keys, oldest first: who has which role, and whether it is active.

    Neither a key nor its hash is shown. Events in the journal name a key as ROLE:ID.

    Examples:
      authorizer keys list --data data
      authorizer keys list --data data --json | jq -r '.[] | select(.standing == "active") | .id'

    Exit status: 0 listed, 1 the keys can't be read, 2 wrong usage.
    """
    at_us = now_us()
    lines = [_line(key, at_us) for key in read_keys(LocalDisk(settings.data))]
    columns = ("id", "role", "standing", "created_at", "expires_at", "revoked_at", "name")
    click.echo(
        orjson.dumps(lines, option=orjson.OPT_INDENT_2) if as_json else table_of(lines, columns)
    )


@keys.command()
@click.argument("key_id", metavar="ID")
@deadline_option
@settings_options("data")
def revoke(key_id: str, deadline_seconds: float, settings: Settings) -> None:
    """Revoke a key, for good. Once the command has ended with 0 no server takes it any more.

    Examples:
      authorizer keys revoke 3f9a01c2de --data data

    Exit status: 0 revoked, now or before; 1 there is no such key, or the keys can't be read or
    written; 2 wrong usage; 75 revoked on disk, but the running server did not say in time that it
    goes by it: it may still take the key.
    """
    disk = LocalDisk(settings.data)
    if not read_keys(disk):
        raise click.ClickException(f"{settings.data} holds no API keys")
    with changing(disk):
        known = read_keys(disk)
        found = next((key for key in known if key.key_id == key_id), None)
        if found is None:
            raise click.ClickException(f"there is no API key {key_id!r}")
        revoked = found._replace(revoked_at_us=found.revoked_at_us or now_us())
        # One that is revoked already is written all the same: that may be seen and not be durable,
        # where an earlier attempt failed at the last moment.
        write_keys(disk, [revoked if key is found else key for key in known])
    done = f"key {key_id} is revoked in {disk.path(FILE)}"
    confirmed = is_confirmed(disk, deadline_seconds, done, "may still take it")
    by = "; the running server refuses it" if confirmed else ""
    click.echo(f"key {key_id} is revoked{by}", err=True)


def _ask_for_the_first(settings: Settings) -> None:
    """Ask for confirmation that everybody may be locked out. click.Abort if it is refused."""
    what = FIRST.format(data=settings.data)
    if not sys.stdin.isatty():
        raise click.ClickException(f"{what} Give --yes if that is wanted; no key was made")
    click.echo(what, err=True)
    click.confirm("Make the key?", abort=True, err=True)


def is_confirmed(
    disk: LocalDisk,
    seconds: float,
    done: str,
    danger: str,
    word: str = keys_in_force.IN_FORCE,
    digest_of: Callable[[Disk], str] = digest_of_file,
) -> bool:
    """Wait until a running server goes by the key file, or that of people; False if none runs.

    Others may change the file meanwhile; what was changed here is still in it then. `word` is where
    the server tells, `digest_of` what it is to tell.

    Raises:
        NotConfirmedError: a server runs and has not said so in time.
    """
    until = time.monotonic() + seconds
    while (said := keys_in_force.said(disk, word)) is not None:
        if said == digest_of(disk):
            return True
        if time.monotonic() >= until:
            raise NotConfirmedError(
                f"{done}, but the running server did not confirm within "
                f"{seconds:g} s that it goes by that, and {danger}. Its log may say why; a server "
                "that starts anew goes by it"
            )
        time.sleep(_POLL_SECONDS)
    return False


def _line(key: ApiKey, at_us: int) -> dict[str, str | None]:
    return {
        "id": key.key_id,
        "role": key.role.value,
        "name": key.name,
        "standing": key.standing(at_us).value,
        "created_at": time_text(key.created_at_us),
        "expires_at": None if key.expires_at_us is None else time_text(key.expires_at_us),
        "revoked_at": None if key.revoked_at_us is None else time_text(key.revoked_at_us),
    }


def table_of(lines: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Lines as a table, their columns named above."""
    rows = [list(columns), *([str(line[column] or "-") for column in columns] for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    return "\n".join(
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
