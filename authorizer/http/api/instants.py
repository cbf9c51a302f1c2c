"""`de` and `ate`, the ends of a period: a local day or an instant."""

import re
from datetime import date
from typing import Final

from authorizer.domain.moments import day_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.api.wire import parse_time

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def start_us(text: str, days: LocalDays) -> int:
    """The start of a period: of the day, or the instant. ValueError for other text."""
    day = day_named(text)
    return _instant_us(text) if day is None else days.start_us(day)


def end_us(text: str, days: LocalDays) -> int:
    """The exclusive end of a period: of the day, or the instant. ValueError for other text."""
    day = day_named(text)
    return _instant_us(text) if day is None else days.start_us(day + 1)


def check_edge(text: str) -> str:
    """The text itself. ValueError: it is neither a day nor an instant."""
    if day_named(text) is None:
        _instant_us(text)
    return text


def day_named(text: str) -> int | None:
    """The day of a date, in days since 1970; None for other text. ValueError: no such day."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise ValueError("there is no such day") from error


def _instant_us(text: str) -> int:
    try:
        return parse_time(text).at_us
    except ValueError as error:
        raise ValueError("must be a date (2026-11-22) or an RFC 3339 date and time") from error
