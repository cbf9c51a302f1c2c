"""Count, mean, median and 90th percentile of durations, of many groups at once.

A percentile lies between the two nearest values in order, in proportion (linear interpolation:
type 7 of Hyndman and Fan 1996, as PostgreSQL's `percentile_cont`, Excel's `PERCENTILE.INC` and
numpy's default). So the median of an even count is the mean of the two in the middle.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from authorizer.domain.moments import MINUTE_US

Column = npt.NDArray[np.int64]

MAX_SUMMARIES: Final = 1 << 12
_DURATION_BITS: Final = 50
"""35 years of microseconds; beside them there is room for the number of a group."""
_LONGEST_US: Final = (1 << _DURATION_BITS) - 1

_DECIMALS: Final = 6
"""A millionth of a minute is 60 microseconds."""


class Summary(NamedTuple):
    """Durations in minutes; None where there are none."""

    quantity: int
    mean: float | None
    median: float | None
    p90: float | None


_NOTHING: Final = Summary(0, None, None, None)


def summaries(durations_us: Column, groups: Column, group_count: int) -> list[Summary]:
    """Summarize durations in microseconds, each in the group of its number.

    Durations are from 0 to 35 years: the journal's clock never goes backwards. There are at most
    MAX_SUMMARIES groups.
    """
    assert group_count <= MAX_SUMMARIES
    counts = np.bincount(groups, minlength=group_count)
    there = np.flatnonzero(counts)
    if not len(there):
        return [_NOTHING] * group_count
    within = np.clip(durations_us, 0, _LONGEST_US)
    ordered = np.sort((groups << _DURATION_BITS) | within) & _LONGEST_US
    starts = np.concatenate(([0], np.cumsum(counts[there])[:-1]))
    numbers = (
        counts[there].tolist(),
        _minutes(np.add.reduceat(ordered, starts) / counts[there]),
        _minutes(_percentile(ordered, starts, counts[there], 0.5)),
        _minutes(_percentile(ordered, starts, counts[there], 0.9)),
    )
    found = dict(zip(there.tolist(), map(Summary, *numbers), strict=True))
    return [found.get(group, _NOTHING) for group in range(group_count)]


def _percentile(
    ordered: Column, starts: Column, counts: Column, share: float
) -> npt.NDArray[np.float64]:
    place = (counts - 1) * share
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, counts - 1)
    lower, upper = ordered[starts + below], ordered[starts + above]
    between: npt.NDArray[np.float64] = lower + (upper - lower) * (place - below)
    return between


def _minutes(durations_us: npt.NDArray[np.float64]) -> list[float]:
    minutes: list[float] = np.round(durations_us / MINUTE_US, _DECIMALS).tolist()
    return minutes
