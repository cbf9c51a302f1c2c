"""What is counted of purchases: plain integers, which `/metrics` reads."""

from bisect import bisect_left
from math import inf
from typing import Final

from authorizer.domain.outcomes import Outcome

LATENCY_BUCKETS_US: Final = (
    250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000, 80_000, 100_000, 250_000,
)  # fmt: skip


class Histogram:
    """Counts by bucket; each bound belongs to the bucket it ends."""

    def __init__(self, bounds: tuple[int, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, and one for all that is above the last."""
        self.sum = 0
        """Of the values, not of the counts."""

    def observe(self, value: int) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def most_of(self, share: float) -> float | None:
        """The bound below which that share of all values is; None without values."""
        needed, seen = share * sum(self.counts), 0
        if not needed:
            return None
        for bound, count in zip(self.bounds, self.counts, strict=False):
            seen += count
            if seen >= needed:
                return float(bound)
        return inf


class PurchaseCounts:
    """The outcomes of purchases, and how long they took."""

    def __init__(self) -> None:
        self.outcomes: dict[Outcome, int] = {}
        self.latency_us = Histogram(LATENCY_BUCKETS_US)
        """From a purchase's last byte to its outcome."""
        self._longest_unread_ns = 0

    def decided(self, outcome: Outcome, latency_ns: int) -> None:
        """Count one outcome."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        latency_us, seen_us = self.latency_us, latency_ns // 1000
        latency_us.counts[bisect_left(latency_us.bounds, seen_us)] += 1  # as its `observe` does
        latency_us.sum += seen_us

    def unread(self, waited_ns: int) -> None:
        """Count how long a purchase may have waited to be read, before that."""
        self._longest_unread_ns = max(self._longest_unread_ns, waited_ns)

    def take_longest_unread_ns(self) -> int:
        """The longest such wait since this was asked last."""
        longest_ns, self._longest_unread_ns = self._longest_unread_ns, 0
        return longest_ns
