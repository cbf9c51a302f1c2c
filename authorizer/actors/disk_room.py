"""Is there room on the disk? A reserve of it is kept, so that a full disk is foreseen, not hit.

Below the reserve the disk is *short*: nothing is appended to the journal, so what is under way
finds the room that it needs, and a start can write its newest segment anew. Nothing here asks the
disk or reads a clock: whoever looks tells what it saw.
"""

from typing import Final

from authorizer.domain.outcomes import Refusal, RefusalKind

FASTEST_BYTES: Final = 1 << 30
"""A disk is taken to fill up by so much a second at least: somebody may begin at any time."""
MOST_SECONDS: Final = 1.0
LEAST_SECONDS: Final = 0.02
SHORT_SECONDS: Final = 0.25
"""Between two looks: at most, at least, and while the disk is short."""
_SPARE: Final = 4
"""It goes on with the nth part of the reserve above it, so that it does not flutter."""

NO_ROOM: Final = Refusal(
    RefusalKind.UNAVAILABLE, "the disk is nearly full: nothing is changed until there is room"
)


class DiskRoom:
    """What is free on the disk of the data folder, and whether anything may be appended."""

    __slots__ = ("_looked_at_s", "_seen_bytes_a_second", "free_bytes", "is_short", "reserve_bytes")

    def __init__(self, reserve_bytes: int = 0) -> None:
        """Without a reserve the disk is never short."""
        self.reserve_bytes = reserve_bytes
        self.free_bytes: int | None = None
        """What was free at the last look; None before the first."""
        self.is_short = False
        """Whether nothing may be appended now. It changes between two steps of the loop only."""
        self._looked_at_s = 0.0
        self._seen_bytes_a_second = 0.0

    def look(self, free_bytes: int, now_s: float) -> None:
        """Note what is free. Below the reserve the disk is short, until `go_on`."""
        if self.free_bytes is not None and now_s > self._looked_at_s:
            taken = self.free_bytes - free_bytes
            self._seen_bytes_a_second = max(0.0, taken / (now_s - self._looked_at_s))
        self.free_bytes = free_bytes
        self._looked_at_s = now_s
        if free_bytes < self.reserve_bytes:
            self.is_short = True

    @property
    def may_go_on(self) -> bool:
        """Whether a disk that was short has room again, and some to spare."""
        free_bytes, reserve_bytes = self.free_bytes, self.reserve_bytes
        return (
            self.is_short
            and free_bytes is not None
            and free_bytes >= reserve_bytes + reserve_bytes // _SPARE
        )

    def go_on(self) -> None:
        """The disk is short no more."""
        self.is_short = False

    def has(self, more_bytes: int) -> bool:
        """Whether so much more can be written without the reserve, as far as is known."""
        if self.is_short:
            return False
        return self.free_bytes is None or self.free_bytes - more_bytes >= self.reserve_bytes

    def next_look_seconds(self) -> float:
        """How long until the next look.

        At the pace of the last look, and at `FASTEST_BYTES` a second, no more than half of the
        reserve is gone by then; at twice the pace all of it, and none of what is under way fails.
        """
        if self.is_short:
            return SHORT_SECONDS
        if self.free_bytes is None or not self.reserve_bytes:
            return MOST_SECONDS
        left = self.free_bytes - self.reserve_bytes // 2
        seconds = left / max(FASTEST_BYTES, 2 * self._seen_bytes_a_second)
        return min(MOST_SECONDS, max(LEAST_SECONDS, seconds))
