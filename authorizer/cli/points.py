"""A point of the journal, as it is given on the command line: a position or a time."""

from typing import Any, NamedTuple

import click
from typing_extensions import override

from authorizer.domain.moments import moment_text
from authorizer.http.api.wire import parse_time


class Point(NamedTuple):
    """A position, or a time in microseconds since 1970 UTC; the other one is None."""

    position: int | None
    at_us: int | None

    def is_before(self, position: int, at_us: int) -> bool:
        """Whether an event lies behind this point."""
        if self.position is not None:
            return self.position < position
        return self.at_us is not None and self.at_us < at_us

    def is_after(self, position: int, at_us: int) -> bool:
        """Whether an event lies ahead of this point."""
        if self.position is not None:
            return self.position > position
        return self.at_us is not None and self.at_us > at_us


class PointType(click.ParamType[Point]):
    """Digits are a position; anything else must be an RFC 3339 time."""

    name = "POSITION|TIME"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> Point:
        if isinstance(value, Point):
            return value
        if value.isascii() and value.isdigit():
            return Point(int(value), None)
        try:
            return Point(None, parse_time(value).at_us)
        except ValueError:
            self.fail(
                f"{value!r} is neither a position nor an RFC 3339 time (2025-02-24T15:30:00Z)",
                param,
                ctx,
            )


def time_text(at_us: int) -> str:
    """A time in RFC 3339, UTC, exact: given back as a point it means the same event."""
    return moment_text(at_us, "microseconds")
