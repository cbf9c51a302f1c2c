"""http: durable authorizations per second against a constant-answer endpoint.

Both run under the same uvicorn settings and get the same requests from wrk, in turns within one
run, so that whatever else the machine does meets both. The ratio is the median of the ratios of
the turns. Before, every answer of a short load is looked at. Afterwards the server's decisions
must match the answers that wrk counted, and the wallets must have lost one centavo for each
approved purchase.

Processor time per request counts all threads of the server, the journal's too. It says where the
two would stand on a machine with cores to spare, and depends least on what else runs.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import books, servers, wrk
from benchmarks.report import Figure, at_least, below
from benchmarks.turns import Contender, Turn
from loadtest.client import register_merchants

NAME = "http"
ACCOUNTS = 1000
CHECK_SECONDS = 1
RATIO_TARGET = 0.9
P99_TARGET_MS = 5.0


def measure(folder: Path, *, rounds: int, seconds: int, with_ids: bool) -> list[Figure]:
    """Run ``rounds`` turns of ``seconds`` each on both servers."""
    with (
        servers.constant_endpoint(folder / "constant") as constant_server,
        servers.authorizer(folder / "authorizer") as authorizer_server,
    ):
        register_merchants(authorizer_server.client)
        wrk.open_accounts(servers.url(authorizer_server), ACCOUNTS)
        constant = Contender("constant endpoint", constant_server, ACCOUNTS, with_ids)
        authorizer = Contender("authorizer", authorizer_server, ACCOUNTS, with_ids)
        constant.check(CHECK_SECONDS)
        authorizer.check(CHECK_SECONDS)
        before = servers.decisions_by_code(authorizer_server).total()
        for turn in range(rounds):
            constant.take_turn(seconds)
            authorizer.take_turn(seconds)
            print(f"  {turn + 1} of {rounds}: {last(constant)}, {last(authorizer)}", flush=True)
        decisions = servers.decisions_by_code(authorizer_server)
        books.check_answers(decisions.total() - before, authorizer.requests(), rounds + 1)
        books.check_wallets(authorizer_server, ACCOUNTS)
    at_connections = f"p99, {wrk.CONNECTIONS} connections"
    return [
        *medians(constant),
        Figure(NAME, f"constant endpoint: {at_connections}", p99_ms(constant), "ms"),
        *medians(authorizer),
        below(NAME, f"authorizer: {at_connections}", p99_ms(authorizer), "ms", P99_TARGET_MS),
        books.declined(NAME, "authorizer: declined", decisions),
        at_least(NAME, "ratio", ratio(constant.turns, authorizer.turns), "", RATIO_TARGET),
    ]


def last(contender: Contender) -> str:
    """The last turn in a few words."""
    return f"{contender.name} {contender.turns[-1].load.per_second:,.0f}/s"


def medians(contender: Contender) -> list[Figure]:
    """The medians over the turns, and the slowest answer of all."""
    turns = contender.turns
    rows = [
        ("requests", median(turn.load.per_second for turn in turns), "1/s"),
        ("processor time per request", median(turn.cpu_us for turn in turns), "us"),
        ("p50", median(turn.load.percentiles_ms["50"] for turn in turns), "ms"),
        ("slowest", max(turn.load.max_ms for turn in turns), "ms"),
    ]
    return [Figure(NAME, f"{contender.name}: {what}", value, unit) for what, value, unit in rows]


def p99_ms(contender: Contender) -> float:
    """The median over the turns of the 99th percentile."""
    return median(turn.load.percentiles_ms["99"] for turn in contender.turns)


def ratio(constant: Sequence[Turn], authorizer: Sequence[Turn]) -> float:
    """The median over the turns of authorizer ÷ constant endpoint."""
    pairs = zip(constant, authorizer, strict=True)
    return median(ours.load.per_second / theirs.load.per_second for theirs, ours in pairs)
