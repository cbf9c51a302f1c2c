"""Durations as ISO 8601 writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.moments import DAY_US, HOUR_US, MINUTE_US, SECOND_US, duration_text


@pytest.mark.parametrize(
    ("length_us", "text"),
    [
        (0, "PT0S"),
        (10 * MINUTE_US, "PT10M"),
        (7 * DAY_US, "P7D"),
        (DAY_US + HOUR_US + 90 * SECOND_US, "P1DT1H1M30S"),
        (1_500_000, "PT1.5S"),
        (1, "PT0.000001S"),
        (-2 * HOUR_US, "-PT2H"),
    ],
)
def test_a_duration_is_written_in_days_and_less(length_us: int, text: str) -> None:
    assert duration_text(length_us) == text


@given(st.integers(-(2**62), 2**62))
def test_what_is_written_means_the_same_length(length_us: int) -> None:
    found = re.fullmatch(
        r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?",
        duration_text(length_us),
    )
    assert found is not None
    sign, *parts = found.groups()
    days, hours, minutes, seconds = (int(part or 0) for part in parts[:4])
    micros = int((parts[4] or "0").ljust(6, "0"))
    whole = days * DAY_US + hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US + micros
    assert (-whole if sign else whole) == length_us
