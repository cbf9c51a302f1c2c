"""The time that a report is about."""

from typing import Final, NamedTuple

from authorizer.domain.moments import day_text, moment_text
from authorizer.domain.policy import DAY_US

MAX_DAYS: Final = 366
"""The longest period that a report is made for: a leap year."""
DEFAULT_DAYS: Final = 30


class Period(NamedTuple):
    """From an instant up to another, which is no part of it; microseconds since 1970 UTC."""

    start_us: int
    end_us: int

    @property
    def first_day(self) -> int:
        """The UTC day in which it begins, in days since 1970."""
        return self.start_us // DAY_US

    @property
    def last_day(self) -> int:
        """The last UTC day that it touches, in days since 1970."""
        return (self.end_us - 1) // DAY_US

    @property
    def days(self) -> range:
        """Every UTC day that it touches."""
        return range(self.first_day, self.last_day + 1)


def edges(period: Period) -> dict[str, str]:
    """`de` and `ate` as reports tell them: whole days as dates, both included, else instants."""
    whole = period.start_us % DAY_US == 0 and period.end_us % DAY_US == 0
    if whole:
        return {"de": day_text(period.first_day), "ate": day_text(period.last_day)}
    return {"de": moment_text(period.start_us), "ate": moment_text(period.end_us)}
