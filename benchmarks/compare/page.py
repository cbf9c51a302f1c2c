"""The section of docs/performance.md that the run writes, between two marks."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.compare import plots
from benchmarks.compare.results import Condition, Result, Results
from benchmarks.compare.targets import OPEN_P999_MS
from benchmarks.report import Figure, number

BEGIN: Final = "<!-- compare: written by `make compare` -->\n"
END: Final = "<!-- compare: end -->\n"
PAGE: Final = "performance.md"
PLOTS: Final = "compare"
"""The folder of the plots, beside the page."""
HEAD: Final = (
    "| contender | requests/s | p50 | p99 | p99.9 | slowest | front, us | behind, us "
    "| open loop at 70 %: offered/s | p50 | p99 | p99.9 | slowest |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
EXPLAINED: Final = """\
{day}, {cores} cores, Python {python}. Full load is the median of {turns} turns at 64 connections,
the slowest answer that of all turns; times are in ms. The open loop's times count from when a
request was due to its approval; one that is declined for lack of time, or for which none of 1,024
connections is free, takes for ever (inf). *Front* and *behind* are the processor time a request
takes in the process that answers HTTP, and in all processes behind it. Other work on the machine
just before: load average {load:.1f}.{quiet}

"""
MOST_LOAD: Final = 0.5
NOT_QUIET: Final = "\n**The machine was not quiet, so these figures say little.**"
COLUMNS: Final = HEAD.partition("\n")[0].count("|") - 1


def section(
    results: Results, figures: Sequence[Figure], settings: Sequence[str], load_before: float
) -> str:
    """All that is told of a run, in Markdown."""
    turns = max((len(result.turns) for result in results.all), default=0)
    parts = [
        EXPLAINED.format(
            day=datetime.now(UTC).date(),
            cores=len(os.sched_getaffinity(0)),
            python=platform.python_version(),
            turns=turns,
            load=load_before,
            quiet=NOT_QUIET if load_before > MOST_LOAD else "",
        ),
        *(f"- {line}\n" for line in settings),
        "\n",
        *(_table(results, condition) for condition in results.conditions),
        _claims(figures),
    ]
    return "".join(parts)


def _table(results: Results, condition: Condition) -> str:
    rows = "".join(_row(result) for result in results.under(condition))
    return f"**{condition.name}**\n\n{HEAD}{rows}\n"


def _row(result: Result) -> str:
    if result.failed:
        return f"| {result.peer.name} | {_plain(result.failed)}" + " |" * (COLUMNS - 1) + "\n"
    cells = [
        f"{result.per_second:,.0f}",
        *(f"{result.percentile_ms(percent):.1f}" for percent in ("50", "99", "99.9")),
        f"{result.slowest_ms:.0f}",
        f"{result.front_us:.1f}",
        f"{result.store_us:.1f}",
    ]
    if result.opened is None:
        cells += [""] * 5
    else:
        cells.append(f"{result.offered_per_second:,.0f}")
        cells += [
            f"{result.opened.percentile_since_due_ms(percent):.1f}"
            for percent in (50, 99, 99.9, 100)
        ]
    return f"| {result.peer.name} | " + " | ".join(cells) + " |\n"


def _claims(figures: Sequence[Figure]) -> str:
    claimed = [figure for figure in figures if figure.met is not None]
    if not claimed:
        return ""
    lines = "| claim | seen | target | |\n|---|---|---|---|\n"
    for figure in claimed:
        seen = f"{number(figure.value)} {figure.unit}".rstrip()
        verdict = "met" if figure.met else "**missed**"
        lines += f"| {figure.name} | {seen} | {figure.target} | {verdict} |\n"
    return lines


def _plain(text: str) -> str:
    """A text as one cell."""
    return text.replace("|", "/")[:200]


def write(docs: Path, told: str, results: Results) -> None:
    """Put a section between the marks of a page, with its plots before it.

    Raises:
        ValueError: the page has no such marks.
    """
    path = docs / PAGE
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no marks around the section of `make compare`")
    drawn = plots.draw(docs / PLOTS, results, OPEN_P999_MS)
    pictures = "".join(f"![{title}]({PLOTS}/{name})\n\n" for name, title in drawn)
    path.write_text(before + begin + pictures + told + end + after, encoding="utf-8")
