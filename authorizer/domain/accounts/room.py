"""How much of closed purchases stays in memory."""

from typing import NamedTuple


class Room(NamedTuple):
    """How much of closed purchases stays in memory."""

    most: int = 4096
    """By account; with more, the oldest leave."""
    seconds: int = 86_400
    """For how long after their last change."""
