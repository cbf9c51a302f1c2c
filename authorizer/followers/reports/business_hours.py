"""Business hours: from when to when the service desk works, on which weekdays, where.

It opens and closes at the same local time on each of its weekdays. It knows no holidays.
"""

import re
from typing import Any, Final, NamedTuple, Self

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
CALENDAR: Final = "calendario"
BUSINESS: Final = "comercial"
"""The times in which durations of tickets are told, by their words on the wire."""
_HOURS: Final = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)


class BusinessHours(NamedTuple):
    """From when to when the desk works, on which weekdays, where."""

    opens_minute: int
    """Minutes since local midnight."""
    closes_minute: int
    """Minutes since local midnight; 1440 is the midnight that ends the day."""
    weekdays: tuple[int, ...]
    """Monday is 0."""
    time_zone: str
    """A name in the IANA time zone database."""

    @classmethod
    def from_json(cls, document: list[Any] | None) -> Self | None:
        """The hours of `list(hours)`, back from JSON; None for None."""
        if document is None:
            return None
        opens, closes, weekdays, time_zone = document
        return cls(opens, closes, tuple(weekdays), time_zone)


def parse_hours(text: str) -> tuple[int, int]:
    """Read `09:00-18:00` as minutes since midnight. ValueError if it is written otherwise."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("must be written as 09:00-18:00")
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
