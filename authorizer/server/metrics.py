"""The metrics that are read from the parts of a running authorizer."""

import math

from authorizer.actors.clock import ClockState
from authorizer.http.connection.connections import Connections
from authorizer.http.metrics import Metrics
from authorizer.logs.root import line_counts
from authorizer.runtime.running import Running


def metrics_of(running: Running, connections: Connections) -> Metrics:
    """Metrics that read all of these parts whenever they are asked."""
    metrics = Metrics(running.purchases.counts, running.around.lives)
    commit, dispatcher = running.commit, running.actors.dispatcher
    directories = dispatcher.directories.values()
    commit.on_commit = metrics.committed
    metrics.counter(
        "authorizer_log_lines_lost",
        "Log lines that found no room, or could not be written.",
        lambda: line_counts().lost,
    )
    metrics.counter(
        "authorizer_log_lines_left_out",
        "Log lines that repeated others and were summed up.",
        lambda: line_counts().left_out,
    )
    metrics.counter(
        "authorizer_connections_refused",
        "Connections that were one too many.",
        lambda: connections.refused,
    )
    metrics.counter(
        "authorizer_connections_cut_off",
        "Connections that were closed because their client did not read its answers.",
        lambda: connections.unread.cut_off,
    )
    metrics.gauge(
        "authorizer_resident_actors",
        "Accounts, customers and tickets that are awake.",
        lambda: sum(one.resident for one in directories),
    )
    metrics.gauge("authorizer_accounts", "Accounts there are.", lambda: len(dispatcher.accounts))
    metrics.gauge(
        "authorizer_queue_depth",
        "Messages that wait in inboxes.",
        dispatcher.queued,
    )
    batches = running.batches
    metrics.counter(
        "authorizer_batches", "Batches that were taken since the start.", lambda: batches.begun
    )
    metrics.counter(
        "authorizer_batches_refused", "Batches that were one too many.", lambda: batches.refused
    )
    metrics.counter(
        "authorizer_batch_lines", "Lines of batches that were answered.", lambda: batches.lines
    )
    metrics.gauge(
        "authorizer_batches_under_way",
        "Batches that are not answered to the end.",
        lambda: batches.under_way,
    )
    purchases, admission = running.purchases, running.purchases.admission
    metrics.gauge(
        "authorizer_purchases_under_way",
        "Purchases that were taken and are not yet answered.",
        lambda: admission.under_way,
    )
    metrics.gauge(
        "authorizer_declines_waiting",
        "Purchases that were turned away and wait for their decline to be written.",
        lambda: purchases.declines_waiting,
    )
    metrics.gauge(
        "authorizer_expected_answer_seconds",
        "How long a purchase that comes now is expected to wait for its answer.",
        lambda: admission.expected_ns() / 1e9,
    )
    metrics.gauge(
        "authorizer_loop_seconds_each",
        "What a purchase is expected to take of the event loop's time.",
        lambda: admission.each_ns / 1e9,
    )
    metrics.gauge(
        "authorizer_old_ids_forgotten",
        "Ids past their retention that were taken out of memory since the start.",
        lambda: running.old_ids.forgotten,
    )
    metrics.gauge(
        "authorizer_old_ids_rounds",
        "Walks along all accounts, to find such ids, since the start.",
        lambda: running.old_ids.rounds,
    )
    metrics.counter(
        "authorizer_purchases_archived",
        "Closed purchases that have left memory since the start.",
        lambda: running.archiving.archived,
    )
    metrics.counter(
        "authorizer_archive_lookups",
        "Ids that were looked up in the archive since the start.",
        lambda: running.recall.lookups,
    )
    metrics.counter(
        "authorizer_archive_lookups_in_vain",
        "Those that were not there: they had passed the filter by chance.",
        lambda: running.recall.in_vain,
    )
    metrics.gauge(
        "authorizer_journal_undurable_records",
        "Records that are appended and not yet on disk.",
        lambda: commit.appended - commit.durable,
    )
    room = running.around.disk_room
    metrics.gauge(
        "authorizer_disk_free_bytes",
        "What is free on the disk of the data folder, at the last look; NaN without a reserve.",
        lambda: math.nan if room.free_bytes is None else room.free_bytes,
    )
    metrics.gauge(
        "authorizer_disk_short",
        "Whether less is free than the reserve: 1 while nothing is changed.",
        lambda: float(room.is_short),
    )
    clock = running.clock
    metrics.gauge(
        "authorizer_clock_wall_ahead_seconds",
        "How far the wall clock is ahead of the time of events; negative: behind.",
        clock.wall_ahead_seconds,
    )
    metrics.gauge(
        "authorizer_clock_agrees",
        "Whether the wall clock is believed: 0 while it is too far ahead or behind.",
        lambda: float(clock.state() is ClockState.AGREES),
    )
    metrics.gauge(
        "authorizer_journal_position", "The newest durable record.", lambda: commit.durable
    )
    return metrics
