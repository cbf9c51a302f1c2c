"""How often a key may do something: so many times in a while, and so many at once on top."""

from collections.abc import Callable, Container
from typing import Final, NamedTuple

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS


class RateLimit(NamedTuple):
    """What each key may do."""

    requests: int
    """In each `while_ns`; 0: as much as it likes."""
    burst: int
    """Requests that may come at once after a quiet time."""
    while_ns: int = SECOND_NS


class Rates:
    """Counts the requests of each key, as a token bucket (the generic cell rate algorithm).

    What is kept of a key is one number: when its bucket would be full again. It is kept for known
    keys only, so there are no more of them than keys.
    """

    def __init__(self, limit: RateLimit, monotonic_ns: Callable[[], int]) -> None:
        self._interval_ns = limit.while_ns // limit.requests if limit.requests else 0
        self._depth_ns = self._interval_ns * limit.burst
        self._monotonic_ns = monotonic_ns
        self._full_at_ns: dict[str, int] = {}

    def wait_ns(self, key_id: str) -> int:
        """Count one request; 0 if it may go on, else how long until one may, and it counts not."""
        if not self._interval_ns:
            return 0
        now_ns = self._monotonic_ns()
        full_at_ns = max(self._full_at_ns.get(key_id, 0), now_ns) + self._interval_ns
        too_early_ns = full_at_ns - now_ns - self._depth_ns
        if too_early_ns > 0:
            return too_early_ns
        self._full_at_ns[key_id] = full_at_ns
        return 0

    def forget_all_but(self, key_ids: Container[str]) -> None:
        """Keep nothing of other keys."""
        for key_id in [known for known in self._full_at_ns if known not in key_ids]:
            del self._full_at_ns[key_id]


def retry_after(wait_ns: int) -> dict[str, str]:
    """The header that says when to come back, in whole seconds."""
    return {"Retry-After": str(-(-wait_ns // SECOND_NS))}
