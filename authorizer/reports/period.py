"""The time that a report is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from authorizer.domain.policy import DAY_US

MAX_DAYS: Final = 366
"""The longest period that a report is made for: a leap year."""
DEFAULT_DAYS: Final = 30
_EPOCH: Final = date(1970, 1, 1)


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


def day_of(day: date) -> int:
    """A date in days since 1970."""
    return (day - _EPOCH).days


def day_text(day: int) -> str:
    """A day since 1970 as it is written: `2026-11-22`."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def instant_text(at_us: int) -> str:
    """An instant in RFC 3339, UTC, with milliseconds."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def edges(period: Period) -> dict[str, str]:
    """`de` and `ate` as reports tell them: whole days as dates, both included, else instants."""
    whole = period.start_us % DAY_US == 0 and period.end_us % DAY_US == 0
    if whole:
        return {"de": day_text(period.first_day), "ate": day_text(period.last_day)}
    return {"de": instant_text(period.start_us), "ate": instant_text(period.end_us)}
