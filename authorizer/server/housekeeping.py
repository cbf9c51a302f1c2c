"""The server's work of every second: snapshots that are due, a stalled disk, a clock that jumps."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import structlog

from authorizer.actors.directory import BrokenEntityError
from authorizer.runtime.clock_log import log_clock
from authorizer.runtime.running import Running
from authorizer.server.health import Health

log = structlog.get_logger()


class Housekeeping:
    """Looks at journal, clock and snapshots once a second, and at once when a signal asks."""

    def __init__(self, running: Running, health: Health) -> None:
        self._running = running
        self._health = health
        self._ending = False
        self._snapshot_requested = False
        self._woken = asyncio.Event()
        self._snapshot: asyncio.Task[None] | None = None
        self._clock_state = running.clock.state()

    def request_snapshot(self) -> None:
        """Have a snapshot taken now."""
        self._snapshot_requested = True
        self._woken.set()

    def confirm_clock(self) -> None:
        """Trust the wall clock: an operator says that it is right."""
        clock = self._running.clock
        log.warning("wall clock confirmed", wall_ahead_seconds=round(clock.wall_ahead_seconds(), 3))
        clock.confirm()
        self._clock_state = log_clock(clock, self._clock_state)

    def end(self) -> None:
        """Make `run` return once a snapshot under way is complete."""
        self._ending = True
        self._woken.set()

    async def run(self) -> None:
        """Look every second, and whenever woken, until `end`."""
        while not self._ending:
            await _wait(self._woken.wait(), seconds=1)
            self._woken.clear()
            self._health.observe_journal()
            self._running.clock.look()
            self._clock_state = log_clock(self._running.clock, self._clock_state)
            under_way = self._snapshot is not None and not self._snapshot.done()
            if not under_way and (self._snapshot_requested or self._running.snapshots.due()):
                self._snapshot_requested = False
                self._snapshot = asyncio.create_task(self.take_snapshot())
        if self._snapshot is not None:
            await self._snapshot

    async def take_snapshot(self) -> None:
        """Take a snapshot. A failure is logged: it costs time at the next start, nothing else."""
        try:
            taken = await self._running.snapshots.take()
        except (OSError, BrokenEntityError) as error:
            log.error("snapshot not taken", problem=str(error))
            return
        if taken is not None:
            log.info("snapshot taken", **taken._asdict())


async def _wait(waiting: Awaitable[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return
