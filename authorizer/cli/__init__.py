"""The command line: one file a command."""

import click

from authorizer import __version__
from authorizer.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """An in-memory card-transaction authorizer that never forgets one."""


main.add_command(serve)
