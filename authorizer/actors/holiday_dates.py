"""The holidays of a country and of a part of it, by the `holidays` package."""

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

_CALENDAR: Final = re.compile(r"([A-Z]{2})(?:-([^+]+))?(\+optional)?")


class HolidayCalendar(NamedTuple):
    """Whose holidays they are."""

    country: str
    """ISO 3166-1, two letters."""
    part: str | None
    """A state, say, as ISO 3166-2 without the country; None for what all of it has."""
    with_optional: bool
    """Whether days that are no holidays by law, such as Brazil's Carnival, are among them."""


def parse_calendar(text: str) -> HolidayCalendar:
    """Read `BR`, `BR-SP` or `BR-SP+optional`. ValueError for what the package does not know."""
    calendar = _read(text)
    try:
        _dates(calendar, 2026)
    except (NotImplementedError, ValueError) as error:
        raise ValueError(
            "must be a country and a part of it with holidays that are known"
        ) from error
    return calendar


@lru_cache(maxsize=1024)
def holidays_in(text: str, year: int) -> frozenset[date]:
    """The holidays of a year in the calendar that a text names; none where the package has none."""
    return _dates(_read(text), year)


def _read(text: str) -> HolidayCalendar:
    match = _CALENDAR.fullmatch(text)
    if match is None:
        raise ValueError("must be written as BR, BR-SP or BR-SP+optional")
    return HolidayCalendar(match[1], match[2], match[3] is not None)


def _dates(calendar: HolidayCalendar, year: int) -> frozenset[date]:
    from holidays import country_holidays  # noqa: PLC0415 - 80 ms, for those who ask for it

    categories = ("public", "optional") if calendar.with_optional else ("public",)
    return frozenset(
        country_holidays(calendar.country, calendar.part, years=year, categories=categories)
    )
