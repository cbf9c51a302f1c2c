"""Figures, the table that shows them, and their JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``target`` is the claim in words, ``met`` None where there is none."""

    benchmark: str
    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None


def at_least(benchmark: str, name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that must not be smaller than its target."""
    return Figure(benchmark, name, value, unit, f">= {target:g} {unit}".rstrip(), value >= target)


def below(benchmark: str, name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that must be smaller than its target."""
    return Figure(benchmark, name, value, unit, f"< {target:g} {unit}", value < target)


def number(value: float) -> str:
    """A number with about four digits: benchmarks don't know more."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """All figures as one table for people."""
    verdicts = {None: "", True: "met", False: "MISSED"}
    rows = [("benchmark", "figure", "value", "unit", "target", "")]
    rows += [
        (f.benchmark, f.name, number(f.value), f.unit, f.target, verdicts[f.met]) for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column == 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """All figures for programs."""
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
