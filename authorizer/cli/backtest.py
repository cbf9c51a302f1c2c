"""`authorizer backtest`."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from authorizer.actors.calendar import windows_in
from authorizer.cli import offline
from authorizer.cli.backtest_report import Tally, table_of
from authorizer.cli.options import settings_options
from authorizer.cli.progress import journal_bytes, progress
from authorizer.cli.purchase_spill import PurchaseSpill
from authorizer.cli.report import Edge
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.backtest_values import Candidate
from authorizer.domain.accounts.backtesting import FOLLOWED, Backtest
from authorizer.domain.moments import moment_text
from authorizer.domain.money import format_cents
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.api.fields import Identity
from authorizer.http.api.instants import end_us, start_us
from authorizer.http.api.wire import field_errors, money, read_json
from authorizer.http.limits import LimitDocument
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import Wanted, events_of
from authorizer.persistence.state.record import records_of
from authorizer.settings.model import Settings


class CandidateDocument(LimitDocument):
    """A limit as `PUT /limits/{name}` takes it, and whose it is; by default every account's."""

    account: Identity | None = None


@click.command()
@click.argument("limits", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "since", type=Edge(), help="The first day; by default all there is.")
@click.option("--to", "until", type=Edge(), help="The last day; by default all there is.")
@click.option("--account", metavar="ID", help="What happened on this account only.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with a chart to this file, too.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object instead of tables.")
@settings_options("data", "archived", "time_zone")
def backtest(
    limits: Path, html: Path | None, as_json: bool, settings: Settings, **about: str | None
) -> None:
    """Run candidate limits over the journal: what would they have declined?

    LIMITS is a JSON object, each member a limit under its name, as PUT /limits/NAME takes it, with
    an optional "account" whose limit it is. The purchases, holds and increments that were approved
    from --from to --to are decided once more by the candidates alone, with the code that decides
    live; what was bought before counts, as it does for a limit that is put. What a candidate would
    have declined counts no more. One in "mode" "shadow" lets pass what goes beyond it. All of them
    are in force together, those of an account first; the first that fails declines.

    Everything else stands as it was decided: what would have been approved with money that was not
    spent is not in the journal. Windows are those of --time-zone. Nothing is changed, and a server
    may be at work.

    Examples:
      authorizer backtest limits.json --from 2026-10-01 --to 2026-10-31 --data data
      authorizer backtest limits.json --html outubro.html --data data
      authorizer backtest limits.json --json --data data | jq '.limits[] | [.name, .declined]'

    Exit status: 0 done, 1 the journal is damaged or missing, 2 wrong usage.
    """
    candidates = _candidates(limits)
    days = LocalDays(settings.time_zone)
    since, until, account = (about[name] for name in ("since", "until", "account"))
    start = 0 if since is None else start_us(since, days)
    end = None if until is None else end_us(until, days)
    if end is not None and end <= start:
        raise click.UsageError("--to: the period must end after it begins")
    disk = offline.whole_journal(settings)
    run = _Run(candidates, days, start, end)
    with closing(run.purchases):
        run.over(disk, account)
    if html is not None:
        from authorizer.followers.reports.export.backtest_page import page_of  # noqa: PLC0415

        html.write_text(page_of(run.report(account, str)), encoding="utf-8")
    if as_json:
        report = run.report(account, money)
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(table_of(run.report(account, format_cents))))


class _Run:
    """A backtest over a journal."""

    def __init__(
        self, candidates: Sequence[Candidate], days: LocalDays, start_us: int, end_us: int | None
    ) -> None:
        self._start_us, self._end_us = start_us, end_us
        self._days = days
        self._first_us: int | None = None
        self._last_us = 0
        self.purchases = PurchaseSpill(self._horizon_us)
        self.backtest = Backtest(candidates, windows_in(days.time_zone), start_us, self.purchases)
        self.tally = Tally(candidates, days)

    def _horizon_us(self) -> int:
        return self.backtest.horizon_us(self._last_us)

    def over(self, disk: Disk, account_id: str | None) -> None:
        """Read the journal up to the end of the period."""
        wanted = _wanted(account_id)
        with progress("Backtesting", journal_bytes(disk)) as passed:
            for batch in JournalReader(disk):
                for position, event in events_of(disk, batch, wanted):
                    if self._end_us is not None and event.at_us >= self._end_us:
                        return
                    if account_id in (None, ACCOUNTS.id_of(event)):
                        self._take(event, position)
                passed(batch.size_bytes)

    def _take(self, event: Any, position: int) -> None:
        self._last_us = event.at_us
        if self._first_us is None:
            self._first_us = event.at_us
        findings = self.backtest.take(event, position)
        if findings:
            self.tally.add(findings)

    def report(self, account_id: str | None, money: Any) -> dict[str, Any]:
        """What was found; amounts as `money` makes them of centavos."""
        start_us = max(self._start_us, self._first_us or 0)
        end_us = self._last_us + 1 if self._end_us is None else self._end_us
        return {
            "from": moment_text(start_us),
            "to": moment_text(end_us),
            "time_zone": self._days.time_zone,
            "account": account_id,
            "made_at": moment_text(time.time_ns() // 1000),
            "purchases": self.backtest.purchases,
            "amount": money(self.backtest.amount_cents),
            **self.tally.document(money),
        }


def _wanted(account_id: str | None) -> Wanted:
    """Records of the events that matter; of one account only, as far as bytes can tell."""
    followed = records_of(kind.name for kind in ACCOUNTS.events if kind.event in FOLLOWED)
    if account_id is None:
        return followed
    named = records_of((), account_id)
    return lambda record: named(record) and followed(record)


def _candidates(file: Path) -> list[Candidate]:
    """The limits of a file, those of an account first, as they are asked live."""
    try:
        documents = read_json(file.read_bytes())
    except HTTPException as error:
        raise click.UsageError(f"{file}: is no JSON document with unique members") from error
    if not isinstance(documents, dict) or not documents:
        raise click.UsageError(f"{file}: must be an object with a limit under each name")
    found = [_candidate(file, name, document) for name, document in documents.items()]
    return sorted(found, key=lambda each: each.account_id is None)


def _candidate(file: Path, name: str, document: Any) -> Candidate:
    try:
        TypeAdapter(Identity).validate_python(name)
        checked = CandidateDocument.model_validate(document)
    except ValidationError as error:
        told = "; ".join(f"{each.field}: {each.message}" for each in field_errors(error))
        raise click.UsageError(f"{file}: {name!r}: {told}") from error
    return Candidate(name, checked.account, checked.terms())
