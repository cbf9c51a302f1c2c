"""What follows from how long ids are kept, and from how far the wall clock is trusted."""

from typing import TYPE_CHECKING

from authorizer.actors.clock import SLEW, ClockBounds
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.moments import DAY_US, HOUR_US, SECOND_US


class IdTimes:
    """The values themselves, for the class of all settings."""

    if TYPE_CHECKING:
        id_retention_days: int
        credit_id_retention_days: int
        clock_jump_seconds: int
        clock_gap_hours: int

    @property
    def clock_bounds(self) -> ClockBounds:
        """How far the wall clock is trusted."""
        return ClockBounds(self.clock_jump_seconds * SECOND_US, self.clock_gap_hours * HOUR_US)

    @property
    def nominal_id_retention(self) -> IdRetention:
        """The retention of ids in the time of the journal, by which no request is answered."""
        return IdRetention(self.id_retention_days * DAY_US, self.credit_id_retention_days * DAY_US)

    @property
    def id_retention(self) -> IdRetention:
        """The retention of ids, longer by as much as the wall clock may mislead unnoticed."""
        bounds = self.clock_bounds
        misled_us = bounds.gap_us + 2 * bounds.jump_us
        return IdRetention(*(us + us // SLEW + misled_us for us in self.nominal_id_retention))
