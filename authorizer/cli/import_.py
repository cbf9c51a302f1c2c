"""`authorizer import`."""

import gc
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from authorizer.cli import offline
from authorizer.cli.import_lines import LineSource, read_lines
from authorizer.cli.importer import PLURALS, WAVE_ENTRIES, Importer
from authorizer.cli.options import settings_options
from authorizer.cli.progress import progress, tell
from authorizer.runtime.running import Running
from authorizer.settings.model import Settings

STDIN: Final = "-"
_YOUNG_OBJECTS: Final = 1_000_000
"""What a wave makes is gone with it, without the collector: a fifth of the time is saved."""


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True),
    metavar="FILE...",
)
@settings_options(
    "archived",
    "data",
    "personal_keys",
    "id_retention_days",
    "credit_id_retention_days",
    "segment_mib",
    "wallet_by_mcc",
    "fallback_wallet",
    "fallback_of",
    "preset",
)
def import_(files: Sequence[str], settings: Settings) -> None:
    """Take in accounts, merchants and customers.

    A FILE holds one JSON object a line (NDJSON); `-` is standard input. A file named .json, or one
    that begins with a line of a lone brace, is one document instead. The members are those of the
    HTTP interface; `kind` (account, merchant, customer) may be left out:

      {"account": "123", "balances": {"FOOD": 100.00, "CASH": 20.00}, "cliente_id": "12345"}
      {"name": "UBER EATS                   SAO PAULO BR", "mcc": "5812"}
      {"cliente_id": "12345", "nome": "…", "cpf": "…", "cartoes": […], …}

      account   "account"; optional "balances" (in reais; all zero by default) and "cliente_id"
      merchant  "name" and "mcc"
      customer  the customer document, whole

    Lines are checked and decided like requests, in their order, and one that can't be taken is told
    with its number while the others go on. The same again changes nothing, so an import that was
    interrupted, or had bad lines, is simply run again. The data folder is made if missing; no
    server may run on it.

    Examples:
      authorizer import accounts.ndjson merchants.ndjson --data data
      authorizer import customer.json --data data
      zcat accounts.ndjson.gz | authorizer import - --data data

    Exit status: 0 everything is in; 1 some lines were refused, it was interrupted, or the folder
    can't be used; 2 wrong usage; 74 the journal could not be written.
    """

    async def job(running: Running) -> Importer:
        gc.set_threshold(_YOUNG_OBJECTS)
        importer = Importer(running.actors, "import", _refused)
        with progress("Importing", sum(map(_size, files))) as passed:
            for path in files:
                with click.open_file(path, "rb") as stream:
                    name = "<stdin>" if path == STDIN else path
                    await importer.take(read_lines(stream, name), passed)
        return importer

    # None of a wave has to make room for another, however few a server keeps awake.
    awake = max(settings.max_resident_accounts, 2 * WAVE_ENTRIES)
    importer = offline.work(settings.model_copy(update={"max_resident_accounts": awake}), job)
    for kind, count in importer.counts.items():
        click.echo(f"{PLURALS[kind]:<10} {count.created} new, {count.known} there before")
    if importer.refused:
        click.echo(f"{importer.refused} lines were refused", err=True)
        sys.exit(1)


def _refused(source: LineSource, problem: str) -> None:
    tell(f"{source}: {problem}")


def _size(path: str) -> int:
    """How many bytes a file will give; 0 where that is not known."""
    if path == STDIN:
        return 0
    found = Path(path).stat()
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
