"""Time zones for tests: all of them, and their days as one would count them."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from authorizer.domain.moments import DAY_US, day_of, moment_of

SAO_PAULO: Final = "America/Sao_Paulo"
ZONES: Final = tuple(sorted(available_timezones()))
HOUR_US: Final = DAY_US // 24
MINUTE_US: Final = HOUR_US // 60


class Plain:
    """A zone's days as one would count them: the first time that the clock shows a date."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)

    def day_of(self, at_us: int) -> int:
        """The latest date that the clock has shown; it is set back by two hours at most."""
        return max(self._shown(at_us - minute * MINUTE_US) for minute in range(122))

    def _shown(self, at_us: int) -> int:
        return day_of(moment_of(at_us).astimezone(self._zone).date())
