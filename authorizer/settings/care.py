"""What follows from the settings of customer care: its service levels, and when it works."""

from typing import TYPE_CHECKING

from authorizer.actors.business_hours import (
    BusinessHours,
    parse_closed_days,
    parse_hours,
    parse_weekdays,
)
from authorizer.actors.desk_time import DeskTime
from authorizer.domain.tickets.service_levels import (
    CalendarTime,
    Priority,
    ServiceLevel,
    ServiceLevels,
    WorkingTime,
)
from authorizer.settings.kinds import NONE


class CareTimes:
    """The values themselves, for the class of all settings."""

    if TYPE_CHECKING:
        sla_first_response_minutes: dict[str, int]
        sla_resolution_minutes: dict[str, int]
        sla_next_response_minutes: dict[str, int]
        sla_time: str
        time_zone: str
        business_hours: str
        business_days: str
        business_holidays: str
        business_closed_days: str

    @property
    def service_levels(self) -> ServiceLevels:
        """The times in which tickets are to be answered and resolved, by their priority."""
        first, whole = self.sla_first_response_minutes, self.sla_resolution_minutes
        following = self.sla_next_response_minutes
        return {
            priority: ServiceLevel.minutes(
                first[priority.value], whole[priority.value], following[priority.value]
            )
            for priority in Priority
        }

    @property
    def desk_time(self) -> WorkingTime:
        """The time in which deadlines of tickets are counted."""
        return DeskTime(self.desk_hours) if self.sla_time == "business" else CalendarTime()

    @property
    def desk_hours(self) -> BusinessHours:
        """The working hours of the service desk."""
        return BusinessHours(
            parse_hours(self.business_hours),
            parse_weekdays(self.business_days),
            self.time_zone,
            None if self.business_holidays == NONE else self.business_holidays,
            parse_closed_days(self.business_closed_days),
        )
