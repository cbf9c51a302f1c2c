"""Figures, the table that shows them, and their JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    ``target`` is the claim in words, ``met`` None where there is none. ``interval`` holds the true
    value with a probability of 95 %.
    """

    benchmark: str
    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    interval: tuple[float, float] | None = None


def at_least(benchmark: str, name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that must not be smaller than its target."""
    return Figure(benchmark, name, value, unit, f">= {target:g} {unit}".rstrip(), value >= target)


def at_most(benchmark: str, name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that must not be larger than its target."""
    return Figure(benchmark, name, value, unit, f"<= {target:g} {unit}".rstrip(), value <= target)


def below(benchmark: str, name: str, value: float, unit: str, target: float) -> Figure:
    """A figure that must be smaller than its target."""
    return Figure(benchmark, name, value, unit, f"< {target:g} {unit}", value < target)


def number(value: float) -> str:
    """A number with about four digits: benchmarks don't know more."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def span(figure: Figure) -> str:
    """The interval of a figure, or nothing."""
    return " to ".join(map(number, figure.interval)) if figure.interval else ""


def table(figures: Sequence[Figure]) -> str:
    """All figures as one table for people."""
    verdicts = {None: "", True: "met", False: "MISSED"}
    columns: list[tuple[str, Sequence[str]]] = [
        ("benchmark", [f.benchmark for f in figures]),
        ("figure", [f.name for f in figures]),
        ("value", [number(f.value) for f in figures]),
        ("95 %", [span(f) for f in figures]),
        ("unit", [f.unit for f in figures]),
        ("target", [f.target for f in figures]),
        ("", [verdicts[f.met] for f in figures]),
    ]
    if not any(f.interval for f in figures):
        del columns[3]
    rows = list(zip(*([head, *cells] for head, cells in columns), strict=True))
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
