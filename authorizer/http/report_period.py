"""The period of a report, from the query of a request or the options of a command."""

from datetime import date
from typing import Final

from authorizer.domain.moments import DAY_US, day_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import DEFAULT_DAYS, MAX_DAYS, Period
from authorizer.http.api.instants import end_us, start_us

_FIRST_US: Final = -DAY_US
_LAST_US: Final = day_of(date(9999, 1, 1)) * DAY_US


class PeriodError(ValueError):
    """A period that is refused; `field` names the wrong end."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def period_of(de: str | None, ate: str | None, now_us: int, days: LocalDays) -> Period:
    """The period from `de` to `ate`, both of which `check_edge` has passed.

    A date is a whole local day. An instant is exact; the end is exclusive. The default is 30 days,
    today the last.

    Raises:
        PeriodError: it ends before it begins, is longer than a leap year, or out of all bounds.
    """
    end = days.start_us(days.day_of(now_us) + 1) if ate is None else end_us(ate, days)
    if de is None:
        last_day = days.day_of(end - 1)
        start = max(0, days.start_us(last_day + 1 - DEFAULT_DAYS))
    else:
        start = start_us(de, days)
    for field, at_us in (("de", start), ("ate", end)):
        if not _FIRST_US < at_us <= _LAST_US:
            raise PeriodError(field, "must be in 1970 or later, and before 9999")
    if end <= start:
        raise PeriodError("de" if ate is None else "ate", "the period must end after it begins")
    period = Period(start, end)
    if end - start > MAX_DAYS * DAY_US and len(days.touched(period)) > MAX_DAYS:
        raise PeriodError("de", f"a period has at most {MAX_DAYS} days")
    return period
