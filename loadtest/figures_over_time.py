"""What was measured again and again while a server ran: whether it grows, and a picture of it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH = 860
PANEL_HEIGHT = 110
LEFT = 70
GAP = 26
PARTS = 3
"""A trend compares the last of so many parts of a run with the first."""


@dataclass
class Series:
    """One figure over time."""

    title: str
    unit: str
    points: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the beginning, and the value."""

    def add(self, at_s: float, value: float) -> None:
        """Note a value."""
        self.points.append((at_s, value))

    def medians(self) -> tuple[float, float]:
        """The median in the first part of the time, and in the last one."""
        first, last = self._parts()
        return statistics.median(first), statistics.median(last)

    def lowest(self) -> tuple[float, float]:
        """The lowest value in the first part of the time, and in the last one."""
        first, last = self._parts()
        return min(first), min(last)

    def _parts(self) -> tuple[list[float], list[float]]:
        if not self.points:
            return [0.0], [0.0]
        begun_s, ended_s = self.points[0][0], self.points[-1][0]
        part_s = (ended_s - begun_s) / PARTS
        first = [value for at_s, value in self.points if at_s <= begun_s + part_s]
        last = [value for at_s, value in self.points if at_s >= ended_s - part_s]
        return first, last

    def highest(self) -> float:
        """The highest value that there was."""
        return max((value for _, value in self.points), default=0.0)


def table(series: Sequence[Series]) -> str:
    """The trend of each, in Markdown."""
    lines = ["| | median, first third | median, last third | highest |", "|---|---|---|---|"]
    for each in series:
        first, last = each.medians()
        cells = (f"{value:,.1f} {each.unit}".strip() for value in (first, last, each.highest()))
        lines.append(f"| {each.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(series: Sequence[Series], marks: Mapping[str, Sequence[float]]) -> str:
    """All of them below each other as SVG, over the same time; `marks` are moments, by colour."""
    ended_s = max((at_s for each in series for at_s, _ in each.points), default=1.0) or 1.0
    height = len(series) * (PANEL_HEIGHT + GAP) + GAP

    def x(at_s: float) -> float:
        return LEFT + at_s / ended_s * (WIDTH - LEFT - 10)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif" font-size="11">'
        ),
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for number, each in enumerate(series):
        top = GAP + number * (PANEL_HEIGHT + GAP)
        bottom = top + PANEL_HEIGHT
        most = each.highest() or 1.0
        for colour, moments in marks.items():
            parts += [
                f'<line x1="{x(at_s):.1f}" x2="{x(at_s):.1f}" y1="{top}" y2="{bottom}" '
                f'stroke="{colour}" stroke-width="1"/>'
                for at_s in moments
            ]
        parts += [
            f'<text x="{LEFT}" y="{top - 6}">{escape(each.title)}</text>',
            (
                f'<text x="{LEFT - 6}" y="{top + 8}" text-anchor="end">'
                f"{most:,.4g} {escape(each.unit)}</text>"
            ),
            f'<text x="{LEFT - 6}" y="{bottom}" text-anchor="end">0</text>',
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{bottom}" y2="{bottom}" stroke="#888"/>',
        ]
        dots = dict.fromkeys(
            f"M{x(at_s):.0f} {bottom - value / most * PANEL_HEIGHT:.0f}h0"
            for at_s, value in each.points
        )
        parts.append(
            f'<path d="{"".join(dots)}" stroke="#1f5f8b" stroke-width="2.6" '
            'stroke-linecap="round"/>'
        )
    minutes = f"{ended_s / 60:,.0f} min"
    parts.append(f'<text x="{WIDTH - 10}" y="{height - 8}" text-anchor="end">{minutes}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
