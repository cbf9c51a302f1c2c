"""Time in which the service desk works: deadlines counted in it, and how much of it passed."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from authorizer.actors.business_hours import DAY_MINUTES, BusinessHours
from authorizer.actors.calendar import first_shown_us
from authorizer.actors.holiday_dates import holidays_in
from authorizer.domain.moments import moment_of

MAX_DAYS: Final = 20 * 366
"""How far a deadline is looked for. A desk that works hardly ever has its deadline there."""

_ONE_DAY: Final = timedelta(days=1)


class DeskTime:
    """Business hours as a clock that stands still outside of them."""

    def __init__(self, hours: BusinessHours) -> None:
        self._hours = hours
        self._zone = ZoneInfo(hours.time_zone)

    def due_us(self, since_us: int, work_us: int) -> int:
        """The first instant by which the desk has worked so long since another.

        With less than nothing, the last one since which it has worked so long: that is overdue.
        """
        left_us, at_us = abs(work_us), since_us
        if not work_us:
            return since_us
        for opens_us, closes_us in self._stretches(since_us, forward=work_us > 0):
            if work_us > 0:
                at_us, length_us = closes_us, closes_us - max(opens_us, since_us)
            else:
                at_us, length_us = opens_us, min(closes_us, since_us) - opens_us
            if length_us >= left_us:
                return at_us + (left_us - length_us if work_us > 0 else length_us - left_us)
            left_us -= max(length_us, 0)
        return at_us

    def worked_us(self, since_us: int, until_us: int) -> int:
        """How long the desk worked between two instants."""
        worked_us = 0
        for opens_us, closes_us in self._stretches(since_us, forward=True):
            if opens_us >= until_us:
                break
            worked_us += max(0, min(closes_us, until_us) - max(opens_us, since_us))
        return worked_us

    def _stretches(self, since_us: int, *, forward: bool) -> Iterator[tuple[int, int]]:
        """The stretches from the day on in which an instant lies, onwards or backwards."""
        step = 1 if forward else -1
        day = moment_of(since_us).astimezone(self._zone).date()
        for _ in range(MAX_DAYS):
            yield from open_stretches(self._hours, day)[::step]
            day += step * _ONE_DAY


@lru_cache(maxsize=1 << 14)
def open_stretches(hours: BusinessHours, day: date) -> tuple[tuple[int, int], ...]:
    """From when to when the desk works on a day, in order, in microseconds since 1970 UTC.

    It opens and closes when the local clock first shows the time, or a later one where clocks were
    put forward over it. A stretch that was skipped so is none.
    """
    if day.weekday() not in hours.weekdays or _is_closed(hours, day):
        return ()
    zone = ZoneInfo(hours.time_zone)
    edges = (
        (_instant_us(day, opens, zone), _instant_us(day, closes, zone))
        for opens, closes in hours.stretches
    )
    return tuple((opens_us, closes_us) for opens_us, closes_us in edges if opens_us < closes_us)


def _is_closed(hours: BusinessHours, day: date) -> bool:
    text = day.isoformat()
    if text in hours.closed_days or text[5:] in hours.closed_days:
        return True
    return hours.holidays is not None and day in holidays_in(hours.holidays, day.year)


def _instant_us(day: date, minute: int, zone: ZoneInfo) -> int:
    days, minute = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60))
    return first_shown_us(local, zone)
