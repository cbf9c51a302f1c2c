"""The plots of a run, as SVG that is the same for the same figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.compare.peer import Kind
from benchmarks.compare.results import Condition, Result, Results
from benchmarks.compare.targets import USUAL_ACCOUNTS
from benchmarks.wrk import Spread

COLOURS: Final = {
    Kind.CONSTANT: "#9e9e9e",
    Kind.OURS: "#1b7837",
    Kind.ONE: "#b35806",
    Kind.GATHERED: "#2166ac",
    Kind.OWN_FRONT: "#92c5de",
}
PERCENTILES: Final = (50, 99, 99.9)
SHADES: Final = (1.0, 0.6, 0.3)
EDGE_MS: Final = 10_000.0
"""Where the plot of latencies ends: what takes for ever ends there, too."""
SETTINGS: Final[Any] = {"svg.hashsalt": "compare", "svg.fonttype": "none", "font.size": 9}


def draw(folder: Path, results: Results, open_p999_ms: float) -> list[tuple[str, str]]:
    """Draw all plots into a folder; the name and the title of each."""
    folder.mkdir(exist_ok=True)
    drawn = []
    usual = [one for one in results.conditions if one.accounts == USUAL_ACCOUNTS]
    with mpl.rc_context(SETTINGS):
        if usual:
            title = "Requests per second, 1,000 accounts, full load"
            _save(_bars(results, usual, title), folder / "requests.svg")
            drawn.append(("requests.svg", title))
        opened = [one for one in results.under(usual[0]) if one.opened] if usual else []
        if opened:
            title = "Open loop at 70 % of each one's capacity: p50, p99, p99.9"
            _save(_latencies(opened, title, open_p999_ms), folder / "open-loop.svg")
            drawn.append(("open-loop.svg", title))
        if len({one.accounts for one in results.conditions}) > 1:
            title = "Requests per second by the number of accounts"
            _save(_accounts(results, title), folder / "accounts.svg")
            drawn.append(("accounts.svg", title))
    return drawn


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")


def _axes(title: str, rows: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 1.2 + 0.32 * rows))
    axes = figure.subplots()
    axes.set_title(title)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _bars(results: Results, conditions: Sequence[Condition], title: str) -> Figure:
    """A bar a contender and disk; whoever failed has none."""
    rows = [one for condition in conditions for one in results.under(condition) if not one.failed]
    figure, axes = _axes(title, len(rows))
    names = [f"{one.peer.name}; {one.condition.disk}" for one in rows]
    axes.barh(names, [one.per_second for one in rows], color=[COLOURS[one.kind] for one in rows])
    axes.invert_yaxis()
    axes.set_xlabel("requests/s")
    return figure


def _latencies(rows: Sequence[Result], title: str, target_ms: float) -> Figure:
    figure, axes = _axes(title, 2 * len(rows))
    height = 0.8 / len(PERCENTILES)
    for number, (percent, shade) in enumerate(zip(PERCENTILES, SHADES, strict=True)):
        axes.barh(
            [place + number * height for place in range(len(rows))],
            [
                min(EDGE_MS, one.opened.percentile_since_due_ms(percent))
                for one in rows
                if one.opened
            ],
            height,
            color=[COLOURS[one.kind] for one in rows],
            alpha=shade,
        )
    axes.axvline(target_ms, color="black", linestyle="--", linewidth=1)
    axes.set_yticks([place + height for place in range(len(rows))], [one.peer.name for one in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(right=EDGE_MS)
    axes.set_xlabel(
        "ms since the request was due (from dark to light: p50, p99, p99.9; to the edge: never)"
    )
    return figure


def _accounts(results: Results, title: str) -> Figure:
    """A line a contender over the numbers of accounts, the many used as people use cards."""
    figure, axes = _axes(title, 12)
    disk = results.conditions[0].disk
    conditions = [
        one
        for one in results.conditions
        if one.disk == disk and not (one.accounts > USUAL_ACCOUNTS and one.spread is Spread.ALIKE)
    ]
    markers = "osD^v<>PX*hp8"
    peers = list(dict.fromkeys(one.peer for one in results.all if one.kind is not Kind.OWN_FRONT))
    for number, peer in enumerate(peers):
        seen = [one for condition in conditions if (one := results.of(peer, condition)) is not None]
        axes.plot(
            [one.condition.accounts for one in seen],
            [one.per_second for one in seen],
            label=peer.name,
            color=COLOURS[peer.kind],
            marker=markers[number % len(markers)],
        )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("accounts")
    axes.set_ylabel("requests/s")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure
