"""`authorizer serve`."""

import sys

import click

from authorizer import logs, runtime, server
from authorizer.cli.options import settings_options
from authorizer.persistence import journal
from authorizer.persistence.disk import DataFolderInUseError, LocalDisk
from authorizer.persistence.journal import JournalDamagedError
from authorizer.persistence.recovery import Recovered
from authorizer.settings import Settings

TRY = """\
serving on {url} — try:

  curl -i {url}/transactions -d '{{"account": "123", "totalAmount": 100.00, "mcc": "5811",
    "merchant": "PADARIA DO ZE               SAO PAULO BR"}}'
"""


@click.command()
@settings_options()
def serve(settings: Settings) -> None:
    """Serve the HTTP interface on a data folder, which is made if missing.

    SIGTERM drains: what was received is answered, a snapshot is taken, then the process ends.
    SIGUSR1 takes a snapshot.
    """
    logs.configure(settings.log_format, settings.log_level)
    if not settings.is_loopback:
        raise click.UsageError(
            f"refusing to listen on {settings.host}: no API key is configured, and anybody who "
            "reaches that address could move money. Use 127.0.0.1."
        )
    disk = LocalDisk(settings.data)
    try:
        with disk.lock():
            recovered = _recover(disk, settings)
            with server.listen(settings.host, settings.port) as listening:
                server.serve(settings, disk, recovered, listening, _announce)
    except DataFolderInUseError as error:
        raise click.ClickException(str(error)) from error
    except JournalDamagedError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{settings.host}:{settings.port}: {error}") from error


def _recover(disk: LocalDisk, settings: Settings) -> Recovered:
    total = sum(disk.size(name) for name in journal.segments(disk))
    if not (total and sys.stderr.isatty()):
        return runtime.recover_with_summary(disk, settings)
    with click.progressbar(length=total, label="Recovering", file=sys.stderr) as bar:
        return runtime.recover_with_summary(disk, settings, bar.update)


def _announce(url: str) -> None:
    click.echo(TRY.format(url=url), file=sys.stdout)
    sys.stdout.flush()
