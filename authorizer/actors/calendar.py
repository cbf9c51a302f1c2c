"""The calendar windows that limits count in, in a configured time zone."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from authorizer.domain.moments import NEVER_US, moment_of, us_of

WindowOf = Callable[[str, int], tuple[int, int]]


def windows_in(time_zone: str) -> WindowOf:
    """What tells the window that a time lies in. ZoneInfoNotFoundError for a zone that is none.

    A window begins when its first day does: at midnight, or, on a day that has none because clocks
    were put forward over it, at the first moment of that day. The week begins on Monday.
    """
    zone = ZoneInfo(time_zone)
    newest: dict[str, tuple[int, int]] = {}
    """The window of each kind that was asked for last: at its end all accounts ask for the next."""

    def start_us(day: date) -> int:
        return us_of(datetime.combine(day, time(), zone))

    def window_of(window: str, at_us: int) -> tuple[int, int]:
        if window == "lifetime":
            return 0, NEVER_US
        starts_at_us, ends_at_us = newest.get(window, (0, 0))
        if not starts_at_us <= at_us < ends_at_us:
            first, last = _SPANS[window](moment_of(at_us).astimezone(zone).date())
            starts_at_us, ends_at_us = newest[window] = start_us(first), start_us(last)
        return starts_at_us, ends_at_us

    return window_of


def _day(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _week(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _year(day: date) -> tuple[date, date]:
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


_SPANS: Final[dict[str, Callable[[date], tuple[date, date]]]] = {
    "day": _day,
    "week": _week,
    "month": _month,
    "year": _year,
}
