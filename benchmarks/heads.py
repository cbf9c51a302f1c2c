"""heads: full load with heads that are new each time, against heads that are the same each time.

No client is a load generator: each request has an `X-Request-Id` and a `traceparent` of its own, or
an `Idempotency-Key`. One server gets all four loads in turns within one run: with and without the
first two headers, and with an id for each purchase in the body or in the head. The ratios are the
medians of those of the turns.
"""

from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import servers, wrk
from benchmarks.report import Figure, at_least
from loadtest.client import register_merchants

NAME: Final = "heads"
ACCOUNTS: Final = 1000
CHECK_SECONDS: Final = 1
RATIO_TARGET: Final = 0.9
LOADS: Final = {
    "the same heads": (wrk.Heads.SAME, False),
    "new X-Request-Id and traceparent": (wrk.Heads.NEW, False),
    "ids in the body": (wrk.Heads.SAME, True),
    "ids in Idempotency-Key": (wrk.Heads.KEYS, False),
}


def measure(folder: Path, *, rounds: int, seconds: int) -> list[Figure]:
    """Run ``rounds`` turns of ``seconds`` each of every load."""
    seen: dict[str, list[wrk.Load]] = {name: [] for name in LOADS}
    with servers.authorizer(folder) as server:
        register_merchants(server.client)
        url = servers.url(server)
        wrk.open_accounts(url, ACCOUNTS)
        for heads, with_ids in LOADS.values():
            _load(url, CHECK_SECONDS, heads, with_ids, check=True)
        for number in range(rounds):
            names = list(LOADS) if number % 2 == 0 else list(reversed(LOADS))
            for name in names:
                seen[name].append(_load(url, seconds, *LOADS[name]))
            told = ", ".join(f"{loads[-1].per_second:,.0f}/s" for loads in seen.values())
            print(f"  {number + 1} of {rounds}: {told}", flush=True)
    same, new, ids, keys = seen.values()
    return [
        *(Figure(NAME, name, _per_second(loads), "1/s") for name, loads in seen.items()),
        at_least(NAME, "new heads ÷ the same", _ratio(same, new), "", RATIO_TARGET),
        at_least(NAME, "id in the head ÷ in the body", _ratio(ids, keys), "", RATIO_TARGET),
    ]


def _load(
    url: str, seconds: int, heads: wrk.Heads, with_ids: bool, *, check: bool = False
) -> wrk.Load:
    return wrk.purchases(url, ACCOUNTS, seconds, with_ids=with_ids, check=check, heads=heads)


def _per_second(loads: list[wrk.Load]) -> float:
    return median(load.per_second for load in loads)


def _ratio(first: list[wrk.Load], second: list[wrk.Load]) -> float:
    pairs = zip(first, second, strict=True)
    return median(theirs.per_second / ours.per_second for ours, theirs in pairs)
