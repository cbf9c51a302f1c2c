"""Business hours in their most obvious form: each minute is looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from authorizer.actors.business_hours import BusinessHours

ZONES: Final = (
    "UTC",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "America/New_York",
    "Australia/Lord_Howe",
)
"""The last two change their clocks, Lord Howe by half an hour."""


@st.composite
def any_hours(draw: st.DrawFn) -> BusinessHours:
    """Hours with breaks, some with closed days."""
    count = draw(st.integers(1, 3)) * 2
    edges = draw(st.lists(st.integers(0, 24 * 60), min_size=count, max_size=count, unique=True))
    edges.sort()
    stretches = tuple(zip(edges[::2], edges[1::2], strict=True))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    closed = draw(st.sampled_from([(), ("01-01", "07-04"), ("2025-03-09", "2025-03-10")]))
    return BusinessHours(stretches, tuple(sorted(days)), draw(st.sampled_from(ZONES)), None, closed)


def worked_minutes_of(hours: BusinessHours, start: datetime, length: int) -> Iterator[bool]:
    """Whether the desk works in each of so many minutes.

    What counts is the latest time that the clock has shown on the day: an hour that comes twice
    does not open the desk again, nor close it.
    """
    zone = ZoneInfo(hours.time_zone)
    begun = start - timedelta(minutes=36 * 60)
    latest = begun.astimezone(zone).replace(tzinfo=None)
    for minute in range(36 * 60 + length):
        moment = begun + timedelta(minutes=minute)
        latest = max(latest, moment.astimezone(zone).replace(tzinfo=None))
        day, of_day = latest.date().isoformat(), latest.hour * 60 + latest.minute
        if minute >= 36 * 60:
            yield (
                latest.weekday() in hours.weekdays
                and day not in hours.closed_days
                and day[5:] not in hours.closed_days
                and any(opens <= of_day < closes for opens, closes in hours.stretches)
            )
