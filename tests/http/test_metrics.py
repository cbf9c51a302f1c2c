"""What the metrics tell."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from authorizer.actors.counts import Histogram, PurchaseCounts
from authorizer.domain.outcomes import Outcome, Reason
from authorizer.http.metrics import Metrics, family
from authorizer.persistence.journal.group_commit import CommitStats


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels, as Prometheus reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def decisions(code: str, reason: str, wallet: str, replayed: str) -> tuple[str, object]:
    """The key of a counter of decisions."""
    labels = {"code": code, "reason": reason, "wallet": wallet, "replayed": replayed}
    return "authorizer_decisions_total", tuple(sorted(labels.items()))


def buckets(metrics: Metrics, name: str) -> dict[str, float]:
    """The cumulated counts of a histogram by their bounds."""
    return {
        dict(labels)["le"]: value
        for (sample, labels), value in samples(metrics).items()
        if sample == f"{name}_bucket"
    }


def test_decisions_are_counted_by_code_reason_wallet_and_repetition() -> None:
    counts = PurchaseCounts()
    metrics = Metrics(counts)
    for outcome in (
        Outcome(Reason.APPROVED, wallet="FOOD"),
        Outcome(Reason.APPROVED, wallet="FOOD"),
        Outcome(Reason.APPROVED),
        Outcome(Reason.APPROVED, replayed=True),
        Outcome(Reason.CARD_BLOCKED),
    ):
        counts.decided(outcome, 1)
    found = {key: value for key, value in samples(metrics).items() if "decisions" in key[0]}
    assert found == {
        decisions("00", "approved", "FOOD", "false"): 2,
        decisions("00", "approved", "", "false"): 1,
        decisions("00", "approved", "", "true"): 1,
        decisions("07", "card_blocked", "", "false"): 1,
    }


def test_latency_is_told_in_seconds_by_bucket() -> None:
    counts = PurchaseCounts()
    metrics = Metrics(counts)
    for latency_ns in (250_000, 250_999, 251_000, 5_000_000, 300_000_000):
        counts.decided(Outcome(Reason.APPROVED), latency_ns)
    found = buckets(metrics, "authorizer_decision_seconds")
    assert found["0.00025"] == 2
    assert found["0.0005"] == 3
    assert found["0.003"] == 3
    assert found["0.005"] == 4
    assert found["0.25"] == 4
    assert found["+Inf"] == 5
    assert samples(metrics)["authorizer_decision_seconds_count", ()] == 5
    assert samples(metrics)["authorizer_decision_seconds_sum", ()] == 0.305751


def test_batches_of_the_journal_are_counted_by_size_and_by_time() -> None:
    metrics = Metrics(PurchaseCounts())
    metrics.committed(CommitStats(1, 100, 0.00005))
    metrics.committed(CommitStats(3, 300, 0.002))
    sizes = buckets(metrics, "authorizer_journal_batch_records")
    assert (sizes["1.0"], sizes["2.0"], sizes["5.0"]) == (1, 1, 2)
    times = buckets(metrics, "authorizer_journal_commit_seconds")
    assert (times["5e-05"], times["0.001"], times["0.0025"]) == (1, 1, 2)


def test_gauges_are_read_when_the_metrics_are() -> None:
    metrics, level = Metrics(PurchaseCounts()), [3.0]
    metrics.gauge("authorizer_level", "A level.", lambda: level[0])
    assert samples(metrics)["authorizer_level", ()] == 3
    level[0] = 4.0
    assert samples(metrics)["authorizer_level", ()] == 4


def test_two_sets_of_metrics_know_nothing_of_each_other() -> None:
    counts = PurchaseCounts()
    one, other = Metrics(counts), Metrics(PurchaseCounts())
    counts.decided(Outcome(Reason.APPROVED), 1)
    assert samples(one)["authorizer_decision_seconds_count", ()] == 1
    assert samples(other)["authorizer_decision_seconds_count", ()] == 0


def test_a_bound_belongs_to_the_bucket_that_it_ends() -> None:
    histogram = Histogram((10, 20))
    for value in (0, 10, 11, 20, 21):
        histogram.observe(value)
    samples = family(histogram, "h", "H.", 1).samples
    found = {dict(sample.labels).get("le"): sample.value for sample in samples}
    assert (found["10.0"], found["20.0"], found["+Inf"]) == (2, 4, 5)
