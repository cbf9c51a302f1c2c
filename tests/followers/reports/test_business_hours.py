"""Business hours: how they are written, and how much of a time lies inside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.actors.business_hours import BusinessHours, parse_hours, parse_weekdays
from authorizer.followers.reports.tickets.worked_time import WorkedTime
from tests.support.naive_hours import any_hours, worked_minutes_of

MINUTE_US = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = (0, 1, 2, 3, 4)
SAO_PAULO = "America/Sao_Paulo"
NINE_TO_SIX = BusinessHours(((9 * 60, 18 * 60),), WEEK, SAO_PAULO)


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def worked_minutes(hours: BusinessHours, since: str, until: str) -> float:
    ends = np.array([us(since), us(until)])
    before, after = WorkedTime(hours, *ends.tolist()).until(ends)
    return (int(after) - int(before)) / MINUTE_US


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        # Monday 17 November 2025; Sao Paulo is three hours behind UTC.
        ("2025-11-17T12:00+00:00", "2025-11-17T12:30+00:00", 30),
        ("2025-11-17T11:00+00:00", "2025-11-17T12:30+00:00", 30),  # opens at 12:00 UTC
        ("2025-11-17T20:30+00:00", "2025-11-17T23:00+00:00", 30),  # closes at 21:00 UTC
        ("2025-11-17T20:30+00:00", "2025-11-18T12:30+00:00", 60),  # over night
        ("2025-11-21T20:30+00:00", "2025-11-24T12:30+00:00", 60),  # over the weekend
        ("2025-11-22T12:00+00:00", "2025-11-23T12:00+00:00", 0),  # at the weekend
        ("2025-11-17T12:00+00:00", "2025-11-17T12:00+00:00", 0),
        ("2025-11-17T12:00+00:00", "2025-11-24T12:00+00:00", 5 * 540),  # a week
        ("2025-12-31T20:59+00:00", "2026-01-01T12:01+00:00", 2),  # a desk that keeps no holidays
    ],
)
def test_by_hand(since: str, until: str, minutes: float) -> None:
    assert worked_minutes(NINE_TO_SIX, since, until) == minutes


def test_a_day_that_a_clock_change_makes_longer_counts_as_it_is() -> None:
    """In Lisbon clocks went back at 02:00 on Sunday 26 October 2025: it had 25 hours."""
    hours = BusinessHours(((0, 24 * 60),), (6,), "Europe/Lisbon")
    assert worked_minutes(hours, "2025-10-25T12:00+00:00", "2025-10-27T12:00+00:00") == 25 * 60


def test_hours_that_begin_in_a_gap_of_the_clock() -> None:
    """In Sao Paulo clocks went from midnight to one on 4 November 2018."""
    hours = BusinessHours(((0, 2 * 60),), (6,), SAO_PAULO)
    assert worked_minutes(hours, "2018-11-04T00:00+00:00", "2018-11-05T00:00+00:00") == 60


@settings(max_examples=40)
@given(any_hours(), st.integers(0, 366 * 24 * 60), st.integers(0, 4 * 24 * 60))
def test_as_counted_minute_by_minute(hours: BusinessHours, first: int, length: int) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=first)
    until = start + timedelta(minutes=length)
    counted = sum(worked_minutes_of(hours, start, length))
    assert worked_minutes(hours, start.isoformat(), until.isoformat()) == counted


def test_how_they_are_written() -> None:
    assert parse_hours("09:00-18:30") == ((540, 1110),)
    assert parse_hours("00:00-24:00") == ((0, 1440),)
    assert parse_hours("08:00-12:00, 13:00-18:00") == ((480, 720), (780, 1080))
    assert parse_weekdays("mon-fri") == WEEK
    assert parse_weekdays("Sat,mon , tue-wed") == (0, 1, 2, 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9:00-18:00",
        "09:00",
        "18:00-09:00",
        "09:00-09:00",
        "09:60-10:00",
        "00:00-24:01",
        "13:00-18:00,08:00-12:00",
        "08:00-12:00,12:00-18:00",
        "08:00-12:00,",
    ],
)
def test_hours_that_can_not_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_hours(text)


@pytest.mark.parametrize("text", ["", "monday", "fri-mon", "mon-", "mon-tue-wed", "mon,,tue"])
def test_days_that_can_not_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_weekdays(text)
