"""The metrics of `/metrics`. The hot path counts integers, which are formatted when read."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from typing_extensions import override

from authorizer.actors.counts import Histogram, PurchaseCounts
from authorizer.actors.life_counts import CountedHit, LifeCounts
from authorizer.persistence.journal.group_commit import CommitStats

SYNC_BUCKETS_US: Final = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
_P99: Final = 0.99
BATCH_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


def family(histogram: Histogram, name: str, documentation: str, unit: int) -> Metric:
    """A histogram in Prometheus' form, its values divided by `unit`."""
    buckets, total = [], 0
    for bound, count in zip((*histogram.bounds, None), histogram.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound is None else str(bound / unit), total))
    return HistogramMetricFamily(
        name, documentation, buckets=buckets, sum_value=histogram.sum / unit
    )


def _of_lives(lives: LifeCounts) -> Iterator[Metric]:
    operations = CounterMetricFamily(
        "authorizer_purchase_operations",
        "What was asked of purchases of several messages, and what became of it.",
        labels=("type", "outcome"),
    )
    for operation, count in lives.operations.items():
        operations.add_metric(operation, count)
    yield operations
    hits = CounterMetricFamily(
        "authorizer_limit_hits",
        "Purchases that a limit declined, or would have declined in the shadow.",
        labels=("name", "level", "mode"),
    )
    for hit, count in lives.limit_hits.items():
        hits.add_metric(hit, count)
    yield hits
    escalations = CounterMetricFamily(
        "authorizer_tickets_escalated",
        "Deadlines of tickets that were missed, or warned of.",
        labels=("deadline", "level"),
    )
    for escalation, count in lives.escalations.items():
        escalations.add_metric(escalation, count)
    yield escalations
    held = GaugeMetricFamily(
        "authorizer_held_centavos", "What open holds hold, in centavos.", labels=("wallet",)
    )
    for source, cents in lives.held_cents.items():
        held.add_metric((source,), cents)
    yield held
    yield GaugeMetricFamily("authorizer_open_holds", "Holds that are open.", value=lives.open_holds)
    for name, documentation, value in (
        ("authorizer_holds_expired", "Holds that ran out.", lives.expired),
        ("authorizer_captures_late", "Captures of what was let go already.", lives.late_captures),
        ("authorizer_captures_forced", "Captures by force.", lives.forced_captures),
    ):
        yield CounterMetricFamily(name, documentation, value=value)


class Glance(NamedTuple):
    """Figures of the server at a moment, since its start."""

    decisions: Mapping[str, int]
    """Answers to purchases, by their reason."""
    gauges: Mapping[str, float]
    """By their names in `/metrics`."""
    answer_p99_us: float | None
    """Up to how long 99 of 100 answers took; None without any, infinite beyond the scale."""
    commit_p99_us: float | None
    """The same of writes and syncs of the journal."""
    limit_hits: Mapping[CountedHit, int]
    """By the limit's name, level and mode."""


class Metrics(Collector):
    """Counts commits and denials; reads the counts of purchases, gauges and counters."""

    def __init__(self, purchases: PurchaseCounts, lives: LifeCounts | None = None) -> None:
        self._purchases = purchases
        self._lives = lives or LifeCounts()
        self._batch = Histogram(BATCH_BUCKETS)
        self._sync = Histogram(SYNC_BUCKETS_US)
        self._denials: dict[int, int] = {}
        self._gauges: list[tuple[str, str, Callable[[], float]]] = []
        self._counters: list[tuple[str, str, Callable[[], float]]] = []
        self._registry = CollectorRegistry()
        self._registry.register(self)

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

    def glance(self) -> Glance:
        """What people look at. Unlike a collection it begins nothing anew."""
        decisions: Counter[str] = Counter()
        for (reason, _, _), count in self._purchases.outcomes.items():
            decisions[reason.name_on_wire] += count
        gauges = {name: read() for name, _, read in self._gauges}
        return Glance(
            decisions,
            {**gauges, "authorizer_open_holds": self._lives.open_holds},
            self._purchases.latency_us.most_of(_P99),
            self._sync.most_of(_P99),
            dict(self._lives.limit_hits),
        )

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
        for (reason, replayed, wallet), count in self._purchases.outcomes.items():
            labels = (reason.answer_code, reason.name_on_wire, wallet or "", str(replayed).lower())
            decisions.add_metric(labels, count)
        yield decisions
        denials = CounterMetricFamily(
            "authorizer_requests_denied", "Requests that were not let in.", labels=("status",)
        )
        for status in (401, 403, 429):
            denials.add_metric((str(status),), self._denials.get(status, 0))
        yield denials
        yield from _of_lives(self._lives)
        yield family(
            self._purchases.latency_us,
            "authorizer_decision_seconds",
            "Purchase received to answer sent.",
            1_000_000,
        )
        yield GaugeMetricFamily(
            "authorizer_unread_longest_seconds",
            "How long a purchase had waited to be read, at the most, since this was asked last.",
            value=self._purchases.take_longest_unread_ns() / 1e9,
        )
        yield family(self._batch, "authorizer_journal_batch_records", "Records in a batch.", 1)
        yield family(
            self._sync, "authorizer_journal_commit_seconds", "Write and sync of a batch.", 1_000_000
        )
        for name, documentation, read in self._counters:
            yield CounterMetricFamily(name, documentation, value=read())
        for name, documentation, read in self._gauges:
            yield GaugeMetricFamily(name, documentation, value=read())
