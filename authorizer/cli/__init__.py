"""The command line: one file a command."""

import errno
from importlib import import_module
from typing import Any, Final

import click
from typing_extensions import override

from authorizer import __version__

MODULES: Final = {
    name: "import_" if name == "import" else name
    for name in (
        "archive", "backtest", "backup", "doctor", "events", "explain", "import", "init", "inspect",
        "keys", "repair", "replay", "report", "reports", "restore", "serve", "settings", "snapshot",
        "users", "verify",
    )
}  # fmt: skip
"""Each command's module, which has it under the same name."""


class Commands(click.Group):
    """Loads a command when it is asked for: the others took a quarter of the time.

    Tells what can go wrong on a data folder in one line, whatever the command.
    """

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = MODULES.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"authorizer.cli.{module}"), module)
        return command

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of the output has seen enough
                raise
            raise click.ClickException(str(error)) from error
        except Exception as error:
            from authorizer.cli.damages import DAMAGES  # noqa: PLC0415 - it loads much

            if isinstance(error, DAMAGES):
                raise click.ClickException(str(error)) from error
            raise


@click.group(
    cls=Commands,
    commands={name: click.Command(name) for name in MODULES},  # for lists of their names only
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def main() -> None:
    """An in-memory card-transaction authorizer that never forgets one.

    All state is in one folder (--data). Results go to standard output, messages to standard error.
    Every setting is a flag, an environment variable and a key in a TOML file: see `settings`.

    Start with `authorizer init --demo --data data` and `authorizer serve --data data`.

    Exit status: 0 done, 1 failed, 2 wrong usage, 74 the journal could not be written.
    """
