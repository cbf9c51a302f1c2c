"""life: a purchase's operations beside a load of purchases: authorization, capture and refund.

wrk posts purchases at 10,000/s, or at a share of what the server can do where that is less. One
connection beside it asks for a purchase, an authorization, its capture and a refund in turn, so all
four meet the same load.
"""

from pathlib import Path
from typing import Final

from benchmarks import books, servers, wrk
from benchmarks.probe import KINDS, Probe
from benchmarks.report import Figure, below

NAME: Final = "life"
ACCOUNTS: Final = 10_000
PER_SECOND: Final = 10_000
SHARE: Final = 0.6
"""Of the capacity, where that is not enough for `PER_SECOND`: closed loops leave no room beyond."""
TRIAL_SECONDS: Final = 3
RATIO_TARGET: Final = 1.3


def measure(folder: Path, *, seconds: int) -> list[Figure]:
    """Ask beside a load of ``seconds``."""
    with servers.authorizer(folder) as server:
        url = servers.url(server)
        wrk.open_accounts(url, ACCOUNTS)
        capacity = wrk.purchases(url, ACCOUNTS, TRIAL_SECONDS).per_second
        before = servers.decisions_by_code(server)
        rate = min(PER_SECOND, SHARE * capacity)
        with wrk.paced(url, ACCOUNTS, seconds, rate) as load, Probe(server.port, ACCOUNTS) as probe:
            probe.ask_until(load.is_over)
            measured = load.result()
        decisions = servers.decisions_by_code(server) - before
    figures = [
        Figure(NAME, "capacity, purchases alone", capacity, "1/s"),
        Figure(NAME, "purchases beside", measured.per_second, "1/s"),
        books.declined(NAME, "declined", decisions),
    ]
    for kind in KINDS:
        figures += [
            Figure(NAME, f"{kind}: asked", len(probe.seconds[kind]), ""),
            Figure(NAME, f"{kind}: p50", probe.percentile_ms(kind, 50), "ms"),
            Figure(NAME, f"{kind}: p99", probe.percentile_ms(kind, 99), "ms"),
        ]
    purchase_ms = probe.percentile_ms("purchase", 99)
    for kind in KINDS[1:]:
        ratio = probe.percentile_ms(kind, 99) / purchase_ms
        figures.append(below(NAME, f"{kind}: p99 ÷ purchase's", ratio, "", RATIO_TARGET))
    return figures
