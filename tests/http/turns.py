"""A turn of a batch that never ends, or is over at once."""

from __future__ import annotations


class Patient:
    """Counts the pauses that are made."""

    def __init__(self, *, over: bool = False) -> None:
        self.over = over
        self.pauses = 0

    def is_over(self) -> bool:
        return self.over

    async def pause(self) -> None:
        self.pauses += 1
