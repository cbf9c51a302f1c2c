"""`authorizer users`."""

import re
import secrets
from typing import Any, Final

import click
import orjson
from typing_extensions import override

from authorizer.cli.key_options import KeyName, now_us
from authorizer.cli.keys import deadline_option, is_confirmed, table_of
from authorizer.cli.options import laid_out, settings_options
from authorizer.cli.points import time_text
from authorizer.console.access.passwords import hasher
from authorizer.domain.access import Role
from authorizer.domain.moments import HOUR_US
from authorizer.domain.people import LOG_IN_ROLES, User
from authorizer.persistence.api_keys import changing
from authorizer.persistence.keys_in_force import USERS_IN_FORCE
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import (
    FILE,
    MAX_USERS,
    USER_ID,
    change_user,
    digest_of_users,
    read_users,
    write_users,
)
from authorizer.settings.model import Settings

INVITED_HOURS: Final = 72
"""How long a one-time password is good."""
HELP: Final = """Make, list and disable the people who log in to the console.

A person has one role: atendente (customer care), supervisor (an attendant who may also see who read
a person's data), operador (accounts, limits, merchants, operations) or auditor (reads, changes
nothing). The console is at /console of a running server.

Where a server runs on the folder, `create`, `disable` and `reset` wait until it goes by the change,
and end with status 75 if it does not say so in time.

Examples:
  authorizer users create --role atendente --name 'Ana Souza' ana --data data
  authorizer users list --data data
  authorizer users reset ana --data data

Exit status: 0 done, 1 the people can't be read or written, or there is no such person, 2 wrong
usage, 75 done on disk, but the running server did not confirm it.
"""


class UserId(click.ParamType[str]):
    """What somebody logs in with."""

    name = "ID"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not re.fullmatch(USER_ID, value):
            self.fail(
                f"{value!r} must begin with a small letter and go on with 1 to 31 of a-z 0-9 . _ -",
                param,
                ctx,
            )
        return str(value)


@click.group(help=laid_out(HELP))
def users() -> None:
    """All of it is in the commands below."""


@users.command()
@click.argument("user_id", type=UserId())
@click.option(
    "--role",
    type=click.Choice([role.value for role in LOG_IN_ROLES]),
    required=True,
    help="What the person does.",
)
@click.option(
    "--name", type=KeyName(), required=True, help="What colleagues call them; no two share one."
)
@deadline_option
@settings_options("data")
def create(user_id: str, role: str, name: str, deadline_seconds: float, settings: Settings) -> None:
    """Make a person and print a one-time password, this once.

    With it they log in within 72 hours, choose a password of their own and pair a second factor.
    The password alone goes to standard output. An id is never given twice: events in the journal
    name a person as ROLE:@ID.

    Examples:
      authorizer users create --role supervisor --name 'Ana Souza' ana --data data

    Exit status: 0 made, 1 the people can't be read or written, or the id or name is taken, 2 wrong
    usage, 75 made, but the running server did not say in time that it goes by it.
    """
    disk = LocalDisk(settings.data)
    if not name.strip():
        raise click.UsageError("--name must not be blank")
    password = _one_time_password()
    user = User(
        user_id,
        name.strip(),
        Role(role),
        hasher().hash(password),
        None,
        now_us(),
        now_us() + INVITED_HOURS * HOUR_US,
        None,
    )
    with changing(disk):
        known = read_users(disk)
        if len(known) >= MAX_USERS:
            raise click.ClickException(f"there are {MAX_USERS} people, and no more can be kept")
        if any(each.user_id == user_id for each in known):
            raise click.ClickException(f"there is a person {user_id!r} already: see users reset")
        if any(each.name.lower() == user.name.lower() for each in known):
            raise click.ClickException(f"somebody is called {user.name!r} already")
        write_users(disk, [*known, user])
    _tell(disk, user, password, deadline_seconds, f"{user_id} is made")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@settings_options("data")
