"""The period of a report, as a query or a command line names it."""

from datetime import date
from typing import Final

from authorizer.domain.moments import day_of
from authorizer.domain.policy import DAY_US
from authorizer.http.instants import check_edge, end_us, start_us
from authorizer.reports.period import DEFAULT_DAYS, MAX_DAYS, Period

_LAST_US: Final = day_of(date(9999, 1, 1)) * DAY_US


class PeriodError(ValueError):
    """What is wrong with a period, and with which end of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_date(text: str) -> str:
    """A date. ValueError for anything else."""
    if len(text) != len("2026-11-22"):
        raise ValueError("must be a date such as 2026-11-22")
    return check_edge(text)


def period_of(de: str | None, ate: str | None, now_us: int) -> Period:
    """The period from `de` to `ate`, both checked before.

    Dates are UTC days, the last one included; an instant at the end is not. By default it ends
    with today, and begins thirty days before its end.

    Raises:
        PeriodError: it ends before it begins, is longer than a leap year, or out of all bounds.
    """
    end = (now_us // DAY_US + 1) * DAY_US if ate is None else end_us(ate)
    start = max(0, end - DEFAULT_DAYS * DAY_US) if de is None else start_us(de)
    for field, at_us in (("de", start), ("ate", end)):
        if not 0 <= at_us <= _LAST_US:
            raise PeriodError(field, "must be in 1970 or later, and before 9999")
    if end <= start:
        raise PeriodError("de" if ate is None else "ate", "the period must end after it begins")
    if end - start > MAX_DAYS * DAY_US:
        raise PeriodError("de", f"a period has at most {MAX_DAYS} days")
    return Period(start, end)
