"""`authorizer report`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.progress import status_line
from authorizer.cli.reports import feed_of, journal_end, tables_of, tables_to_write
from authorizer.followers.reports.export.amounts import reais, with_amounts
from authorizer.followers.reports.export.spreadsheet import STYLES, csv_of
from authorizer.followers.reports.groupings import GROUPINGS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.report_request import BUSINESS, CALENDAR, ReportRequest
from authorizer.http.api.instants import check_edge
from authorizer.http.api.wire import money
from authorizer.http.report_period import PeriodError, period_of
from authorizer.logs.setup import configure_logging
from authorizer.persistence.local_disk import DataFolderInUseError
from authorizer.settings.model import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

# What loads SQLAlchemy, numpy and Jinja is loaded where it is used: the server loads this too.

WAIT_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_TABLES: Final = [f"{name}/{group}" for name, groups in GROUPINGS.items() for group in groups]


class Edge(click.ParamType[str]):
    """A date, or an RFC 3339 date and time."""

    name = "DATE"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The text, once it is known to be one."""
        try:
            return check_edge(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--html", "form", flag_value="html", help="As a page with charts.", default=True)
@click.option("--json", "form", flag_value="json", help="As one JSON object: every grouping.")
@click.option("--csv", type=click.Choice(_TABLES), help="As CSV: one report in one grouping.")
@click.option(
    "--de", type=Edge(), help="The first day; by default the one 29 days before the last."
)
@click.option("--ate", type=Edge(), help="The last day; today by default.")
@click.option(
    "--horario",
    type=click.Choice([CALENDAR, BUSINESS]),
    default=CALENDAR,
    show_default=True,
    help="Tell how long tickets took in calendar time or in business hours.",
)
@click.option(
    "--estilo",
    type=click.Choice(list(STYLES)),
    default="internacional",
    show_default=True,
    help="How CSV is written; brasil: semicolons, decimal commas and a byte order mark.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; standard output by default.",
)
@settings_options(
    "archived",
    "data",
    "reports_url",
    "time_zone",
    "business_hours",
    "business_days",
    "business_time_zone",
)
def report(
    form: str, csv: str | None, output: Path | None, settings: Settings, **about: str | None
) -> None:
    """Report on the service desk and on purchases: what /relatorios tells, as a file.

    The page needs nothing but itself: it can be mailed, printed and kept. Where a server runs on
    the folder, its tables are used once they have caught up; otherwise this command brings them up
    to date.

    Examples:
      authorizer report --html -o outubro.html --de 2026-10-01 --ate 2026-10-31 --data data
      authorizer report --csv atendimento/canal --estilo brasil -o canais.csv --data data

    Exit status: 0 done, 1 failed, 2 wrong usage.
    """
    configure_logging("auto", "warning", status_line())
    now_us = time.time_ns() // 1000
    try:
        days = LocalDays(settings.time_zone)
        period = period_of(about["de"], about["ate"], now_us, days)
    except PeriodError as error:
        raise click.UsageError(f"--{error.field}: {error}") from error
    hours = settings.desk_hours if about["horario"] == BUSINESS else None
    gathered = _gather(settings, ReportRequest(period, now_us, hours, days))
    written = _csv(gathered, csv, str(about["estilo"])) if csv else _FORMS[form](gathered)
    if output is None:
        click.echo(written, nl=False)
    else:
        output.write_text(written, encoding="utf-8", newline="")


def _gather(settings: Settings, request: ReportRequest) -> dict[str, Any]:
    from authorizer.followers.reports.export.all_reports import AllReports  # noqa: PLC0415
    from authorizer.followers.reports.tables.database import DatabaseError, problem_of  # noqa: PLC0415
    from authorizer.followers.reports.tables.projector import Projector  # noqa: PLC0415

    disk = offline.journal_to_read(settings)
    try:
        try:
            with disk.lock(), tables_to_write(settings, disk) as engine:
                projector = Projector(engine, request.days, keep_days=True)
                feed_of(projector, offline.joined(settings)).catch_up(journal_end(disk))
                with engine.connect() as connection:
                    return AllReports()(connection, request)
        except DataFolderInUseError:
            with tables_of(settings, disk) as engine:
                _wait_for_the_server(engine, journal_end(disk))
                with engine.connect() as connection:
                    return AllReports()(connection, request)
    except DatabaseError as error:
        raise click.ClickException(
            f"the reports' database can't be used: {problem_of(error)}"
        ) from error


def _wait_for_the_server(engine: "Engine", position: int) -> None:
    from authorizer.followers.reports.tables.progress import read_standing  # noqa: PLC0415

    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            standing = read_standing(connection)
        if standing is not None and standing.place.position >= position:
            return
        time.sleep(_POLL_SECONDS)
    raise click.ClickException("the tables of the server that runs on the folder do not catch up")


def _html(gathered: dict[str, Any]) -> str:
    from authorizer.followers.reports.export.page import page_of  # noqa: PLC0415

    return page_of(gathered)


def _json(gathered: dict[str, Any]) -> str:
    return orjson.dumps(
        with_amounts(gathered, money), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    ).decode()


def _csv(gathered: dict[str, Any], table: str, style: str) -> str:
    report, by = table.split("/")
    found = with_amounts(gathered[report][by], reais)
    return csv_of({"de": gathered["de"], "ate": gathered["ate"], **found}, STYLES[style])


_FORMS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {"html": _html, "json": _json}
