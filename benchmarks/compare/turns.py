"""Contenders that take turns on one machine: whoever has none is stopped and takes nothing."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import cores, servers
from benchmarks.compare.peer import MissingError, Peer, Running
from benchmarks.compare.results import Condition, Result
from benchmarks.open_loop import Generator
from benchmarks.turns import Contender

CHECK_SECONDS: Final = 1
OPEN_CONNECTIONS: Final = 1024
OPEN_SHARE: Final = 0.7


class Seat:
    """One contender from its start to its end. What fails is kept in its results, in words."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.failed = ""
        self.results: list[Result] = []
        self._running: Running | None = None
        self._life = ExitStack()

    def start(self, folder: Path, accounts: int) -> None:
        """Start, and rest."""
        try:
            self._running = self._life.enter_context(self.peer.start(folder, accounts))
            self._signal(signal.SIGSTOP)
        except Exception as error:  # noqa: BLE001 - a contender that can't is told, and no more
            self._fail(error)

    def end(self) -> None:
        """End it and all that it has started."""
        with suppress(Exception), self._life:  # what it measured stands
            self._signal(signal.SIGCONT)
        self._running = None

    def take_place(self, condition: Condition) -> None:
        """The turns to come are under this condition."""
        self.results.append(Result(self.peer, condition, failed=self.failed))

    @property
    def result(self) -> Result:
        """Of the present condition."""
        return self.results[-1]

    def check(self) -> None:
        """Look at every answer of a short load, which warms up as well."""
        self._have_turn(lambda running: self._contender(running).check(CHECK_SECONDS))

    def closed(self, seconds: int) -> None:
        """Full load."""
        self._have_turn(partial(self._closed, seconds))

    def opened(self, program: Path, seconds: float) -> None:
        """Requests by the clock, at a share of what it could do."""
        self._have_turn(partial(self._opened, program, seconds))

    def _closed(self, seconds: int, running: Running) -> None:
        before = servers.processor_times(running.behind())
        turn = self._contender(running).take_turn(seconds)
        running.settle()
        used_s = servers.used_since(before, running.behind())
        self.result.behind_us.append(used_s * 1e6 / turn.load.requests)
        self.result.turns.append(turn)

    def _opened(self, program: Path, seconds: float, running: Running) -> None:
        result = self.result
        port, accounts = running.server.port, result.condition.accounts
        core, spread = cores.LOAD[0], result.condition.spread
        generator = Generator(program, port, running.pid, accounts, core, spread, sleeps=True)
        result.offered_per_second = OPEN_SHARE * result.per_second
        result.opened = generator.run(OPEN_CONNECTIONS, result.offered_per_second, seconds)
        running.settle()

    def _contender(self, running: Running) -> Contender:
        condition = self.result.condition
        return Contender(
            self.peer.name, running.server, condition.accounts, spread=condition.spread
        )

    def _have_turn(self, act: Callable[[Running], None]) -> None:
        if self._running is None or self.failed:
            return
        try:
            self._signal(signal.SIGCONT)
            with cores.started_on(cores.LOAD):
                act(self._running)
            self._signal(signal.SIGSTOP)
        except Exception as error:  # noqa: BLE001 - a contender that fails is told; the rest goes on
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        words = str(error).strip().partition("\n")[0]
        named = words if isinstance(error, MissingError) else f"{type(error).__name__}: {words}"
        self.failed = named
        if self.results:
            self.result.failed = named
        print(f"  {self.peer.name}: {error}", flush=True)
        self.end()

    def _signal(self, number: signal.Signals) -> None:
        running = self._running
        if running is not None and running.server.running:
            for pid in running.processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
