"""Full load on one server for some seconds, again and again."""

from dataclasses import dataclass, field

from benchmarks import servers, wrk
from tests.support.server import Server


@dataclass(frozen=True, slots=True)
class Turn:
    """One load, and what each of its requests took of the server's processor time."""

    load: wrk.Load
    user_us: float
    system_us: float

    @property
    def cpu_us(self) -> float:
        """User and system time."""
        return self.user_us + self.system_us


@dataclass(slots=True)
class Contender:
    """A server that is measured, and its turns so far."""

    name: str
    server: Server
    accounts: int
    with_ids: bool = False
    spread: wrk.Spread = wrk.Spread.ALIKE
    turns: list[Turn] = field(default_factory=list)

    def check(self, seconds: int) -> None:
        """Look at every answer of a short load, which is no turn."""
        url = servers.url(self.server)
        wrk.purchases(
            url,
            self.accounts,
            seconds,
            with_ids=self.with_ids,
            check=True,
            spread=self.spread,
        )

    def take_turn(self, seconds: int) -> Turn:
        """Full load for some seconds."""
        pid = self.server.process.pid
        before = servers.processor_time(pid)
        load = wrk.purchases(
            servers.url(self.server),
            self.accounts,
            seconds,
            with_ids=self.with_ids,
            spread=self.spread,
        )
        used = servers.processor_time(pid).since(before)
        turn = Turn(load, used.user_s * 1e6 / load.requests, used.system_s * 1e6 / load.requests)
        self.turns.append(turn)
        return turn

    def requests(self) -> int:
        """The answers of all turns."""
        return sum(turn.load.requests for turn in self.turns)
