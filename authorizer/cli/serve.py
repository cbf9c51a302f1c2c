"""`authorizer serve`."""

import sys
from socket import socket

import click

from authorizer import logs, server
from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.persistence.disk import LocalDisk
from authorizer.settings import Settings

TRY = """\
serving on {url} — try:

  curl -i {url}/transactions -d '{{"account": "123", "totalAmount": 100.00, "mcc": "5811",
    "merchant": "PADARIA DO ZE               SAO PAULO BR"}}'
"""


@click.command()
@settings_options()
def serve(settings: Settings) -> None:
    """Serve the HTTP interface.

    The data folder is made if missing, and recovered if not. One process at a time can own it.

    SIGTERM and SIGINT drain: what was received is answered, a snapshot is taken, then the process
    ends. SIGUSR1 takes a snapshot; so does `authorizer snapshot`. Logs go to standard error.

    Examples:
      authorizer serve --data data
      authorizer serve --data data --port 0 --deadline-ms 50 --log-format json
      AUTHORIZER_DATA=data authorizer serve --config authorizer.toml

    Exit status: 0 drained, 1 the folder is in use or damaged, or the address can't be had,
    2 wrong usage, 74 the journal could not be written: nothing was answered after that, and the
    next start goes on from what is on disk.
    """
    logs.configure(settings.log_format, settings.log_level)
    if not settings.is_loopback:
        raise click.UsageError(
            f"refusing to listen on {settings.host}: no API key is configured, and anybody who "
            "reaches that address could move money. Use 127.0.0.1."
        )
    disk = LocalDisk(settings.data)
    with offline.deaf_to_snapshot_calls(), disk.lock():
        recovered = offline.recover(disk, settings)
        with _listen(settings) as listening:
            server.serve(settings, disk, recovered, listening, _announce)


def _listen(settings: Settings) -> socket:
    try:
        return server.listen(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(f"{settings.host}:{settings.port}: {error}") from error


def _announce(url: str) -> None:
    click.echo(TRY.format(url=url), file=sys.stdout)
    sys.stdout.flush()
