"""Business hours: when the service desk works, on which weekdays and holidays, and where.

It opens and closes at the same local times on each of its days.
"""

import re
from datetime import date
from typing import Any, Final, NamedTuple, Self

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
MAX_CLOSED_DAYS: Final = 1000
"""Days of its own that a desk may name."""

_HOURS: Final = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)
_CLOSED_DAY: Final = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)", re.ASCII)
_LEAP_YEAR: Final = 2024


class BusinessHours(NamedTuple):
    """When the desk works."""

    stretches: tuple[tuple[int, int], ...]
    """From when to when on each day, in minutes since local midnight, in order; 1440 is the
    midnight that ends the day. What lies between two is a break."""
    weekdays: tuple[int, ...]
    """Monday is 0."""
    time_zone: str
    """A name in the IANA time zone database."""
    holidays: str | None = None
    """The calendar of holidays (`holiday_dates.parse_calendar`) on which it is closed, or None."""
    closed_days: tuple[str, ...] = ()
    """Days of its own on which it is closed: `2026-12-24`, or `12-24` in every year."""

    @classmethod
    def from_json(cls, document: list[Any] | None) -> Self | None:
        """The hours of `list(hours)`, back from JSON; None for None."""
        if document is None:
            return None
        stretches, weekdays, time_zone, holidays, closed_days = document
        pairs = tuple((opens, closes) for opens, closes in stretches)
        return cls(pairs, tuple(weekdays), time_zone, holidays, tuple(closed_days))


def parse_hours(text: str) -> tuple[tuple[int, int], ...]:
    """Read `09:00-18:00`, or `08:00-12:00,13:00-18:00`, as minutes since midnight.

    ValueError if it is written otherwise.
    """
    stretches = tuple(_stretch(part.strip()) for part in text.split(","))
    edges = [minute for stretch in stretches for minute in stretch]
    if edges != sorted(set(edges)):
        raise ValueError("must be in order, with a break between one stretch and the next")
    return stretches


def _stretch(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("must be written as 09:00-18:00, or 08:00-12:00,13:00-18:00")
    opens, closes = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    if not opens < closes <= DAY_MINUTES:
        raise ValueError("must begin before they end, within one day")
    return opens, closes


def parse_weekdays(text: str) -> tuple[int, ...]:
    """Read `mon-fri` or `mon,wed,sat`; Monday is 0. ValueError if it is written otherwise."""
    named: set[int] = set()
    for part in text.split(","):
        ends = [
            WEEKDAYS.index(name) for name in part.strip().lower().split("-") if name in WEEKDAYS
        ]
        if len(ends) != part.count("-") + 1 or len(ends) > 2 or ends != sorted(ends):
            raise ValueError("must be written as mon-fri or mon,wed,sat")
        named.update(range(ends[0], ends[-1] + 1))
    return tuple(sorted(named))


def parse_closed_days(text: str) -> tuple[str, ...]:
    """Read `12-24,2026-02-17`, or nothing; in order. ValueError if it is written otherwise."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(parts) > MAX_CLOSED_DAYS:
        raise ValueError(f"must be at most {MAX_CLOSED_DAYS} days")
    for part in parts:
        match = _CLOSED_DAY.fullmatch(part)
        if match is None:
            raise ValueError("must be written as 12-24,2026-02-17")
        date(int(match[1] or _LEAP_YEAR), int(match[2]), int(match[3]))
    return tuple(sorted(set(parts)))
