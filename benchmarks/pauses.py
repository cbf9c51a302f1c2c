"""pauses: a minute of full load with 100,000 accounts in memory, and the tail of its latencies.

Once with accounts that were opened while the server ran, once after a restart that recovered them:
the garbage collector meets the two in different places. At full load the journal grows fast enough
that snapshots may be taken meanwhile. A constant-answer endpoint under the same load, just
before, tells how much of the tail is the machine's own.
"""

from pathlib import Path

from benchmarks import books, servers, wrk
from benchmarks.report import Figure, below
from tests.support.server import Server

NAME = "pauses"
ACCOUNTS = 100_000
P99_TARGET_MS = 10.0
SLOWEST_TARGET_MS = 50.0


def measure(folder: Path, *, seconds: int, with_ids: bool) -> list[Figure]:
    """Load for ``seconds``, restart, load again."""
    figures = _constant(folder / "constant", seconds, with_ids)
    with servers.authorizer(folder) as server:
        opened_per_second = wrk.open_accounts(servers.url(server), ACCOUNTS)
        figures += [Figure(NAME, "accounts opened over HTTP", opened_per_second, "1/s")]
        figures += _under_load(server, "opened", seconds, with_ids)
        servers.stop(server)
    with servers.authorizer(folder) as server:
        figures += _under_load(server, "recovered", seconds, with_ids)
        servers.stop(server)
    return figures


def _constant(folder: Path, seconds: int, with_ids: bool) -> list[Figure]:
    with servers.constant_endpoint(folder) as server:
        load = wrk.purchases(servers.url(server), ACCOUNTS, seconds, with_ids=with_ids)
    print(f"  constant endpoint: {histogram_tail(load)}", flush=True)
    return [
        Figure(NAME, "constant endpoint: p99", load.percentiles_ms["99"], "ms"),
        Figure(NAME, "constant endpoint: p99.99", load.percentiles_ms["99.99"], "ms"),
        Figure(NAME, "constant endpoint: slowest", load.max_ms, "ms"),
    ]


def _under_load(server: Server, how: str, seconds: int, with_ids: bool) -> list[Figure]:
    load = wrk.purchases(servers.url(server), ACCOUNTS, seconds, with_ids=with_ids)
    decisions = servers.decisions_by_code(server)
    books.check_answers(decisions.total(), load.requests, loads=1)
    print(f"  {how}: {histogram_tail(load)}", flush=True)
    return [
        Figure(NAME, f"{how}: requests", load.per_second, "1/s"),
        Figure(NAME, f"{how}: p50", load.percentiles_ms["50"], "ms"),
        below(NAME, f"{how}: p99", load.percentiles_ms["99"], "ms", P99_TARGET_MS),
        Figure(NAME, f"{how}: p99.99", load.percentiles_ms["99.99"], "ms"),
        below(NAME, f"{how}: slowest", load.max_ms, "ms", SLOWEST_TARGET_MS),
        books.declined(NAME, f"{how}: declined", decisions),
    ]


def histogram_tail(load: wrk.Load) -> str:
    """The percentiles of a load, and how many answers were slow, in one line."""
    percentiles = "  ".join(f"p{p} {ms:.2f}" for p, ms in load.percentiles_ms.items())
    return (
        f"{percentiles}  max {load.max_ms:.2f} ms; of {load.requests:,} answers "
        f"{load.over_10_ms:,} took over 10 ms, {load.over_50_ms:,} over 50 ms"
    )
