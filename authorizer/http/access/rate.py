"""Rate limits of API keys: a sustained rate, and a burst on top of it."""

from collections.abc import Callable, Container
from typing import Final, NamedTuple

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS


class RateLimit(NamedTuple):
    """The rate of each key."""

    requests: int
    """Requests in each `while_ns`; 0: no limit."""
    burst: int
    """The depth of the bucket: requests that may come at once after a quiet time."""
    while_ns: int = SECOND_NS


class Rates:
    """Counts the requests of each key, as a token bucket (the generic cell rate algorithm).

    A key takes one number: the time when its bucket is full again. Only known keys have one, so
    memory is bounded by their number.
    """

    def __init__(self, limit: RateLimit, monotonic_ns: Callable[[], int]) -> None:
        self._interval_ns = limit.while_ns // limit.requests if limit.requests else 0
        self._depth_ns = self._interval_ns * limit.burst
        self._monotonic_ns = monotonic_ns
        self._full_at_ns: dict[str, int] = {}

    def wait_ns(self, key_id: str) -> int:
        """Count a request and return 0, or, if the bucket is empty, return the wait.

        A refused request is not counted.
        """
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
        """Drop the buckets of all other keys."""
        for key_id in [known for known in self._full_at_ns if known not in key_ids]:
            del self._full_at_ns[key_id]


def retry_after(wait_ns: int) -> dict[str, str]:
    """The `Retry-After` header of a wait, in whole seconds, rounded up."""
    return {"Retry-After": str(-(-wait_ns // SECOND_NS))}
