"""The time of events, which a wall clock that jumps does not carry away."""

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from authorizer.domain.moments import SECOND_US

SLEW: Final = 1000
"""The trusted time follows a wall clock that agrees with it by one part in so many."""


class ClockBounds(NamedTuple):
    """How far a wall clock is believed, in microseconds."""

    jump_us: int = 60 * SECOND_US
    """Off the trusted time, while this runs; and behind the journal, at a start."""
    gap_us: int = 72 * 3600 * SECOND_US
    """Ahead of the journal, at a start: as long as nothing may have happened."""


class ClockState(Enum):
    """How the wall clock stands to the time of events."""

    AGREES = "agrees"
    AHEAD = "ahead"
    """It is too far ahead to be believed: events have the trusted time."""
    BEHIND = "behind"
    """It is behind, or the journal is ahead of it: events have the trusted time, or the newest."""


class Clock:
    """Three times. `wall_us` is now, for people. `monotonic_ns` is for waiting.

    `now_us` is the time of an event that happens now. It is the wall clock's while that agrees with
    the trusted time, and otherwise the trusted time: the wall clock's when it was last believed,
    and what has passed on the monotonic clock since. It is never before the newest event's. Nothing
    but events moves it: to ask for it does not.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int],
        monotonic_ns: Callable[[], int],
        bounds: ClockBounds | None = None,
    ) -> None:
        """`wall_ns` is nanoseconds since 1970 UTC and may jump; `monotonic_ns` only ever grows."""
        self._wall_ns = wall_ns
        self.monotonic_ns = monotonic_ns
        self._bounds = bounds or ClockBounds()
        self._jump_us = self._bounds.jump_us
        self.newest_us = 0
        """The time of the newest event."""
        self._offset_us = 0
        """Trusted time is the monotonic clock's and this."""
        self._lead_us = 0
        """How far the wall clock was ahead of the trusted time when it agreed last."""
        self._looked_us = self._monotonic_us()
        self.confirm()

    def go_on_from(self, newest_us: int) -> None:
        """Begin with a journal whose newest event has this time; 0 where it has none."""
        self.newest_us = newest_us
        ahead_us = self.wall_us() - newest_us
        if newest_us and not -self._jump_us <= ahead_us <= self._bounds.gap_us:
            self._trust(newest_us)
        else:
            self.confirm()

    def confirm(self) -> None:
        """Believe the wall clock as it is, however far it is off.

        Events can't go back all the same: one that would be before the newest has its time.
        """
        self._trust(self.wall_us())

    def _trust(self, at_us: int) -> None:
        self._offset_us = at_us - self._monotonic_us()
        self._lead_us = 0

    def wall_us(self) -> int:
        """What the wall clock says."""
        return self._wall_ns() // 1000

    def now_us(self) -> int:
        """The time of an event that happens now."""
        wall_us = self._wall_ns() // 1000
        trusted_us = self.monotonic_ns() // 1000 + self._offset_us
        lead_us = wall_us - trusted_us
        if -self._jump_us <= lead_us <= self._jump_us:
            self._lead_us = lead_us
            at_us = wall_us
        else:
            at_us = trusted_us + self._lead_us
        newest_us = self.newest_us
        return at_us if at_us > newest_us else newest_us

    def happened(self, at_us: int) -> None:
        """An event with this time took place."""
        if at_us > self.newest_us:  # noqa: PLR1730 - once a purchase, and `max` is a call
            self.newest_us = at_us

    def look(self) -> ClockState:
        """How the wall clock stands; to be called every second or so.

        Where it agrees, the trusted time follows it by a thousandth of what has passed: small steps
        add up over a year, and none of them is a jump.
        """
        monotonic_us = self._monotonic_us()
        step_us = (monotonic_us - self._looked_us) // SLEW
        self._looked_us = monotonic_us
        lead_us = self.wall_us() - monotonic_us - self._offset_us
        if abs(lead_us) <= self._jump_us:
            self._offset_us += max(-step_us, min(step_us, lead_us))
        return self.state()

    def state(self) -> ClockState:
        """How the wall clock stands to the time of events."""
        wall_us = self.wall_us()
        lead_us = wall_us - self._monotonic_us() - self._offset_us
        if lead_us > self._jump_us:
            return ClockState.AHEAD
        if lead_us < -self._jump_us or wall_us < self.newest_us - self._jump_us:
            return ClockState.BEHIND
        return ClockState.AGREES

    def wall_ahead_seconds(self) -> float:
        """How far the wall clock is ahead of the time of an event that happened now."""
        return (self.wall_us() - self.now_us()) / SECOND_US

    def _monotonic_us(self) -> int:
        return self.monotonic_ns() // 1000