def list_(as_json: bool, settings: Settings) -> None:
    """List all people, oldest first: who has which role, and whether they may log in.

    Standing is invited (with the one-time password), expired (nobody came in time), active or
    disabled. Beside it stands how many passkeys they have. No password, hash or secret is shown.

    Examples:
      authorizer users list --data data
      authorizer users list --data data --json | jq -r '.[] | select(.standing == "active") | .id'

    Exit status: 0 listed, 1 the people can't be read, 2 wrong usage.
    """
    at_us = now_us()
    lines = [_line(user, at_us) for user in read_users(LocalDisk(settings.data))]
    columns = ("id", "role", "standing", "passkeys", "created_at", "name")
    shown = orjson.dumps(lines, option=orjson.OPT_INDENT_2).decode()
    click.echo(shown if as_json else table_of(lines, columns))


@users.command()
@click.argument("user_id", metavar="ID")
@deadline_option
@settings_options("data")
def disable(user_id: str, deadline_seconds: float, settings: Settings) -> None:
    """Disable a person: once this has ended with 0 all their sessions are over.

    `users reset` lets them in again.

    Examples:
      authorizer users disable ana --data data

    Exit status: 0 disabled, now or before; 1 there is no such person, or the people can't be read
    or written; 2 wrong usage; 75 disabled on disk, but the running server did not say so in time.
    """
    disk = LocalDisk(settings.data)
    at_us = now_us()
    changed = change_user(
        disk, user_id, lambda user: user._replace(disabled_at_us=user.disabled_at_us or at_us)
    )
    _check(user_id, changed is not None)
    _confirm(disk, deadline_seconds, f"{user_id} is disabled", "may still let them in")
    click.echo(f"{user_id} is disabled", err=True)


@users.command()
@click.argument("user_id", metavar="ID")
@deadline_option
@settings_options("data")
def reset(user_id: str, deadline_seconds: float, settings: Settings) -> None:
    """Give a person a new one-time password, for one that was forgotten or a phone that was lost.

    Their password, their second factor, their passkeys and all their sessions are good no more.
    Whoever was disabled may log in again.

    Examples:
      authorizer users reset ana --data data

    Exit status: 0 done, 1 there is no such person, or the people can't be read or written, 2 wrong
    usage, 75 done on disk, but the running server did not say in time that it goes by it.
    """
    disk = LocalDisk(settings.data)
    password = _one_time_password()
    password_hash = hasher().hash(password)
    until_us = now_us() + INVITED_HOURS * HOUR_US
    changed = change_user(
        disk,
        user_id,
        lambda user: user._replace(
            password_hash=password_hash,
            totp_secret=None,
            invited_until_us=until_us,
            disabled_at_us=None,
            passkeys=(),
        ),
    )
    _check(user_id, changed is not None)
    found = next(user for user in changed or () if user.user_id == user_id)
    _tell(disk, found, password, deadline_seconds, f"{user_id} is reset")


def _one_time_password() -> str:
    """24 random letters and digits, in groups that can be read out: 124 bits."""
    letters = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"
    text = "".join(secrets.choice(letters) for _ in range(24))
    return "-".join(text[at : at + 6] for at in range(0, 24, 6))


def _tell(disk: LocalDisk, user: User, password: str, seconds: float, done: str) -> None:
    click.echo(password)
    assert user.invited_until_us is not None
    click.echo(
        f"one-time password of {user.user_id} ({user.name}, {user.role.value}), good until "
        f"{time_text(user.invited_until_us)}; it is shown only this once",
        err=True,
    )
    _confirm(disk, seconds, done, "may not know of it yet")


def _check(user_id: str, is_there: bool) -> None:
    if not is_there:
        raise click.ClickException(f"there is no person {user_id!r}")


def _confirm(disk: LocalDisk, seconds: float, done: str, danger: str) -> None:
    """Wait until a running server goes by the file; return at once where none runs."""
    is_confirmed(
        disk, seconds, f"{done} in {disk.path(FILE)}", danger, USERS_IN_FORCE, digest_of_users
    )


def _line(user: User, at_us: int) -> dict[str, Any]:
    return {
        "id": user.user_id,
        "role": user.role.value,
        "name": user.name,
        "standing": user.standing(at_us).value,
        "passkeys": len(user.passkeys),
        "created_at": time_text(user.created_at_us),
    }
