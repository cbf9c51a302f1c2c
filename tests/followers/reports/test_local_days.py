"""The days of time zones: 23, 24 and 25 hours of them, in every zone there is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authorizer.domain.moments import DAY_US, day_of, us_of
from authorizer.followers.reports.local_days import LocalDays, check_time_zone
from authorizer.followers.reports.period import Period
from tests.followers.reports.zones import HOUR_US, SAO_PAULO, ZONES, Plain

FAR_US: Final = 100 * 366 * DAY_US
GOOSE_BAY_US: Final = us_of(datetime.fromisoformat("2005-10-30T03:00:30Z"))
"""Half a minute past midnight; half a minute later the clock goes back to 23:01."""


def day(text: str) -> int:
    return day_of(date.fromisoformat(text))


@pytest.mark.parametrize(
    ("time_zone", "text", "hours"),
    [
        (SAO_PAULO, "2026-11-28", 24),
        (SAO_PAULO, "2018-11-04", 23),
        (SAO_PAULO, "2019-02-16", 25),
        ("Europe/Lisbon", "2026-03-29", 23),
        ("Europe/Lisbon", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Pacific/Apia", "2011-12-30", 0),
        ("America/Goose_Bay", "2005-10-30", 25),
        ("UTC", "2026-11-28", 24),
    ],
)
def test_how_long_a_day_is(time_zone: str, text: str, hours: float) -> None:
    whole = LocalDays(time_zone).whole(day(text))
    assert (whole.end_us - whole.start_us) / HOUR_US == hours


def test_a_day_of_sao_paulo_begins_at_three_in_greenwich() -> None:
    start = LocalDays(SAO_PAULO).start_us(day("2026-11-28"))
    assert start == us_of(datetime.fromisoformat("2026-11-28T03:00:00Z"))


@given(st.sampled_from(ZONES), st.integers(0, FAR_US))
@example("America/Goose_Bay", GOOSE_BAY_US)
@example("America/Goose_Bay", GOOSE_BAY_US + HOUR_US // 2)
def test_every_instant_lies_in_the_day_that_the_clock_has_shown(zone: str, at_us: int) -> None:
    days = LocalDays(zone)
    found = days.day_of(at_us)
    assert found == Plain(zone).day_of(at_us)
    whole = days.whole(found)
    assert whole.start_us <= at_us < whole.end_us
    assert Plain(zone).day_of(whole.start_us - 1) < found == Plain(zone).day_of(whole.start_us)


@given(st.sampled_from(ZONES), st.integers(0, FAR_US), st.integers(1, 40 * DAY_US))
def test_the_parts_of_a_period_are_all_of_it(zone: str, start_us: int, length_us: int) -> None:
    days = LocalDays(zone)
    period = Period(start_us, start_us + length_us)
    parts = list(days.parts(period))
    assert [part.part.end_us for part in parts[:-1]] == [part.part.start_us for part in parts[1:]]
    assert (parts[0].part.start_us, parts[-1].part.end_us) == period
    assert all(part.is_whole for part in parts[1:-1])


@pytest.mark.parametrize("number", [-(10**6), -719_163, 2_932_896, 10**7])
def test_far_off_there_are_days_too(number: int) -> None:
    days = LocalDays(SAO_PAULO)
    assert days.day_of(days.start_us(number)) == number


def test_whole_days_are_told_as_days_and_others_as_they_are() -> None:
    days = LocalDays(SAO_PAULO)
    first, last = day("2018-11-04"), day("2018-11-05")
    whole = Period(days.start_us(first), days.start_us(last + 1))
    assert days.edges(whole) == {"de": "2018-11-04", "ate": "2018-11-05"}
    part = Period(whole.start_us + 1, whole.end_us)
    assert days.edges(part) == {
        "de": "2018-11-04T03:00:00.000001Z",
        "ate": "2018-11-06T02:00:00.000Z",
    }


@pytest.mark.parametrize("text", ["", "Sao Paulo", "America", "../etc/passwd", "/etc/passwd", "\0"])
def test_time_zones_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_time_zone(text)


def test_time_zones_that_are_some() -> None:
    for zone in ZONES:
        check_time_zone(zone)
