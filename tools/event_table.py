"""Write the tables of events in docs/journal-format.md: names, versions and fields as declared.

Usage: python -m tools.event_table

What an event does is written by hand, in the last column, and kept. A new event has `…` there.
"""

import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from authorizer.domain.aggregate import Aggregate, EventKind
from authorizer.domain.aggregates import AGGREGATES

DOCS: Final = Path(__file__).resolve().parent.parent / "docs" / "journal-format.md"
BEGIN: Final = "<!-- events of {}: all but the last column is written by tools/event_table.py -->\n"
END: Final = "<!-- end of the events -->\n"
HEAD: Final = "| name | version | fields after `by` | what it does |\n|---|---|---|---|\n"
UNKNOWN: Final = "…"
_ROW: Final = re.compile(r"^\| `(\w+)` \|.*\| (.*) \|$", re.MULTILINE)
_TYPES: Final[Mapping[Any, str]] = {str: "text", int: "integer", bool: "boolean"}
_OWN_FIELDS: Final = 2
"""The time and who asked, which every event has."""


def main() -> None:
    """Put the tables in the place of those that are there."""
    text = DOCS.read_text(encoding="utf-8")
    DOCS.write_text(written(text), encoding="utf-8")


def written(text: str) -> str:
    """The document with the tables as they are declared. ValueError if it has no place for one."""
    told = dict(_ROW.findall(text))
    for aggregate in AGGREGATES:
        before, begin, rest = text.partition(BEGIN.format(aggregate.name))
        _, end, after = rest.partition(END)
        if not end:
            raise ValueError(f"{DOCS.name} has no table of the events of {aggregate.name}")
        text = before + begin + table(aggregate, told) + end + after
    return text


def table(aggregate: Aggregate[Any], told: Mapping[str, str]) -> str:
    """The events of an aggregate, with what is told of them by their names."""
    rows = (row(kind, told.get(kind.name, UNKNOWN)) for kind in aggregate.events)
    return HEAD + "".join(rows)


def row(kind: EventKind[Any, Any], does: str) -> str:
    """One event."""
    hints = get_type_hints(kind.event)
    fields = ", ".join(f"`{name}` {spelled(hints[name])}" for name in kind.fields[_OWN_FIELDS:])
    return f"| `{kind.name}` | {kind.version} | {fields} | {does} |\n"


def spelled(hint: Any) -> str:
    """A field's type in words: «text?» is text or null."""
    if get_origin(hint) in (Union, types.UnionType):
        (one,) = (each for each in get_args(hint) if each is not types.NoneType)
        return f"{spelled(one)}?"
    if get_origin(hint) is tuple:
        return f"array of {spelled(get_args(hint)[0])}"
    if get_args(hint):
        key, value = get_args(hint)
        return f"object, {spelled(key)} → {spelled(value)}"
    name = _TYPES.get(hint) or hint.__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


if __name__ == "__main__":
    main()
