"""Deadlines in business hours: breaks, days off, clock changes, beside a naive count of minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.actors.business_hours import BusinessHours, parse_closed_days, parse_hours
from authorizer.actors.desk_time import MAX_DAYS, DeskTime
from authorizer.actors.holiday_dates import holidays_in, parse_calendar
from authorizer.domain.moments import DAY_US, HOUR_US, MINUTE_US, moment_of, us_of
from tests.support.naive_hours import any_hours, worked_minutes_of

SAO_PAULO = "America/Sao_Paulo"
WEEK = (0, 1, 2, 3, 4)
ALL_DAYS = tuple(range(7))
WITH_BREAK = BusinessHours(parse_hours("08:00-12:00,13:00-18:00"), WEEK, SAO_PAULO)
NIGHT = BusinessHours(parse_hours("00:00-06:00,22:00-24:00"), ALL_DAYS, "America/New_York")


def us(text: str, zone: str = SAO_PAULO) -> int:
    """An instant by local time, or by its own offset."""
    moment = datetime.fromisoformat(text)
    return us_of(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


def due(hours: BusinessHours, since: str, minutes: float) -> str:
    zone = hours.time_zone
    due_us = DeskTime(hours).due_us(us(since, zone), round(minutes * MINUTE_US))
    return (
        moment_of(due_us).astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ", "minutes")
    )


@pytest.mark.parametrize(
    ("since", "minutes", "expected"),
    [
        ("2026-11-23T09:00", 60, "2026-11-23 10:00"),
        ("2026-11-23T11:30", 60, "2026-11-23 13:30"),  # over the break
        ("2026-11-23T12:30", 60, "2026-11-23 14:00"),  # within the break
        ("2026-11-23T11:00", 60, "2026-11-23 12:00"),  # due when the break begins, not ends
        ("2026-11-23T17:30", 60, "2026-11-24 08:30"),  # over night
        ("2026-11-20T17:30", 60, "2026-11-23 08:30"),  # over the weekend
        ("2026-11-21T15:00", 540, "2026-11-23 18:00"),  # a whole day, opened on a Saturday
        ("2026-11-30T17:00", 120, "2026-12-01 09:00"),  # into the next month
        ("2026-12-31T17:00", 120, "2027-01-01 09:00"),  # into the next year: no holidays are kept
        ("2026-02-27T17:00", 60 * 9 + 60, "2026-03-02 18:00"),
        ("2026-11-23T09:00", 0, "2026-11-23 09:00"),
        ("2026-11-22T09:00", 0, "2026-11-22 09:00"),
        ("2026-11-23T14:00", -120, "2026-11-23 11:00"),  # as long ago
        ("2026-11-23T08:30", -60, "2026-11-20 17:30"),
        ("2026-11-22T10:00", -1, "2026-11-20 17:59"),
    ],
)
def test_a_deadline_passes_over_what_is_not_worked(
    since: str, minutes: float, expected: str
) -> None:
    assert due(WITH_BREAK, since, minutes) == expected


@pytest.mark.parametrize(
    ("holidays", "closed", "since", "expected"),
    [
        ("BR", (), "2026-12-24T17:30", "2026-12-28 08:30"),
        ("BR", (), "2026-11-19T17:30", "2026-11-23 08:30"),  # Zumbi: of all of Brazil since 2024
        ("BR", (), "2023-11-17T17:30", "2023-11-20 08:30"),  # and not before
        ("BR", (), "2026-07-08T17:30", "2026-07-09 08:30"),
        ("BR-SP", (), "2026-07-08T17:30", "2026-07-10 08:30"),
        ("BR-RJ", (), "2026-07-08T17:30", "2026-07-09 08:30"),
        ("BR", (), "2026-02-16T08:00", "2026-02-16 09:00"),  # Carnival is no holiday by law
        ("BR+optional", (), "2026-02-16T08:00", "2026-02-19 09:00"),
        ("BR", ("2026-02-17", "02-16"), "2026-02-16T08:00", "2026-02-18 09:00"),
        (None, ("12-24",), "2026-12-23T17:30", "2026-12-25 08:30"),
        (None, ("2026-12-24",), "2027-12-23T17:30", "2027-12-24 08:30"),
        (None, ("02-29",), "2028-02-28T17:30", "2028-03-01 08:30"),
    ],
)
def test_days_off_are_passed_over(
    holidays: str | None, closed: tuple[str, ...], since: str, expected: str
) -> None:
    hours = WITH_BREAK._replace(holidays=holidays, closed_days=closed)
    assert due(hours, since, 60) == expected


@pytest.mark.parametrize(
    ("since", "minutes", "expected"),
    [
        # On 8 March 2026 the clock goes from 02:00 to 03:00: the night is an hour shorter.
        ("2026-03-07T23:00", 60 + 5 * 60, "2026-03-08 06:00"),
        ("2026-03-07T23:00", 60 + 60, "2026-03-08 01:00"),
        ("2026-03-07T23:00", 60 + 3 * 60, "2026-03-08 04:00"),
        # On 1 November 2026 it goes from 02:00 back to 01:00: the night is an hour longer.
        ("2026-10-31T23:00", 60 + 7 * 60, "2026-11-01 06:00"),
        ("2026-10-31T23:00", 60 + 3 * 60, "2026-11-01 02:00"),
        ("2026-10-31T23:00", 60 + 2 * 60, "2026-11-01 01:00"),
    ],
)
def test_a_night_in_which_clocks_change_is_as_long_as_it_is(
    since: str, minutes: float, expected: str
) -> None:
    assert due(NIGHT, since, minutes) == expected


def test_hours_that_lie_in_a_gap_of_the_clock() -> None:
    """A stretch begins at the end of the gap, and is none where all of it was skipped."""
    for text, expected in (("01:30-02:30", 30), ("02:10-02:50", 0), ("02:30-03:30", 30)):
        hours = NIGHT._replace(stretches=parse_hours(text))
        day = us("2026-03-08T00:00", "America/New_York")
        assert DeskTime(hours).worked_us(day, day + DAY_US - HOUR_US) == expected * MINUTE_US


def test_an_hour_that_comes_twice_opens_the_desk_once() -> None:
    hours = NIGHT._replace(stretches=parse_hours("01:00-01:30"))
    day = us("2026-11-01T00:00", "America/New_York")
    assert DeskTime(hours).worked_us(day, day + DAY_US) == 30 * MINUTE_US


def test_a_midnight_that_a_clock_skips() -> None:
    """In Sao Paulo 4 November 2018 began at one o'clock."""
    hours = BusinessHours(parse_hours("00:00-24:00"), ALL_DAYS, SAO_PAULO)
    assert due(hours, "2018-11-03T23:00", 120) == "2018-11-04 02:00"
    assert due(hours, "2018-02-17T22:00", 180) == "2018-02-18 00:00", "a day of 25 hours"


