"""The period of a report."""

from __future__ import annotations

from datetime import datetime

import pytest

from authorizer.domain.moments import DAY_US, us_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.api.instants import check_edge
from authorizer.http.report_period import PeriodError, period_of

UTC = LocalDays("UTC")
SAO_PAULO = LocalDays("America/Sao_Paulo")
NOON_US = 20_414 * DAY_US + DAY_US // 2
"""2025-11-22T12:00:00Z."""


@pytest.mark.parametrize(
    ("de", "ate", "told"),
    [
        (None, None, ("2025-10-24", "2025-11-22")),
        ("2025-11-01", None, ("2025-11-01", "2025-11-22")),
        (None, "2025-10-30", ("2025-10-01", "2025-10-30")),
        ("2025-11-05", "2025-11-05", ("2025-11-05", "2025-11-05")),
        ("2024-01-01", "2024-12-31", ("2024-01-01", "2024-12-31")),
        ("2025-11-05T00:00:00Z", "2025-11-07T00:00:00Z", ("2025-11-05", "2025-11-06")),
        (
            "2025-11-05T00:00:00-03:00",
            "2025-11-05",
            ("2025-11-05T03:00:00.000Z", "2025-11-06T00:00:00.000Z"),
        ),
    ],
)
def test_what_it_is(de: str | None, ate: str | None, told: tuple[str, str]) -> None:
    assert UTC.edges(period_of(de, ate, NOON_US, UTC)) == {"de": told[0], "ate": told[1]}


@pytest.mark.parametrize(
    ("now", "de", "ate", "told"),
    [
        ("2025-11-23T02:59Z", None, None, ("2025-10-24", "2025-11-22")),
        ("2025-11-23T03:00Z", None, None, ("2025-10-25", "2025-11-23")),
        ("2025-11-23T03:00Z", "2018-11-04", "2018-11-04", ("2018-11-04", "2018-11-04")),
        (
            "2025-11-23T03:00Z",
            "2025-11-05T00:00:00-03:00",
            "2025-11-06T00:00:00-03:00",
            ("2025-11-05", "2025-11-05"),
        ),
        (
            "2025-11-23T03:00Z",
            "2025-11-05T00:00:00Z",
            "2025-11-05",
            ("2025-11-05T00:00:00.000Z", "2025-11-06T03:00:00.000Z"),
        ),
        (
            "2025-11-23T03:00Z",
            None,
            "2025-11-05T12:00:00Z",
            ("2025-10-07T03:00:00.000Z", "2025-11-05T12:00:00.000Z"),
        ),
    ],
)
def test_days_are_those_of_the_zone(
    now: str, de: str | None, ate: str | None, told: tuple[str, str]
) -> None:
    period = period_of(de, ate, us_of(datetime.fromisoformat(now)), SAO_PAULO)
    assert SAO_PAULO.edges(period) == {"de": told[0], "ate": told[1]}


@pytest.mark.parametrize(
    ("de", "ate", "field"),
    [
        ("2025-11-06", "2025-11-05", "ate"),
        ("2025-11-23", None, "de"),
        ("2025-11-05T10:00:00Z", "2025-11-05T10:00:00Z", "ate"),
        ("2025-01-01", "2026-01-02", "de"),
        ("1969-12-31", "1970-01-01", "de"),
        ("9999-12-30", "9999-12-31", "de"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01", "de"),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-14:00", "de"),
    ],
)
def test_what_is_none(de: str, ate: str | None, field: str) -> None:
    with pytest.raises(PeriodError) as raised:
        period_of(de, ate, NOON_US, UTC)
    assert raised.value.field == field


@pytest.mark.parametrize(
    "text", ["", "2025-02-30", "2025-11-5", "22/11/2025", "hoje", "2025-11-05T10"]
)
def test_what_is_no_end_of_a_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|no such day"):
        check_edge(text)


def test_a_leap_year_whose_days_are_longer_than_others() -> None:
    """In 2019 Sao Paulo ended daylight saving and did not begin it again."""
    assert SAO_PAULO.edges(period_of("2018-12-31", "2019-12-31", NOON_US, SAO_PAULO))
    with pytest.raises(PeriodError):
        period_of("2018-12-30", "2019-12-31", NOON_US, SAO_PAULO)
