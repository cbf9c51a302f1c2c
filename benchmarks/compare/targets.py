"""What is claimed of ours beside the others, and whether it was met."""

from collections.abc import Iterator
from typing import Final

from benchmarks.compare.peer import Kind
from benchmarks.compare.registry import OURS, OURS_ALONE, STARLETTE
from benchmarks.compare.results import Condition, Result, Results, ratio
from benchmarks.report import Figure, at_least, at_most, below
from benchmarks.wrk import Spread

NAME: Final = "compare"
USUAL_ACCOUNTS: Final = 1000
MANY_ACCOUNTS: Final = 1_000_000
STARLETTE_RATIO: Final = 1.6
STARLETTE_RATIO_ALONE: Final = 1.8
P99_MS: Final = 3.0
PEER_RATIO: Final = {Kind.ONE: 2.5, Kind.GATHERED: 1.3}
OPEN_P999_MS: Final = 5.0
MANY_COST: Final = {Spread.ZIPF: 1.15, Spread.ALIKE: 1.4}


def figures(results: Results) -> Iterator[Figure]:
    """How fast each one was, then what is claimed of that. What failed has no figures."""
    for result in results.all:
        if not result.failed and result.turns:
            name = f"{result.peer.name}; {result.condition.name}"
            yield Figure(NAME, name, result.per_second, "1/s")
    for condition in results.conditions:
        yield from judged(results, condition)
    yield from cost_of_many(results)


def judged(results: Results, condition: Condition) -> Iterator[Figure]:
    """The claims under one condition."""
    ours, alone = results.of(OURS, condition), results.of(OURS_ALONE, condition)
    if condition.accounts == USUAL_ACCOUNTS:
        starlette = results.of(STARLETTE, condition)
        for one, target in ((ours, STARLETTE_RATIO), (alone, STARLETTE_RATIO_ALONE)):
            if one is not None and starlette is not None:
                name = f"{one.peer.name} ÷ {STARLETTE.name}; {condition.name}"
                yield at_least(NAME, name, ratio(one, starlette), "", target)
        if ours is not None and starlette is not None:
            name = f"{OURS.name}, p99; {condition.name}"
            yield at_most(NAME, name, ours.percentile_ms("99"), "ms", P99_MS)
        if ours is not None:
            yield from _beside_peers(results, condition, ours)
    if ours is not None and ours.opened is not None:
        p999_ms = ours.opened.percentile_since_due_ms(99.9)
        name = f"{OURS.name}, open loop, p99.9; {condition.name}"
        yield below(NAME, name, p999_ms, "ms", OPEN_P999_MS)


def _beside_peers(results: Results, condition: Condition, ours: Result) -> Iterator[Figure]:
    for theirs in results.under(condition):
        if theirs.failed or theirs.kind in {Kind.OURS, Kind.CONSTANT}:
            continue
        name = f"{OURS.name} ÷ {theirs.peer.name}; {condition.name}"
        target = PEER_RATIO.get(theirs.kind)
        if target is None:
            yield Figure(NAME, name, ratio(ours, theirs), "")
        else:
            yield at_least(NAME, name, ratio(ours, theirs), "", target)


def cost_of_many(results: Results) -> Iterator[Figure]:
    """A request's processor time on many accounts ÷ that on the usual number, same disk."""
    for condition in results.conditions:
        if condition.accounts != MANY_ACCOUNTS:
            continue
        usual = results.of(OURS, Condition(condition.disk, USUAL_ACCOUNTS))
        many = results.of(OURS, condition)
        if usual is not None and many is not None:
            name = f"{OURS.name}, a request's processor time ÷ on 1,000 accounts; {condition.name}"
            cost = many.front_us / usual.front_us
            yield at_most(NAME, name, cost, "", MANY_COST[condition.spread])
