"""How much of a time lies inside business hours."""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from authorizer.actors.business_hours import BusinessHours
from authorizer.actors.desk_time import open_stretches
from authorizer.domain.moments import moment_of
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
    found = [stretch for day in days for stretch in open_stretches(hours, day)]
    opens, closes = np.array(found or [(0, 0)], np.int64).T
    return opens, closes


def _year_of(at_us: int) -> int:
    return moment_of(at_us).year
