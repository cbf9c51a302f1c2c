"""Count, mean, median and 90th percentile, as defined, whatever the grouping."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.followers.reports.tickets.durations import Summary, summaries

MINUTE_US = 60_000_000


def of_minutes(*minutes: float) -> Summary:
    durations = np.array([round(minute * MINUTE_US) for minute in minutes], np.int64)
    return summaries(durations, np.zeros(len(minutes), np.int64), 1)[0]


@pytest.mark.parametrize(
    ("minutes", "summary"),
    [
        ((), Summary(0, None, None, None)),
        ((7,), Summary(1, 7, 7, 7)),
        ((10, 20), Summary(2, 15, 15, 19)),
        ((30, 10, 20), Summary(3, 20, 20, 28)),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), Summary(10, 5.5, 5.5, 9.1)),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1000), Summary(11, 95.909091, 6, 10)),
        ((0, 0, 0.001), Summary(3, 0.000333, 0, 0.0008)),
    ],
)
def test_by_hand(minutes: tuple[float, ...], summary: Summary) -> None:
    assert of_minutes(*minutes) == summary


GROUPS = 5
durations = st.lists(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, 2**50 - 1)))


@given(durations)
def test_each_group_is_summarized_by_itself(found: list[tuple[int, int]]) -> None:
    """As the standard library does it: `quantiles(method="inclusive")` interpolates linearly."""
    columns = np.array(found, np.int64).reshape(len(found), 2).T
    made = summaries(columns[1], columns[0], GROUPS)
    for group in range(GROUPS):
        own = [duration for number, duration in found if number == group]
        assert made[group].quantity == len(own)
        if not own:
            assert made[group] == Summary(0, None, None, None)
            continue
        p90 = statistics.quantiles(own, n=10, method="inclusive")[8] if len(own) > 1 else own[0]
        wanted = [statistics.fmean(own), statistics.median(own), p90]
        minutes = [value / MINUTE_US for value in wanted]
        assert list(made[group][1:]) == pytest.approx(minutes, rel=1e-9, abs=1e-6)
