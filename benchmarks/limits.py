"""limits: full load on accounts with five limits each, against accounts that have none.

Two servers of this build in turns within one run. The ratio is the median of the ratios of the
turns. Every limit is looked at by every purchase, and none is reached.
"""

from pathlib import Path
from typing import Any, Final

from benchmarks import servers, throughput, wrk
from benchmarks.report import Figure, at_least
from benchmarks.turns import Contender
from loadtest.client import UnexpectedAnswerError
from tests.support.server import Server

NAME: Final = "limits"
ACCOUNTS: Final = 1000
RATIO_TARGET: Final = 0.8
LIMITS: Final[dict[str, dict[str, Any]]] = {
    "each": {"window": "transaction", "max_amount": 1000},
    "day": {"window": "day", "max_amount": 1_000_000, "max_count": 1_000_000},
    "week": {"window": "week", "max_amount": 1_000_000, "scope": {"wallets": ["MEAL"]}},
    "month": {"window": "month", "max_amount": 1_000_000, "scope": {"mccs": ["5811", "5812"]}},
    "hour": {"window": "PT1H", "max_count": 1_000_000},
}
"""Calendar windows and a trailing one, with scopes and without."""


def measure(folder: Path, *, rounds: int, seconds: int) -> list[Figure]:
    """Run ``rounds`` turns of ``seconds`` each on both servers."""
    with (
        servers.authorizer(folder / "none") as without,
        servers.authorizer(folder / "five") as with_limits,
    ):
        for server in (without, with_limits):
            wrk.open_accounts(servers.url(server), ACCOUNTS)
        put_limits(with_limits, ACCOUNTS)
        none = Contender("no limits", without, ACCOUNTS)
        five = Contender("five limits", with_limits, ACCOUNTS)
        for contender in (none, five):
            contender.check(1)
        for turn in range(rounds):
            for contender in (none, five) if turn % 2 else (five, none):
                contender.take_turn(seconds)
            told = ", ".join(map(throughput.last, (none, five)))
            print(f"  {turn + 1} of {rounds}: {told}", flush=True)
    found = [*throughput.medians(none), *throughput.medians(five)]
    ratio = throughput.ratio(none.turns, five.turns)
    cpu_us = [sum(t.cpu_us for t in one.turns) / len(one.turns) for one in (none, five)]
    return [
        *(Figure(NAME, one.name, one.value, one.unit) for one in found),
        Figure(NAME, "processor time a limit", (cpu_us[1] - cpu_us[0]) / len(LIMITS), "us"),
        at_least(NAME, "ratio", ratio, "", RATIO_TARGET),
    ]


def put_limits(server: Server, accounts: int) -> None:
    """Put the five limits on each of the accounts.

    Raises:
        UnexpectedAnswerError: one could not be put.
    """
    for number in range(accounts):
        for name, limit in LIMITS.items():
            path = f"/accounts/{wrk.FIRST_ACCOUNT + number}/limits/{name}"
            answer = server.client.put(path, limit)
            if answer.status != 201:
                raise UnexpectedAnswerError(str(answer))
