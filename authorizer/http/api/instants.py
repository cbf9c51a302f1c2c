"""`de` and `ate`: the ends of a period, as a local day or as an instant."""

import re
from datetime import date
from typing import Final

from authorizer.domain.moments import day_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.api.wire import parse_time

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def start_us(text: str, days: LocalDays) -> int:
    """When a period begins: with this day, or at this instant. ValueError for anything else."""
    return days.start_us(_day(text)) if _DATE.fullmatch(text) else _instant_us(text)


def end_us(text: str, days: LocalDays) -> int:
    """When a period has ended: with this day, or before this instant."""
    return days.start_us(_day(text) + 1) if _DATE.fullmatch(text) else _instant_us(text)


def check_edge(text: str) -> str:
    """The text of an end of a period. ValueError for anything else."""
    _day(text) if _DATE.fullmatch(text) else _instant_us(text)
    return text


def _day(text: str) -> int:
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise ValueError("there is no such day") from error


def _instant_us(text: str) -> int:
    try:
        return parse_time(text).at_us
    except ValueError as error:
        raise ValueError("must be a date (2026-11-22) or an RFC 3339 date and time") from error
