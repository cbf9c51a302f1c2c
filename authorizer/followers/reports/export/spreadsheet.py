"""A report as CSV (RFC 4180): a header line, a line for each group, and one for all of it."""

import csv
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

REST: Final = "(outros)"
TOTAL: Final = "(total)"
NONE: Final = "(nenhum)"
"""The group of tickets without an attendant, of purchases without a wallet, …"""

_OWN: Final = (REST, TOTAL, NONE)
_FORMULA: Final = re.compile(
    r"[\t\r\n]|[\s\x00-\x1f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
    r"['=+@\uff1d\uff0b\uff0d\uff20-]"
)
"""How a formula begins: wide forms count, and nothing that is not seen before it hides it."""
_OF_THE_WHOLE: Final = ("de", "ate", "fuso_horario", "horario", "agrupar", "grupos", "outros")


class Style(NamedTuple):
    """How a spreadsheet program of some country reads CSV when it is double-clicked."""

    delimiter: str
    decimal: str
    mark: str
    """The first characters of the file: a byte order mark tells Excel that it is UTF-8."""


INTERNATIONAL: Final = Style(",", ".", "")
STYLES: Final = {"internacional": INTERNATIONAL, "brasil": Style(";", ",", "\ufeff")}


class _Lines(list[str]):
    """The lines that `csv.writer` writes."""

    write = list.append


def csv_of(report: Mapping[str, Any], style: Style = INTERNATIONAL) -> str:
    """Each line begins with the period; members within members are named `sla_resolucao_taxa`.

    Names come from outside, so one that a spreadsheet would take for a formula begins with an
    apostrophe (CWE-1236), and so does one that would pass for a line of the report's own.
    """
    total = {**report, "grupo": TOTAL}
    groups = [
        {**group, "grupo": NONE if group["grupo"] is None else _guarded(group["grupo"])}
        for group in report.get("grupos", ())
    ]
    if "outros" in report:
        groups.append({**report["outros"], "grupo": REST})
    lines = [_flat(line) for line in (*groups, total)]
    first = {"de": report["de"], "ate": report["ate"]}
    columns = [*first, "grupo", *(name for name in lines[0] if name != "grupo")]
    written = _Lines()
    writer = csv.writer(written, lineterminator="\r\n", delimiter=style.delimiter)
    writer.writerow(columns)
    writer.writerows([_cell((first | line).get(name), style) for name in columns] for line in lines)
    return style.mark + "".join(written)


def _flat(members: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in members.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}_")
        elif prefix or not (name in _OF_THE_WHOLE or isinstance(value, list)):
            flat[prefix + name] = value
    return flat


def _guarded(name: str) -> str:
    return f"'{name}" if name in _OWN or _FORMULA.match(name) else name


def _cell(value: Any, style: Style) -> Any:
    if isinstance(value, float | Decimal) and style.decimal != ".":
        return f"{Decimal(str(value)):f}".replace(".", style.decimal)
    return value
