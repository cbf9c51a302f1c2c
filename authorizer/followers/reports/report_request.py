"""A request for the reports of a period."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from authorizer.actors.business_hours import BusinessHours
from authorizer.followers.reports.groupings import REPORTS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period

CALENDAR: Final = "calendario"
BUSINESS: Final = "comercial"
"""The times in which durations of tickets are told, by their words on the wire."""


class ReportRequest(NamedTuple):
    """The reports to make, of which period, and how."""

    period: Period
    now_us: int
    hours: BusinessHours | None
    """The hours in which durations of tickets are told; None for calendar time."""
    days: LocalDays
    about: Collection[str] = REPORTS

    def params(self) -> dict[str, Any]:
        """The request as the queries of the reports take it, without `by`."""
        return {
            **self.period._asdict(),
            "now_us": self.now_us,
            "hours": list(self.hours) if self.hours else None,
            "time_zone": self.days.time_zone,
        }
