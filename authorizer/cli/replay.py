"""`authorizer replay`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.points import Point, PointType, time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.cli.story import HistoryLine, story
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import NEVER_US, duration_text
from authorizer.domain.money import format_cents
from authorizer.http.api.wire import money
from authorizer.http.card_document import card_part
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import REPLAY_ERRORS, events_of, replay_error
from authorizer.persistence.state.state import Replay, State
from authorizer.settings.model import Settings

_IN_COLUMNS: Final = ("by", "amount_cents")
"""Fields that are not among the other facts of a line of text."""


@click.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT]...")
@click.option("--until", type=PointType(), help="Stop after this position or time.")
@click.option("--story", "told", metavar="ACCOUNT", help="Tell one account's events instead.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line instead of a table.")
@settings_options("data", "archived", "id_retention_days", "credit_id_retention_days")
def replay(
    accounts: tuple[str, ...],
    until: Point | None,
    told: str | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Print balances, rebuilt from the journal alone.

    Prints what every ACCOUNT named holds, or all accounts, as of now or of --until, which takes a
    position or an RFC 3339 time and includes it. Snapshots are not looked at; nothing is changed,
    and a server may be at work.

    --story tells what happened to one account line by line: position, time, the event, how much,
    what else the event says, and what the account held afterwards. Personal text stays sealed.

    With --json a line has "account", "balances" in reais, "cliente_id" and "cards", each card as in
    the customer document; a line of a story has "position", "at", "event", the event's own fields,
    amounts in reais, "balances", and "limits": what is left of each card's limit.

    Examples:
      authorizer replay --data data
      authorizer replay 123 456 --data data --until 2025-02-24T15:30:00Z
      authorizer replay --story 123 --data data
      authorizer replay --json --data data | jq -r '[.account, .balances.CASH] | @tsv'

    Exit status: 0 printed, 1 the journal is damaged or missing, or there is no such account,
    2 wrong usage.
    """
    if told is not None and accounts:
        raise click.UsageError("--story tells of one account; name no others")
    disk = offline.whole_journal(settings)
    if told is not None:
        _tell(disk, told, until, as_json)
        return
    reader = JournalReader(disk)
    state = _rebuild(disk, reader, until, settings)
    for account_id in accounts:
        if account_id not in state[ACCOUNTS]:
            raise click.ClickException(f"there is no account {account_id!r}")
    show = _show_json if as_json else _show_table
    show(state, accounts or state[ACCOUNTS].ids)


def _rebuild(disk: Disk, reader: JournalReader, until: Point | None, settings: Settings) -> State:
    state = State()
    rebuilding = Replay(state, settings.nominal_id_retention)
    with progress("Replaying", journal_bytes(disk)) as passed:
        for batch in reader:
            for position, event in events_of(disk, batch):
                if until is not None and until.is_before(position, event.at_us):
                    rebuilding.finish()
                    return state
                try:
                    rebuilding.apply(event, position)
                except REPLAY_ERRORS as error:
                    raise replay_error(disk, batch, position, error) from error
            passed(batch.size_bytes)
    rebuilding.finish()
    return state


def _show_json(state: State, account_ids: Collection[str]) -> None:
    for account_id in account_ids:
        account = state[ACCOUNTS].load(account_id)
        _print_json(
            {
                "account": account_id,
                "balances": _money(account.wallets_cents),
                "cliente_id": account.customer_id,
                "cards": [card_part(card.terms()) for card in account.cards.values()],
            }
        )


def _show_table(state: State, account_ids: Collection[str]) -> None:
    """Two passes, so that no more than one account is in memory twice."""
    columns: dict[str, int] = {"account": len("account")}
    for account_id in account_ids:
        for name, text in _cells(state[ACCOUNTS].load(account_id)).items():
            columns[name] = max(columns.get(name, len(name)), len(text))
    click.echo(_row({name: name for name in columns}, columns))
    for account_id in account_ids:
        click.echo(_row(_cells(state[ACCOUNTS].load(account_id)), columns))


