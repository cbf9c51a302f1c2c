"""The metrics of `/metrics`. The hot path counts integers, which are formatted when read."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from typing_extensions import override

from authorizer.domain.outcomes import Outcome
from authorizer.persistence.journal.group_commit import CommitStats

LATENCY_BUCKETS_US: Final = (
    250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000, 80_000, 100_000, 250_000,
)  # fmt: skip
SYNC_BUCKETS_US: Final = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
BATCH_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


class Histogram:
    """Counts by bucket; a bound belongs to the bucket that it ends."""

    def __init__(self, bounds: tuple[int, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0

    def observe(self, value: int) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self, name: str, documentation: str, unit: int) -> HistogramMetricFamily:
        """The histogram in Prometheus' form, its values divided by `unit`."""
        buckets, total = [], 0
        for bound, count in zip((*self._bounds, None), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound is None else str(bound / unit), total))
        return HistogramMetricFamily(
            name, documentation, buckets=buckets, sum_value=self._sum / unit
        )


class Metrics(Collector):
    """Counts decisions, commits and denials, and reads gauges and counters when it is collected."""

    def __init__(self) -> None:
        self._decisions: dict[Outcome, int] = {}
        self._latency = Histogram(LATENCY_BUCKETS_US)
        self._batch = Histogram(BATCH_BUCKETS)
        self._sync = Histogram(SYNC_BUCKETS_US)
        self._longest_unread_ns = 0
        self._denials: dict[int, int] = {}
        self._gauges: list[tuple[str, str, Callable[[], float]]] = []
        self._counters: list[tuple[str, str, Callable[[], float]]] = []
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def decided(self, outcome: Outcome, latency_ns: int) -> None:
        """Count an answer to a purchase. Latency: from the request's last byte to the answer."""
        self._decisions[outcome] = self._decisions.get(outcome, 0) + 1
        self._latency.observe(latency_ns // 1000)

    def unread(self, age_ns: int) -> None:
        """Keep the longest time that a purchase waited to be read, until the next collection."""
        self._longest_unread_ns = max(self._longest_unread_ns, age_ns)

    def committed(self, stats: CommitStats) -> None:
        """Count one batch of the journal."""
        self._batch.observe(stats.records)
        self._sync.observe(int(stats.seconds * 1_000_000))

    def denied(self, status: int) -> None:
        """Count a denied request: 401, 403 or 429."""
        self._denials[status] = self._denials.get(status, 0) + 1

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Register a gauge; `read` is called at each collection."""
        self._gauges.append((name, documentation, read))

    def counter(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Register a counter; `read` is called at each collection. It is shown with `_total`."""
        self._counters.append((name, documentation, read))

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    @override
    def collect(self) -> Iterator[Metric]:
        decisions = CounterMetricFamily(
            "authorizer_decisions",
            "Answers to purchases.",
            labels=("code", "reason", "wallet", "replayed"),
        )
        for (reason, replayed, wallet), count in self._decisions.items():
            labels = (reason.code, reason.word, wallet or "", str(replayed).lower())
            decisions.add_metric(labels, count)
        yield decisions
        denials = CounterMetricFamily(
            "authorizer_requests_denied", "Requests that were not let in.", labels=("status",)
        )
        for status in (401, 403, 429):
            denials.add_metric((str(status),), self._denials.get(status, 0))
        yield denials
        yield self._latency.family(
            "authorizer_decision_seconds", "Purchase received to answer sent.", 1_000_000
        )
        longest_ns, self._longest_unread_ns = self._longest_unread_ns, 0
        yield GaugeMetricFamily(
            "authorizer_unread_longest_seconds",
            "How long a purchase had waited to be read, at the most, since this was asked last.",
            value=longest_ns / 1e9,
        )
        yield self._batch.family("authorizer_journal_batch_records", "Records in a batch.", 1)
        yield self._sync.family(
            "authorizer_journal_commit_seconds", "Write and sync of a batch.", 1_000_000
        )
        for name, documentation, read in self._counters:
            yield CounterMetricFamily(name, documentation, value=read())
        for name, documentation, read in self._gauges:
            yield GaugeMetricFamily(name, documentation, value=read())
