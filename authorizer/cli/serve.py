"""`authorizer serve`."""

import json
import shlex
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from socket import socket
from typing import Final

import click

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.progress import status_line
from authorizer.cli.reports import url_problem
from authorizer.domain.access import ApiKey, Standing
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.logs.setup import configure_logging
from authorizer.persistence import api_keys
from authorizer.persistence.local_disk import LocalDisk
from authorizer.runtime.world import real_world
from authorizer.server.sockets import AddressTakenError, bind
from authorizer.settings.model import Settings

TRY = """\
serving on {url} — try:
{opening}
  curl -i {url}/transactions -d '{{"account": "123", "totalAmount": 100.00, "mcc": "5811",
    "merchant": "PADARIA DO ZE               SAO PAULO BR"}}'

No API key is configured: anybody on this machine may do anything. `authorizer keys create` makes
the first one; from then on everybody needs one.
"""
OPENING = """
  curl -X PUT {url}/accounts/123 -d {balances}
"""
WITH_KEYS = """\
serving on {url}; API keys are needed (`authorizer keys list`)
"""
NOT_ENCRYPTED: Final = """\
{host} is not this machine alone, and this is HTTP without TLS: it is not encrypted, and keys
and personal data can be read on the way. Put a proxy that speaks TLS in front.
"""


@click.command()
@click.option(
    "--trust-clock",
    is_flag=True,
    help="The machine's clock is right, however far it is off the journal.",
)
@click.option(
    "--accept-shorter-journal",
    type=click.IntRange(0),
    metavar="POSITION",
    help="Go on where the journal ends, at this position, though a snapshot knows more.",
)
@settings_options()
def serve(settings: Settings, trust_clock: bool, accept_shorter_journal: int | None) -> None:
    """Serve the HTTP interface.

    The data folder is made if missing, and recovered if not. One process at a time can own it.

    SIGTERM and SIGINT drain: what was received is answered, a snapshot is taken, then the process
    ends. SIGUSR1 takes a snapshot; so does `authorizer snapshot`. SIGUSR2 confirms that the
    machine's clock is right, as --trust-clock does at the start. Logs go to standard error.

    A journal that ends before a snapshot is refused: it may have lost its end. A copy that was
    taken while a server ran may have that too; --accept-shorter-journal goes on with it, and puts
    the snapshots aside. It holds for that one position only.

    While no API key was ever made, anybody who reaches the server may do anything, so it listens on
    loopback only. Keys are made and revoked by `authorizer keys`, also while the server runs.

    With a snapshot only what is behind it is read before it listens; the rest of the journal is
    checked meanwhile. Damage there is told in the log and by /health, and ends the server, unless
    --end-on-damage is false.

    Examples:
      authorizer serve --data data
      authorizer serve --data data --port 0 --deadline-ms 50 --log-format json
      AUTHORIZER_DATA=data authorizer serve --config authorizer.toml

    Exit status: 0 drained, 1 the folder is in use or damaged, also if that was found later, or the
    address can't be had, 2 wrong usage, 74 the disk is full or broken, also at the start: nothing
    was answered after that, and the next start goes on from what is on disk.
    """
    # Loaded where they are used: the process of the reports and all other commands begin sooner.
    from authorizer.server.old_segments import JournalFoundDamagedError  # noqa: PLC0415
    from authorizer.server.serve import end_process, serve_until_signal  # noqa: PLC0415

    configure_logging(settings.log_format, settings.log_level, status_line(), in_background=True)
    disk = LocalDisk(settings.data)
    keys = api_keys.read_keys(disk)
    if not settings.is_loopback and not _any_active(keys):
        raise click.UsageError(
            f"refusing to listen on {settings.host}: no API key is configured that is active, so "
            "nobody could ask, or anybody could. Use 127.0.0.1, or make one: authorizer keys create"
        )
    _check_reports_url(settings)
    with (
        offline.telling_a_failed_disk(),
        offline.deaf_to_calls(),
        disk.lock(),
        ExitStack() as last,
    ):
        world = real_world(settings, disk, end_process)
        last.callback(world.archive.close)
        recovered = offline.recover(world, settings, accept_shorter_journal, tail_only=True)
        with _bind(settings) as bound:
            if not settings.is_loopback:
                click.echo(NOT_ENCRYPTED.format(host=settings.host), err=True, nl=False)
            opens = None if "123" in recovered.state[ACCOUNTS] else settings.fallback_wallet
            announce = partial(_announce, bool(keys), opens)
            try:
                serve_until_signal(
                    settings, world, recovered, bound, announce, trust_clock=trust_clock
                )
            except JournalFoundDamagedError as error:
                raise click.ClickException(str(error)) from error
            except AddressTakenError as error:
                raise _unavailable(settings, error) from error


def _check_reports_url(settings: Settings) -> None:
    """Refuse what the reports' process could never use. A database may be away, and come back."""
    if not settings.reports or settings.reports_url is None:
        return
    problem = url_problem(settings.reports_url)
    if problem is not None:
        raise click.UsageError(f"setting reports_url: {problem}")


def _bind(settings: Settings) -> socket:
    try:
        return bind(settings.host, settings.port)
    except OSError as error:
        raise _unavailable(settings, error) from error


def _unavailable(settings: Settings, error: Exception) -> click.ClickException:
    return click.ClickException(f"{settings.host}:{settings.port}: {error}")


def _any_active(keys: Iterable[ApiKey]) -> bool:
    now_us = time.time_ns() // 1000
    return any(key.standing(now_us) is Standing.ACTIVE for key in keys)


def _announce(keys_needed: bool, opens: str | None, url: str) -> None:
    """Tell where it serves. `opens`: a wallet for the account to try, where there is none yet."""
    balances = shlex.quote(json.dumps({"balances": {opens: 1000}}, ensure_ascii=False))
    opening = "" if opens is None else OPENING.format(url=url, balances=balances)
    text = WITH_KEYS if keys_needed else TRY
    click.echo(text.format(url=url, opening=opening), file=sys.stdout)
    sys.stdout.flush()
