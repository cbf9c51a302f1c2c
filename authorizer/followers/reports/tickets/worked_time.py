"""How much of a time lies inside business hours."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from authorizer.domain.moments import moment_of, us_of
from authorizer.followers.reports.business_hours import DAY_MINUTES, BusinessHours
from authorizer.followers.reports.tickets.durations import Column


class WorkedTime:
    """Counts the business hours since some instant before all that are asked for."""

    def __init__(self, hours: BusinessHours, first_us: int, last_us: int) -> None:
        """Instants asked for lie between these two, microseconds since 1970 UTC."""
        self._opens, self._closes = _stretches(hours, _year_of(first_us), _year_of(last_us))
        self._before = np.concatenate(([0], np.cumsum(self._closes - self._opens)))

    def until(self, at_us: Column) -> Column:
        """How many microseconds the desk had worked by each instant."""
        stretch = np.maximum(np.searchsorted(self._opens, at_us, side="right") - 1, 0)
        length = (self._closes - self._opens)[stretch]
        worked: Column = self._before[stretch] + np.clip(at_us - self._opens[stretch], 0, length)
        return worked


@lru_cache(maxsize=32)
def _stretches(hours: BusinessHours, first_year: int, last_year: int) -> tuple[Column, Column]:
    """When the desk opens and when it closes, in order, with a day to spare at either end."""
    first = date(first_year, 1, 1) - timedelta(days=2)
    days = (first + timedelta(days=n) for n in range((last_year - first_year + 1) * 366 + 4))
    worked = [day for day in days if day.weekday() in hours.weekdays]
    opens, closes = (
        np.array([_instant_us(day, minute, hours.time_zone) for day in worked], np.int64)
        for minute in (hours.opens_minute, hours.closes_minute)
    )
    return opens, closes


def _instant_us(day: date, minute: int, time_zone: str) -> int:
    days, minute = divmod(minute, DAY_MINUTES)
    local = datetime.combine(
        day + timedelta(days=days), time(minute // 60, minute % 60), ZoneInfo(time_zone)
    )
    return us_of(local)


def _year_of(at_us: int) -> int:
    return moment_of(at_us).year