def test_a_desk_that_never_works_has_its_deadlines_at_the_end_of_the_search() -> None:
    every_day = {f"{date(2024, 1, 1) + timedelta(days=n):%m-%d}" for n in range(366)}
    hours = WITH_BREAK._replace(closed_days=tuple(sorted(every_day)))
    since_us = us("2026-11-23T09:00")
    assert DeskTime(hours).due_us(since_us, 1) == since_us
    assert DeskTime(hours).worked_us(since_us, since_us + 400 * DAY_US) == 0


def test_a_deadline_that_is_too_far_away_is_where_the_search_ends() -> None:
    once_a_week = WITH_BREAK._replace(stretches=((480, 481),), weekdays=(0,))
    since_us = us("2026-11-23T09:00")
    due_us = DeskTime(once_a_week).due_us(since_us, 10 * 366 * DAY_US)
    assert MAX_DAYS - 8 <= (due_us - since_us) / DAY_US <= MAX_DAYS


@settings(max_examples=40)
@given(
    hours=any_hours(),
    first=st.integers(0, 366 * 24 * 60),
    wanted=st.integers(1, 24 * 60),
    backwards=st.booleans(),
)
def test_as_counted_minute_by_minute(
    hours: BusinessHours, first: int, wanted: int, backwards: bool
) -> None:
    """The first minute after which so many have been worked; the last one before which."""
    length = 6 * 24 * 60
    since = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=first)
    desk = DeskTime(hours)
    start = since - timedelta(minutes=length) if backwards else since
    worked = list(worked_minutes_of(hours, start, length))
    if backwards:
        worked.reverse()
    counted = list(accumulate(map(int, worked)))
    assert desk.worked_us(us_of(start), us_of(start) + length * MINUTE_US) == (
        counted[-1] * MINUTE_US
    )
    sign = -1 if backwards else 1
    due_us = desk.due_us(us_of(since), sign * wanted * MINUTE_US)
    if counted[-1] >= wanted:
        minutes = counted.index(wanted) + 1
        assert due_us == us_of(since) + sign * minutes * MINUTE_US
    else:
        assert sign * (due_us - us_of(since)) >= 0


def test_calendars_and_closed_days_as_they_are_written() -> None:
    assert parse_calendar("BR-SP+optional") == ("BR", "SP", True)
    assert date(2026, 1, 25) in holidays_in("BR-São Paulo Capital", 2026)
    assert parse_closed_days(" 12-31,2026-02-17 , 12-24") == ("12-24", "12-31", "2026-02-17")
    assert parse_closed_days("") == ()


@pytest.mark.parametrize("text", ["", "br", "BR-XX", "ZZ", "BR-", "BR+more", "BR-SP optional"])
def test_calendars_that_can_not_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_calendar(text)


@pytest.mark.parametrize(
    "text", ["12-32", "2026-02-29", "1-1", "24/12", "12-24;12-25", ",", ",".join(["01-01"] * 1001)]
)
def test_closed_days_that_can_not_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|day is out of range|month must"):
        parse_closed_days(text)
