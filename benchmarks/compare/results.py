"""What was seen of one contender under one condition."""

from dataclasses import dataclass, field
from statistics import median

from benchmarks.compare.peer import Kind, Peer
from benchmarks.open_loop import Load as OpenLoad
from benchmarks.turns import Turn
from benchmarks.wrk import Spread


@dataclass(frozen=True, slots=True)
class Condition:
    """What all contenders meet alike."""

    disk: str
    """In words, for a table."""
    accounts: int
    spread: Spread = Spread.ALIKE

    @property
    def name(self) -> str:
        """In words."""
        if self.accounts == 1:
            return f"1 account; {self.disk}"
        used = "Zipf" if self.spread is Spread.ZIPF else "alike"
        return f"{self.accounts:,} accounts, {used}; {self.disk}"


@dataclass(slots=True)
class Result:
    """The turns of a contender."""

    peer: Peer
    condition: Condition
    turns: list[Turn] = field(default_factory=list)
    """Closed loop, full load."""
    behind_us: list[float] = field(default_factory=list)
    """Processor time of each turn's requests in the processes behind the front."""
    opened: OpenLoad | None = None
    """The open loop at a share of the capacity."""
    offered_per_second: float = 0.0
    failed: str = ""
    """Why there is no result, in words; empty where there is one."""

    @property
    def kind(self) -> Kind:
        """The contender's."""
        return self.peer.kind

    @property
    def per_second(self) -> float:
        """Median of the turns."""
        return median(turn.load.per_second for turn in self.turns)

    def percentile_ms(self, percent: str) -> float:
        """Median of the turns of a percentile, named as wrk's are."""
        return median(turn.load.percentiles_ms[percent] for turn in self.turns)

    @property
    def slowest_ms(self) -> float:
        """Of all turns."""
        return max(turn.load.max_ms for turn in self.turns)

    @property
    def front_us(self) -> float:
        """The front's processor time a request, median of the turns."""
        return median(turn.cpu_us for turn in self.turns)

    @property
    def store_us(self) -> float:
        """The same of the processes behind it."""
        return median(self.behind_us)


def ratio(ours: Result, theirs: Result) -> float:
    """Requests of the one ÷ of the other: the median over the rounds, made within each of them."""
    pairs = zip(ours.turns, theirs.turns, strict=True)
    return median(one.load.per_second / other.load.per_second for one, other in pairs)


class Results:
    """All of a run."""

    def __init__(self) -> None:
        self.all: list[Result] = []

    def of(self, peer: Peer, condition: Condition) -> Result | None:
        """What was measured of a contender; None where nothing could be."""
        for result in self.all:
            if result.peer is peer and result.condition == condition and not result.failed:
                return result
        return None

    def under(self, condition: Condition) -> list[Result]:
        """All contenders under a condition, failed ones too, in their order."""
        return [result for result in self.all if result.condition == condition]

    @property
    def conditions(self) -> list[Condition]:
        """In the order in which they were measured."""
        return list(dict.fromkeys(result.condition for result in self.all))
