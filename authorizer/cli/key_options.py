"""What the options of `authorizer keys create` take."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click
from typing_extensions import override

from authorizer.domain.moments import DAY_US, us_of
from authorizer.http.api.instants import day_named
from authorizer.http.api.wire import parse_time

_END_US: Final = us_of(datetime.max.replace(tzinfo=UTC))
_SPAN = re.compile(r"([0-9]{1,5})([dh])", re.ASCII)
_UNIT: Final = {"d": timedelta(days=1), "h": timedelta(hours=1)}
_MAX_NAME: Final = 100


class Expiry(click.ParamType[int]):
    """`90d`, `12h`, a date or an RFC 3339 time, as microseconds since 1970 UTC."""

    name = "90d|12h|DATE"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        at_us = _moment_us(value)
        if at_us is None:
            self.fail(f"{value!r} is no span (90d, 12h), date or RFC 3339 time", param, ctx)
        if at_us >= _END_US:
            self.fail(f"{value!r} is after the year 9999", param, ctx)
        if at_us <= now_us():
            self.fail(f"{value!r} is not in the future", param, ctx)
        return at_us


def _moment_us(text: str) -> int | None:
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now_us() + int(span[1]) * (_UNIT[span[2]] // timedelta(microseconds=1))
    try:
        day = day_named(text)
        return parse_time(text).at_us if day is None else day * DAY_US
    except ValueError:
        return None


class KeyName(click.ParamType[str]):
    """Text in one line."""

    name = "TEXT"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not value.isprintable() or len(value) > _MAX_NAME:
            self.fail(f"must be at most {_MAX_NAME} printable characters", param, ctx)
        return str(value)


def now_us() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000
