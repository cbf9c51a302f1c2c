"""Moments: microseconds since 1970 UTC, and what calendars and RFC 3339 make of them."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
NEVER_US: Final = 2**62
"""A time that does not come."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(at_us: int) -> datetime:
    """The moment, in UTC. OverflowError past the year 9999."""
    return _EPOCH + timedelta(microseconds=at_us)


def us_of(moment: datetime) -> int:
    """Microseconds since 1970 UTC of a moment with a time zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_text(
    at_us: int, digits: Literal["milliseconds", "microseconds"] = "milliseconds"
) -> str:
    """RFC 3339 in UTC, to the millisecond or microsecond that has begun. OverflowError as above."""
    at_s, rest_us = divmod(at_us, SECOND_US)
    fraction = f"{rest_us:06}" if digits == "microseconds" else f"{rest_us // 1000:03}"
    return f"{_second_text(at_s)}.{fraction}Z"


@lru_cache(maxsize=1024)  # an answer tells several times of a second, as do those beside it
def _second_text(at_s: int) -> str:
    return (_EPOCH + timedelta(seconds=at_s)).isoformat(timespec="seconds").removesuffix("+00:00")


def duration_text(length_us: int) -> str:
    """ISO 8601, in days and less: `P7D`, `PT10M`, `P1DT0.5S`, `PT0S`."""
    sign, rest = ("-", -length_us) if length_us < 0 else ("", length_us)
    days, rest = divmod(rest, DAY_US)
    hours, rest = divmod(rest, HOUR_US)
    minutes, rest = divmod(rest, MINUTE_US)
    seconds, micros = divmod(rest, SECOND_US)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    date_part = f"{days}D" if days else ""
    time_part = "".join(
        (
            f"{hours}H" if hours else "",
            f"{minutes}M" if minutes else "",
            f"{seconds}{fraction}S" if seconds or micros else "",
        )
    )
    if not date_part and not time_part:
        return "PT0S"
    return f"{sign}P{date_part}{'T' if time_part else ''}{time_part}"


def day_of(day: date) -> int:
    """A date in days since 1970."""
    return (day - _EPOCH.date()).days


def day_text(day: int) -> str:
    """A day since 1970 as it is written: `2026-11-22`."""
    return (_EPOCH.date() + timedelta(days=day)).isoformat()


class WrittenTime(NamedTuple):
    """A moment, and how the document that brought it wrote it (None: it was made here)."""

    at_us: int
    text: str | None = None

    def on_the_wire(self) -> "WrittenTime":
        """The moment as every way of writing it shows it: to the millisecond."""
        return WrittenTime(self.at_us // 1000 * 1000)
