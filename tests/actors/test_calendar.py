"""Calendar windows in a time zone, with its daylight saving, month ends and leap years."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.actors.calendar import windows_in
from authorizer.domain.moments import HOUR_US, us_of

SAO_PAULO = "America/Sao_Paulo"


def at(text: str) -> int:
    return us_of(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("window", "moment", "start", "end"),
    [
        ("day", "2026-11-28T12:00-03:00", "2026-11-28T00:00-03:00", "2026-11-29T00:00-03:00"),
        ("day", "2026-11-28T00:00-03:00", "2026-11-28T00:00-03:00", "2026-11-29T00:00-03:00"),
        ("day", "2026-11-29T02:59:59.999999+00:00", "2026-11-28T03:00Z", "2026-11-29T03:00Z"),
        ("week", "2026-11-29T23:00-03:00", "2026-11-23T00:00-03:00", "2026-11-30T00:00-03:00"),
        ("week", "2026-11-30T00:00-03:00", "2026-11-30T00:00-03:00", "2026-12-07T00:00-03:00"),
        ("month", "2024-02-29T12:00-03:00", "2024-02-01T00:00-03:00", "2024-03-01T00:00-03:00"),
        ("month", "2026-12-31T23:00-03:00", "2026-12-01T00:00-03:00", "2027-01-01T00:00-03:00"),
        ("year", "2026-01-01T00:00-03:00", "2026-01-01T00:00-03:00", "2027-01-01T00:00-03:00"),
    ],
)
def test_a_moment_lies_in_its_window(window: str, moment: str, start: str, end: str) -> None:
    assert windows_in(SAO_PAULO)(window, at(moment)) == (at(start), at(end))


def test_a_day_without_a_midnight_begins_at_its_first_moment() -> None:
    """Clocks went from 23:59:59 of the 3rd to 01:00 of the 4th."""
    start, end = windows_in(SAO_PAULO)("day", at("2018-11-04T12:00-02:00"))
    assert start == at("2018-11-04T01:00-02:00")
    assert end - start == 23 * HOUR_US


def test_a_day_that_has_an_hour_twice_is_longer() -> None:
    start, end = windows_in("Europe/Lisbon")("day", at("2026-10-25T12:00+00:00"))
    assert end - start == 25 * HOUR_US


def test_a_lifetime_has_no_end() -> None:
    start, end = windows_in(SAO_PAULO)("lifetime", at("2026-11-28T12:00Z"))
    assert start == 0
    assert end > at("9999-12-31T00:00Z")


MOMENTS = st.integers(at("1990-01-01T00:00Z"), at("2100-01-01T00:00Z"))


@given(
    MOMENTS,
    st.sampled_from(("day", "week", "month", "year")),
    st.sampled_from((SAO_PAULO, "Europe/Lisbon", "UTC", "Australia/Lord_Howe")),
)
def test_windows_tile_time(moment: int, window: str, zone: str) -> None:
    window_of = windows_in(zone)
    start, end = window_of(window, moment)
    assert start <= moment < end
    assert window_of(window, start) == window_of(window, end - 1) == (start, end)
    assert window_of(window, end)[0] == end
    assert window_of(window, start - 1)[1] == start
