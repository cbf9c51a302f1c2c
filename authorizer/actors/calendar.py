"""Local calendars: when a clock shows a time, and the windows that limits count in."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
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


def first_shown_us(local: datetime, zone: ZoneInfo) -> int:
    """When the clock of a zone first shows a local time (without a zone), or a later one.

    That is the end of the gap where clocks were put forward over it, and the first of the two
    instants where they were set back. Microseconds since 1970 UTC.
    """
    ends_us = (us_of(local.replace(tzinfo=zone, fold=fold).astimezone(UTC)) for fold in (0, 1))
    early_us, late_us = sorted(ends_us)
    if _shows(early_us, zone) >= local:
        return early_us
    while late_us - early_us > 1:
        middle_us = (early_us + late_us) // 2
        if _shows(middle_us, zone) >= local:
            late_us = middle_us
        else:
            early_us = middle_us
    return late_us


def _shows(at_us: int, zone: ZoneInfo) -> datetime:
    return moment_of(at_us).astimezone(zone).replace(tzinfo=None)


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
