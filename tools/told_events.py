"""Write the table of docs/events.md: which events are told, and what is told of each.

Usage: python -m tools.told_events
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.moments import duration_text
from authorizer.followers.events import documents
from authorizer.followers.events.documents import FORMS, Form, Member

DOCS: Final = Path(__file__).resolve().parent.parent / "docs" / "events.md"
BEGIN: Final = "<!-- the table is written by tools/told_events.py -->\n"
END: Final = "<!-- end of the table -->\n"
HEAD: Final = "| type | what happened | members of `data` |\n|---|---|---|\n"
_WORDS: Final[Mapping[Any, str]] = {
    documents.money: " money",
    documents.money_by_wallet: " money by wallet",
    documents.moment: " time",
    documents.written: " time",
    duration_text: " duration",
}


def main() -> None:
    """Put the table in the place of the one that is there."""
    DOCS.write_text(written(DOCS.read_text(encoding="utf-8")), encoding="utf-8")


def written(text: str) -> str:
    """The page with the table as it is declared. ValueError if it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{DOCS.name} has no place for the table")
    rows = (row(FORMS[kind.event], kind.event) for each in AGGREGATES for kind in each.events)
    return before + begin + HEAD + "".join(rows) + end + after


def row(form: Form, event: type[Any]) -> str:
    """One type of event."""
    happened = (event.__doc__ or "").partition("\n")[0]
    happened = re.sub(r", in centavos( by wallet)?", "", happened)  # they are told in reais
    account = "" if form.account is None else "*account*; "
    return f"| `{form.type}` | {happened} | {account}{', '.join(map(_told, form.members))} |\n"


def _told(member: Member) -> str:
    return f"`{member.name}`{_WORDS.get(member.shape, '')}"


if __name__ == "__main__":
    main()
