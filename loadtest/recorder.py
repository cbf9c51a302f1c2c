"""What one load run measured, and the ledger file that carries it out of the Locust process."""

import json
import time
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from loadtest.books import Figures
from loadtest.merchants import WALLETS
from loadtest.model import AccountModel, approved_cents

WINDOW_S = 10.0
KEPT_PROBLEMS = 20
"""Wrong answers that are kept word for word; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The outcome of one shape; latencies as the client saw them, connecting included.

    ``windows`` are the answers of each ``WINDOW_S``: when it began (monotonic), how many there
    were, the 99.9th percentile and the slowest. ``generator_stall_ms`` is the longest time by which
    the generator itself missed its own clock: an answer cannot be seen sooner than the generator
    looks. ``generator_cpu_percent`` is its share of one core. ``operations`` counts the answers by
    kind and code or status. ``sums_cents`` is what went through each wallet in all accounts;
    ``expected_cents`` has the figures of each account's wallets.
    """

    shape: str
    elapsed_s: float
    requests: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    generator_stall_ms: float
    generator_cpu_percent: float
    windows: list[list[float]]
    codes: dict[str, int]
    operations: dict[str, int]
    wrong: int
    lost: int
    unsettled: int
    problems: list[str]
    approved_cents: dict[str, int]
    sums_cents: dict[str, dict[str, int]]
    expected_cents: dict[str, dict[str, Figures]]

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """Read what :meth:`write` wrote."""
        return cls(**json.loads(path.read_text()))


def percentile(ordered: "array[float] | list[float]", percent: float) -> float:
    """The nearest-rank percentile of ascending values; 0.0 where there are none."""
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def expected_of(model: AccountModel) -> dict[str, Figures]:
    """What the wallets of an account must hold, by wallet and figure."""
    return {wallet: book.figures_cents() for wallet, book in model.books().items()}


class Recorder:
    """Collects latencies, codes and problems while the load runs."""

    def __init__(self) -> None:
        self._latencies_ms: array[float] = array("d")
        self._answered_at_s: array[float] = array("d")
        self._codes: Counter[str] = Counter()
        self._operations: Counter[str] = Counter()
        self._problems: list[str] = []
        self._wrong = 0
        self._lost = 0
        self._started_s = self._stopped_s = 0.0
        self._cpu_s = 0.0
        self.generator_stall_ms = 0.0

    def start(self) -> None:
        """The load begins."""
        self._started_s = time.perf_counter()
        self._cpu_s = -time.process_time()

    def stop(self) -> None:
        """The load has ended."""
        self._stopped_s = time.perf_counter()
        self._cpu_s += time.process_time()

    def answered(self, latency_ms: float) -> None:
        """Count one answer, or one that did not come, with its time in milliseconds."""
        self._latencies_ms.append(latency_ms)
        self._answered_at_s.append(time.monotonic())

    def code(self, code: str) -> None:
        """Count a code of the contract."""
        self._codes[code] += 1

    def operation(self, what: str) -> None:
        """Count an answer to an operation, by its kind and what came of it."""
        self._operations[what] += 1

    def wrong(self, problem: str) -> None:
        """Count a wrong answer."""
        self._wrong += 1
        self._keep(problem)

    def lost(self, problem: str) -> None:
        """Count a request whose answer never came."""
        self._lost += 1
        self._keep(problem)

    def ledger(self, shape: str, models: Iterable[AccountModel]) -> Ledger:
        """The outcome, once the load has ended and what was lost has been asked again."""
        models = list(models)
        totals = [approved_cents(model) for model in models]
        sums: dict[str, Counter[str]] = {wallet: Counter() for wallet in WALLETS}
        for model in models:
            for wallet, book in model.books().items():
                sums[wallet].update(book.sums_cents())
        ordered = sorted(self._latencies_ms)
        elapsed_s = self._stopped_s - self._started_s
        return Ledger(
            shape=shape,
            elapsed_s=elapsed_s,
            requests=len(ordered),
            p50_ms=percentile(ordered, 50),
            p99_ms=percentile(ordered, 99),
            max_ms=percentile(ordered, 100),
            generator_stall_ms=self.generator_stall_ms,
            generator_cpu_percent=100 * self._cpu_s / elapsed_s,
            windows=self._windows(),
            codes=dict(sorted(self._codes.items())),
            operations=dict(sorted(self._operations.items())),
            wrong=self._wrong,
            lost=self._lost,
            unsettled=sum(model.in_doubt() for model in models),
            problems=list(self._problems),
            approved_cents={w: sum(total[w] for total in totals) for w in WALLETS},
            sums_cents={wallet: dict(through) for wallet, through in sums.items()},
            expected_cents={model.account: expected_of(model) for model in models},
        )

    def _windows(self) -> list[list[float]]:
        by_window: dict[float, list[float]] = {}
        for at_s, ms in zip(self._answered_at_s, self._latencies_ms, strict=True):
            by_window.setdefault(at_s // WINDOW_S * WINDOW_S, []).append(ms)
        return [
            [begun_s, len(ordered), percentile(ordered, 99.9), ordered[-1]]
            for begun_s, ordered in sorted((at_s, sorted(ms)) for at_s, ms in by_window.items())
        ]

    def _keep(self, problem: str) -> None:
        if len(self._problems) < KEPT_PROBLEMS:
            self._problems.append(problem)
