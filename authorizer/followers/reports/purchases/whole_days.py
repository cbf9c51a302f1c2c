"""A period cut at the days of the tables' sums."""

from typing import NamedTuple

from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period


class Cut(NamedTuple):
    """The days of which all is asked for, and the parts of the period outside of them."""

    whole: range
    rest: tuple[Period, ...]


def cut(period: Period, days: LocalDays) -> Cut:
    """Cut a period into whole days, which follow each other, and the rest."""
    whole = [day for day, _, is_whole in days.parts(period) if is_whole]
    if not whole:
        return Cut(range(0), (period,))
    first, past = whole[0], whole[-1] + 1
    before = Period(period.start_us, days.start_us(first))
    return Cut(range(first, past), (before, Period(days.start_us(past), period.end_us)))
