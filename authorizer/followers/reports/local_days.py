"""The days of a time zone, as stretches of time one behind the other.

A day begins when the local clock first shows its date, so it has 23 or 25 hours where daylight
saving begins or ends in it. A clock that is set back over midnight does not begin the day before
anew, and a date that a zone has skipped is a day without length.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from authorizer.actors.calendar import first_shown_us
from authorizer.domain.moments import DAY_US, day_of, day_text, moment_of, moment_text
from authorizer.followers.reports.period import Period

_FIRST: Final = day_of(date(1969, 12, 30))
_LAST: Final = day_of(date(9999, 1, 2))
"""Days beyond these are those of UTC: nothing is there, and calendars end."""
_KNOWN: Final = 1 << 16


class LocalDay(NamedTuple):
    """A day, and the part of it that is asked for."""

    day: int
    """Since 1970."""
    part: Period
    is_whole: bool
    """Whether the part is the whole day."""


class LocalDays:
    """The days of one zone, counted from 1970-01-01."""

    def __init__(self, time_zone: str) -> None:
        """`time_zone` is a name in the IANA time zone database."""
        self.time_zone = time_zone
        self._newest = (0, Period(0, 0))
        """The day that `day_at` has given last. Set as a whole: several threads may ask."""

    def day_at(self, at_us: int) -> tuple[int, Period]:
        """The day in which an instant lies, and all of it. Quick for one instant after another."""
        newest = self._newest
        if not newest[1].start_us <= at_us < newest[1].end_us:
            day = self.day_of(at_us)
            newest = self._newest = (day, self.whole(day))
        return newest

    def day_of(self, at_us: int) -> int:
        """The day in which an instant lies."""
        if not _FIRST * DAY_US <= at_us < _LAST * DAY_US:
            return at_us // DAY_US
        local = day_of(moment_of(at_us).astimezone(ZoneInfo(self.time_zone)).date())
        return local + 1 if at_us >= self.start_us(local + 1) else local

    def start_us(self, day: int) -> int:
        """When a day begins."""
        return _start_us(self.time_zone, day) if _FIRST <= day <= _LAST else day * DAY_US

    def whole(self, day: int) -> Period:
        """All of a day."""
        return Period(self.start_us(day), self.start_us(day + 1))

    def touched(self, period: Period) -> range:
        """The days in which a period lies."""
        return range(self.day_of(period.start_us), self.day_of(period.end_us - 1) + 1)

    def edges(self, period: Period) -> dict[str, str]:
        """`de` and `ate` as reports tell them: whole days as dates, both included, else instants.

        Instants are exact.
        """
        days = self.touched(period)
        if period == (self.start_us(days.start), self.start_us(days.stop)):
            return {"de": day_text(days.start), "ate": day_text(days.stop - 1)}
        return {"de": _instant_text(period.start_us), "ate": _instant_text(period.end_us)}

    def parts(self, period: Period) -> Iterator[LocalDay]:
        """The days in which a period lies, in order, each with its part of it."""
        for day in self.touched(period):
            whole = self.whole(day)
            part = Period(max(whole.start_us, period.start_us), min(whole.end_us, period.end_us))
            yield LocalDay(day, part, part == whole)


def _instant_text(at_us: int) -> str:
    return moment_text(at_us, "microseconds" if at_us % 1000 else "milliseconds")


def check_time_zone(text: str) -> None:
    """ValueError if it names no time zone that is known here."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a name in the IANA time zone database") from error


@lru_cache(_KNOWN)
def _start_us(time_zone: str, day: int) -> int:
    midnight = datetime.fromordinal(_EPOCH + day)
    return first_shown_us(midnight, ZoneInfo(time_zone))


_EPOCH: Final = date(1970, 1, 1).toordinal()
