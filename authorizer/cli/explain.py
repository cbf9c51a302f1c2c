"""`authorizer explain`."""

from typing import Any

import click
import orjson

from authorizer.cli import offline
from authorizer.cli.options import settings_options
from authorizer.cli.past_decision import PastDecision, Retelling
from authorizer.cli.points import time_text
from authorizer.cli.progress import journal_bytes, progress
from authorizer.domain.accounts.assessment_values import Step
from authorizer.domain.money import format_cents
from authorizer.http.api.wire import money
from authorizer.http.decisions import decision_document
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import REPLAY_ERRORS, events_of, replay_error
from authorizer.runtime.running import policy_of
from authorizer.settings.model import Settings

UNKNOWN_SETTINGS = (
    "the settings that it was made under are not in the journal: today's are taken in their place"
)
DIFFERS = "the journal has another outcome than these rules come to"


@click.command()
@click.option("--account", required=True, metavar="ID", help="The account.")
@click.option("--id", "purchase_id", required=True, metavar="ID", help="The purchase's id.")
@click.option("--operation", metavar="ID", help="An increment of it, by its own id.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@settings_options()
def explain(
    account: str, purchase_id: str, operation: str | None, as_json: bool, settings: Settings
) -> None:
    """Explain a decision of the past: every rule, and what it saw.

    Tells of a purchase, a hold or an increment what POST /accounts/ID/decisions would have told
    just before: from the journal, with the account, the merchants and the limits as they were then,
    under the settings that were journaled by then. Decisions that are older than the first of
    these are explained under today's settings, which is told. Nothing is changed, and a server may
    be at work.

    The newest decision under the id is explained, if its id was forgotten and taken again.

    With --json it has "code", "reason", "source" and "steps" as /decisions gives them, and besides
    "account", "id", "operation", "type", "at", "position", "settings" ("known", "position"),
    "recorded" (what the journal has), and "differs": whether that is something else.

    Examples:
      authorizer explain --account 123 --id t-1 --data data
      authorizer explain --account 123 --id h-1 --operation i-1 --data data
      authorizer explain --account 123 --id t-1 --json --data data | jq '.steps[] | .rule'

    Exit status: 0 explained, 1 the journal is damaged or missing, or there is no such decision,
    2 wrong usage.
    """
    disk = offline.whole_journal(settings)
    retelling = Retelling(account, purchase_id, operation, lambda state: policy_of(settings, state))
    _follow(disk, retelling)
    if not retelling.knows_the_account:
        raise click.ClickException(f"there is no account {account!r}")
    found = retelling.found
    if found is None:
        what = f"purchase {purchase_id!r}"
        if operation is not None:
            what = f"increment {operation!r} of {what}"
        raise click.ClickException(f"account {account!r} has no decision on {what}")
    head = {"account": account, "id": purchase_id}
    if operation is not None:
        head["operation"] = operation
    if as_json:
        click.echo(orjson.dumps({**head, **_document(found)}, option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(_lines(head, found)))


def _follow(disk: Disk, retelling: Retelling) -> None:
    with progress("Reading", journal_bytes(disk)) as passed:
        for batch in JournalReader(disk):
            for position, event in events_of(disk, batch, retelling.wants):
                try:
                    retelling.take(event, position)
                except REPLAY_ERRORS as error:
                    raise replay_error(disk, batch, position, error) from error
            passed(batch.size_bytes)


def _document(found: PastDecision) -> dict[str, Any]:
    recorded = found.recorded
    return {
        "type": found.type,
        "at": time_text(found.at_us),
        "position": found.position,
        "settings": {
            "known": found.settings_position > 0,
            "position": found.settings_position or None,
        },
        **decision_document(found.assessment),
        "recorded": {
            "code": recorded.reason.answer_code,
            "reason": recorded.reason.name_on_wire,
            "source": recorded.source,
            "amount": money(recorded.amount_cents),
        },
        "differs": found.differs,
    }


def _lines(head: dict[str, str], found: PastDecision) -> list[str]:
    recorded = found.recorded
    paid = "" if recorded.source is None else f", {recorded.source} pays"
    amount = f" {format_cents(recorded.amount_cents)}" if paid else ""
    outcome = f"{recorded.reason.answer_code} {recorded.reason.name_on_wire}{paid}{amount}"
    lines = [
        *(f"{name:<10} {value}" for name, value in head.items()),
        f"{'type':<10} {found.type}",
        f"{'at':<10} {time_text(found.at_us)}, position {found.position}",
        f"{'decided':<10} {outcome}",
        f"{'settings':<10} {_settings_text(found)}",
    ]
    if found.differs:
        other = found.assessment.reason
        lines.append(f"{'differs':<10} {DIFFERS}: {other.answer_code} {other.name_on_wire}")
    return [*lines, "", *map(_step_line, found.assessment.steps)]


def _settings_text(found: PastDecision) -> str:
    if found.settings_position:
        return f"those journaled at position {found.settings_position}"
    return UNKNOWN_SETTINGS


def _step_line(step: Step) -> str:
    facts = ", ".join(_fact(name, value) for name, value in step.facts.items() if value is not None)
    return f"{step.rule:<10} {step.result:<14} {facts}".rstrip()


def _fact(name: str, value: Any) -> str:
    if name.endswith("_cents"):
        return f"{name.removesuffix('_cents')} {format_cents(value)}"
    return f"{name} {' '.join(str(value).split())}"
