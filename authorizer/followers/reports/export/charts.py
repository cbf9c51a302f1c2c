"""Charts by day as geometry, for a template to draw as SVG."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, log10
from typing import Final, NamedTuple

WIDTH: Final = 720
HEIGHT: Final = 240
LEFT: Final = 64
RIGHT: Final = 8
TOP: Final = 12
BOTTOM: Final = 28
_PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
_PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM
_MAX_LABELS: Final = 8
_STEPS: Final = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_TICKS: Final = 4


class Series(NamedTuple):
    """Numbers, one for each day; None where there is none yet."""

    name: str
    kind: str
    """The class that gives it its colour."""
    values: Sequence[int | None]


class Bar(NamedTuple):
    """A part of a day's bar."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


class Tick(NamedTuple):
    """A mark on an axis, and its label."""

    at: float
    value: float
    label: str


class Chart(NamedTuple):
    """A chart of `WIDTH` by `HEIGHT`."""

    title: str
    summary: str
    """Its content in words, for screen readers."""
    series: Sequence[Series]
    days: Sequence[str]
    bars: Sequence[Bar]
    line: str
    """The points of a polyline."""
    rows: Sequence[Tick]
    columns: Sequence[Tick]


def stacked_bars(title: str, summary: str, days: Sequence[str], series: Sequence[Series]) -> Chart:
    """A bar for each day, the series one upon the other."""
    tops = [sum(values) for values in _by_day(series)]
    top = _axis_top(max(tops, default=0))
    width = _PLOT_WIDTH / max(1, len(days))
    bars = [
        Bar(
            LEFT + place * width + width * 0.1,
            _y(upper, top),
            width * 0.8,
            _PLOT_HEIGHT * value / top,
            one.kind,
            f"{day}: {value} {one.name}",
        )
        for place, (day, values) in enumerate(zip(days, _by_day(series), strict=True))
        for one, value, upper in zip(series, values, accumulate(values), strict=True)
        if value
    ]
    return Chart(title, summary, series, days, bars, "", _rows(top), _columns(days))


def line(title: str, summary: str, days: Sequence[str], series: Series) -> Chart:
    """A line through the days' numbers."""
    known = [(place, value) for place, value in enumerate(series.values) if value is not None]
    top = _axis_top(max((value for _, value in known), default=0))
    width = _PLOT_WIDTH / max(1, len(days))
    points = [f"{LEFT + (place + 0.5) * width:.1f},{_y(value, top):.1f}" for place, value in known]
    return Chart(title, summary, [series], days, [], " ".join(points), _rows(top), _columns(days))


def _by_day(series: Sequence[Series]) -> list[list[int]]:
    return [[value or 0 for value in values] for values in zip(*(one.values for one in series))]  # noqa: B905 - all are of one length


def _y(value: float, top: float) -> float:
    return TOP + _PLOT_HEIGHT * (1 - value / top)


def _axis_top(largest: int) -> float:
    """Where the axis ends: a few steps of a round number, none of them a fraction."""
    step = max(1.0, largest / _TICKS)
    power: int = 10 ** max(0, ceil(log10(step)) - 1)
    round_steps = [part * power for part in _STEPS if part * power % 1 == 0]
    return _TICKS * next(found for found in round_steps if found >= step)


def _rows(top: float) -> list[Tick]:
    values = [top * place / _TICKS for place in range(_TICKS + 1)]
    return [Tick(_y(value, top), value, "") for value in values]


def _columns(days: Sequence[str]) -> list[Tick]:
    every = max(1, ceil(len(days) / _MAX_LABELS))
    width = _PLOT_WIDTH / max(1, len(days))
    return [
        Tick(LEFT + (place + 0.5) * width, place, days[place])
        for place in range(0, len(days), every)
    ]
