"""The messages between the server and a follower's process: one JSON object a line.

The server tells `{"durable": position}` as the journal grows, and asks
`{"id", "query", "params", "at_least", "timeout_ms"}`: an answer is due once the follower has
reached `at_least`, or a refusal if that takes longer. The process answers `{"id", "result"}` or
`{"id", "error"}`, and tells `{"position"}` as the follower moves.
"""

from enum import Enum
from typing import Any

import orjson


class NoAnswer(Enum):
    """Why a query has no answer. The first three are `error` on the wire."""

    BEHIND = "behind"
    """The follower did not reach the position in time."""
    UNAVAILABLE = "unavailable"
    """The follower's store or the journal can't be read now."""
    BUG = "bug"
    BUSY = "busy"
    """Too many queries are under way."""
    SLOW = "slow"
    """The process gave no answer in time."""
    RESTARTED = "restarted"
    """The process ended before it answered."""


def line(message: dict[str, Any]) -> bytes:
    """A message as a line."""
    return orjson.dumps(message) + b"\n"


def message(line: bytes) -> dict[str, Any]:
    """The message of a line. ValueError if it is none."""
    found = orjson.loads(line)
    if not isinstance(found, dict):
        raise ValueError("a message must be an object")
    return found
