"""A median over rounds, and the interval that holds the true one with a probability of 95 %.

The interval lies between two of the measured values, the k-th from below and the k-th from above.
It assumes nothing of how the values are distributed, and a round in which the machine was busy
with something else moves it by one place only. Fewer than six rounds can't give 95 %: then it is
from the smallest to the largest.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

MISSED: Final = 0.05
"""The probability that the true median lies outside."""


class Estimate(NamedTuple):
    """A median and its interval."""

    value: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """The median of at least one value."""
    ranked = sorted(values)
    outside = outside_on_each_side(len(ranked))
    return Estimate(median(ranked), ranked[outside], ranked[-1 - outside])


def outside_on_each_side(count: int) -> int:
    """How many of ``count`` values the interval leaves out at each end.

    Each value is below the true median with probability 1/2, so how many are is binomial.
    """
    missed, outside = 2 * 0.5**count, 0
    while (missed := missed + 2 * math.comb(count, outside + 1) * 0.5**count) <= MISSED:
        outside += 1
    return outside


def ratios(others: Sequence[float], ours: Sequence[float]) -> Estimate:
    """Ours ÷ theirs, round by round."""
    return estimate([one / other for other, one in zip(others, ours, strict=True)])
