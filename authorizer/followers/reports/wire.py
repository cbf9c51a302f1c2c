"""What the server and the reports' process say to each other: one JSON object a line.

The server says `{"durable": position}` as the journal grows, and asks
`{"id", "query", "params", "at_least", "timeout_ms"}`: answer when the tables have reached
`at_least`, or say so if that takes longer. The reports' process answers `{"id", "result"}` or
`{"id", "error"}`, and says `{"position"}` as the tables move.
"""

from enum import Enum
from typing import Any

import orjson


class QueryError(Enum):
    """Why a query has no result."""

    BEHIND = "behind"
    """The tables have not reached the position in time."""
    UNAVAILABLE = "unavailable"
    """The database or the journal can't be read now."""
    BUG = "bug"


def line(message: dict[str, Any]) -> bytes:
    """A message as a line."""
    return orjson.dumps(message) + b"\n"


def message(line: bytes) -> dict[str, Any]:
    """The message of a line. ValueError if it is none."""
    found = orjson.loads(line)
    if not isinstance(found, dict):
        raise ValueError("a message must be an object")
    return found
