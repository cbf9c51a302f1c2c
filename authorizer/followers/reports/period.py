"""The time that a report is about."""

from typing import Final, NamedTuple

MAX_DAYS: Final = 366
"""The longest period that a report is made for: a leap year."""
DEFAULT_DAYS: Final = 30


class Period(NamedTuple):
    """From an instant up to another, which is no part of it; microseconds since 1970 UTC."""

    start_us: int
    end_us: int
