"""Lock-out: a name that was tried too often with what is wrong waits, longer each time."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

FREE_TRIES: Final = 5
"""Failures in a row before the first wait."""
FIRST_WAIT_NS: Final = 60 * 1_000_000_000
LONGEST_WAIT_NS: Final = 15 * 60 * 1_000_000_000
MAX_NAMES: Final = 10_000
"""Names that are remembered, of nobody too; the one tried longest ago goes first."""


class _Failures(NamedTuple):
    times: int
    until_ns: int


class LockOut:
    """Counts the failures of each name, whether or not somebody has it."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def is_locked(self, name: str) -> bool:
        """Whether a name waits. Tries meanwhile are refused, right or wrong, and not counted."""
        found = self._failures.get(name)
        return found is not None and self._monotonic_ns() < found.until_ns

    def failed(self, name: str) -> None:
        """Count a failure."""
        count = self._failures.pop(name, _Failures(0, 0)).times + 1
        wait_ns = 0
        if count >= FREE_TRIES:
            wait_ns = min(LONGEST_WAIT_NS, FIRST_WAIT_NS << min(count - FREE_TRIES, 10))
        if len(self._failures) >= MAX_NAMES:
            self._failures.popitem(last=False)
        self._failures[name] = _Failures(count, self._monotonic_ns() + wait_ns)

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name."""
        self._failures.pop(name, None)