def _cells(account: Account) -> dict[str, str]:
    cells = {"account": account.account_id}
    cells |= {name: format_cents(cents) for name, cents in account.wallets_cents.items()}
    return cells


def _row(cells: Mapping[str, str], columns: Mapping[str, int]) -> str:
    first, *others = columns
    texts = [cells[first].ljust(columns[first])]
    texts += [cells.get(name, "").rjust(columns[name]) for name in others]
    return "  ".join(texts).rstrip()


def _tell(disk: Disk, account_id: str, until: Point | None, as_json: bool) -> None:
    line = None
    for line in story(disk, JournalReader(disk), account_id, until):
        if as_json:
            _print_json(_line_json(line))
        else:
            click.echo(_line_text(line))
    if line is None:
        raise click.ClickException(f"there is no account {account_id!r}")


def _line_text(line: HistoryLine) -> str:
    cents = line.fields.get("amount_cents")
    amount = "" if cents is None else format_cents(cents)
    others = {name: value for name, value in line.fields.items() if name not in _IN_COLUMNS}
    held = [f"{name} {format_cents(cents)}" for name, cents in line.wallets_cents.items()]
    held += [f"card {card} {format_cents(left)}" for card, left in line.available_cents.items()]
    head = f"{line.position:>8}  {time_text(line.at_us)}  {line.event:<20}  {amount:>12}"
    return f"{head}  {', '.join(_facts(others))}  →  {', '.join(held)}"


def _facts(fields: Mapping[str, Any]) -> Iterator[str]:
    """The fields that say something, as text; what is nested is told as if it were not."""
    for name, value in fields.items():
        if isinstance(value, dict):
            inner = {f"{key}_cents": cents for key, cents in value.items()}
            yield from _facts(inner if name.endswith("_cents") else value)
        elif _says_something(name, value):
            yield f"{_told_as(name)} {_fact(name, value)}"


def _told_as(name: str) -> str:
    return name.removesuffix("_cents").removesuffix("_us")


def _says_something(name: str, value: Any) -> bool:
    """Whether a field is to be told: windows that have no bounds have 0 there."""
    if name == "shadow" or name.endswith("at_us"):
        return bool(value)
    return value is not None


def _fact(name: str, value: Any) -> str:
    if name.endswith("_cents"):
        return format_cents(value)
    if name.endswith("_us"):
        return _micros_text(name, value)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return "; ".join(" ".join(_facts(each)) for each in value)
    return " ".join(str(value).split())


def _micros_text(name: str, micros: int) -> str:
    """Microseconds: a time where the name says so (`ends_at_us`, `legal_due_us`), or a duration."""
    if not name.endswith(("at_us", "due_us")):
        return duration_text(micros)
    return "never" if micros >= NEVER_US else time_text(micros)


def _line_json(line: HistoryLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "at": time_text(line.at_us),
        "event": line.event,
        **_shown(line.fields),
        "balances": _money(line.wallets_cents),
        "limits": _money(line.available_cents),
    }


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something; centavos as reais, microseconds as times or durations."""
    return {
        _told_as(name): _shown_as(name, value)
        for name, value in fields.items()
        if _says_something(name, value)
    }


def _shown_as(name: str, value: Any) -> Any:
    if name.endswith("_cents"):
        return _money(value) if isinstance(value, dict) else money(value)
    if name.endswith("_us"):
        return _micros_text(name, value)
    if isinstance(value, list):
        return [_shown(each) if isinstance(each, dict) else each for each in value]
    return _shown(value) if isinstance(value, dict) else value


def _money(cents_by_name: Mapping[str, int]) -> dict[str, orjson.Fragment]:
    return {name: money(cents) for name, cents in cents_by_name.items()}


def _print_json(line: dict[str, Any]) -> None:
    click.echo(orjson.dumps(line))
