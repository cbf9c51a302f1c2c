"""http: durable authorizations per second against a constant-answer endpoint.

Both run under the same uvicorn settings and get the same requests from wrk, in turns within one
run, so that whatever else the machine does meets both. The ratio is the median of the ratios of
the turns. Before, every answer of a short load is looked at. Afterwards the server's decisions
must match the answers that wrk counted, and the wallets must have lost one centavo for each
approved purchase.

Processor time per request counts all threads of the server, the journal's too. It says where the
two would stand on a machine with cores to spare, and depends least on what else runs.
"""

from pathlib import Path
from statistics import median

from benchmarks import books, servers, wrk
from benchmarks.report import Figure, at_least, below
from loadtest.client import register_merchants
from tests.support.server import Server

NAME = "http"
ACCOUNTS = 1000
CHECK_SECONDS = 1
RATIO_TARGET = 0.9
P99_TARGET_MS = 5.0


class Contender:
    """One of the two servers, and what its turns showed."""

    def __init__(self, name: str, server: Server, with_ids: bool) -> None:
        self.loads: list[wrk.Load] = []
        self._name = name
        self._server = server
        self._with_ids = with_ids
        self._cpu_us: list[float] = []

    def check(self) -> None:
        """Look at every answer of a short load."""
        wrk.purchases(
            servers.url(self._server), ACCOUNTS, CHECK_SECONDS, with_ids=self._with_ids, check=True
        )

    def take_turn(self, seconds: int) -> None:
        """Full load for some seconds."""
        before_s = servers.cpu_seconds(self._server.process.pid)
        load = wrk.purchases(servers.url(self._server), ACCOUNTS, seconds, with_ids=self._with_ids)
        used_s = servers.cpu_seconds(self._server.process.pid) - before_s
        self.loads.append(load)
        self._cpu_us.append(used_s * 1e6 / load.requests)

    def last(self) -> str:
        """The last turn in a few words."""
        return f"{self._name} {self.loads[-1].per_second:,.0f}/s"

    def figures(self) -> list[Figure]:
        """The medians over the turns, and the slowest answer of all."""
        rows = [
            ("requests", median(load.per_second for load in self.loads), "1/s"),
            ("processor time per request", median(self._cpu_us), "us"),
            ("p50", median(load.percentiles_ms["50"] for load in self.loads), "ms"),
            ("slowest", max(load.max_ms for load in self.loads), "ms"),
        ]
        return [Figure(NAME, f"{self._name}: {what}", value, unit) for what, value, unit in rows]

    def p99_ms(self) -> float:
        """The median over the turns of the 99th percentile."""
        return median(load.percentiles_ms["99"] for load in self.loads)


def measure(folder: Path, *, rounds: int, seconds: int, with_ids: bool) -> list[Figure]:
    """Run ``rounds`` turns of ``seconds`` each on both servers."""
    with (
        servers.constant_endpoint(folder / "constant") as constant_server,
        servers.authorizer(folder / "authorizer") as authorizer_server,
    ):
        register_merchants(authorizer_server.client)
        wrk.open_accounts(servers.url(authorizer_server), ACCOUNTS)
        constant = Contender("constant endpoint", constant_server, with_ids)
        authorizer = Contender("authorizer", authorizer_server, with_ids)
        constant.check()
        authorizer.check()
        before = servers.decisions_by_code(authorizer_server).total()
        for turn in range(rounds):
            constant.take_turn(seconds)
            authorizer.take_turn(seconds)
            print(f"  {turn + 1} of {rounds}: {constant.last()}, {authorizer.last()}", flush=True)
        decisions = servers.decisions_by_code(authorizer_server)
        answered = sum(load.requests for load in authorizer.loads)
        books.check_answers(decisions.total() - before, answered, rounds)
        books.check_wallets(authorizer_server, ACCOUNTS)
    at_connections = f"p99, {wrk.CONNECTIONS} connections"
    return [
        *constant.figures(),
        Figure(NAME, f"constant endpoint: {at_connections}", constant.p99_ms(), "ms"),
        *authorizer.figures(),
        below(NAME, f"authorizer: {at_connections}", authorizer.p99_ms(), "ms", P99_TARGET_MS),
        books.declined(NAME, "authorizer: declined", decisions),
        at_least(NAME, "ratio", ratio(constant.loads, authorizer.loads), "", RATIO_TARGET),
    ]


def ratio(constant: list[wrk.Load], authorizer: list[wrk.Load]) -> float:
    """The median over the turns of authorizer ÷ constant endpoint."""
    pairs = zip(constant, authorizer, strict=True)
    return median(ours.per_second / theirs.per_second for theirs, ours in pairs)
