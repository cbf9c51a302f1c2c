"""The command line: one file a command."""

import errno
from typing import Any

import click
from typing_extensions import override

from authorizer import __version__
from authorizer.cli.archive import archive
from authorizer.cli.backtest import backtest
from authorizer.cli.backup import backup
from authorizer.cli.doctor import doctor
from authorizer.cli.explain import explain
from authorizer.cli.import_ import import_
from authorizer.cli.init import init
from authorizer.cli.inspect import inspect
from authorizer.cli.keys import keys
from authorizer.cli.repair import repair
from authorizer.cli.replay import replay
from authorizer.cli.report import report
from authorizer.cli.reports import reports
from authorizer.cli.restore import restore
from authorizer.cli.serve import serve
from authorizer.cli.settings import settings
from authorizer.cli.snapshot import snapshot
from authorizer.cli.users import users
from authorizer.cli.verify import verify
from authorizer.persistence.api_keys import ApiKeysDamagedError
from authorizer.persistence.backup.manifest import BackupDamagedError
from authorizer.persistence.backup.segment_copies import BackupRefusedError
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.local_disk import DataFolderInUseError
from authorizer.persistence.privacy.keyring import VaultDamagedError


class Commands(click.Group):
    """Tells what can go wrong on a data folder in one line, whatever the command."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (
            ApiKeysDamagedError,
            BackupDamagedError,
            BackupRefusedError,
            DataFolderInUseError,
            JournalDamagedError,
            VaultDamagedError,
        ) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of the output has seen enough
                raise
            raise click.ClickException(str(error)) from error


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
def main() -> None:
    """An in-memory card-transaction authorizer that never forgets one.

    All state is in one folder (--data). Results go to standard output, messages to standard error.
    Every setting is a flag, an environment variable and a key in a TOML file: see `settings`.

    Start with `authorizer init --demo --data data` and `authorizer serve --data data`.

    Exit status: 0 done, 1 failed, 2 wrong usage, 74 the journal could not be written.
    """


_COMMANDS = (
    archive, backtest, backup, doctor, explain, import_, init, inspect, keys, repair, replay,
    report, reports, restore, serve, settings, snapshot, users, verify,
)  # fmt: skip
for command in _COMMANDS:
    main.add_command(command)
