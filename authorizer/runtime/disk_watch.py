"""Watches what is free on the disk: a full disk is foreseen, and it goes on by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from authorizer.actors.disk_room import SHORT_SECONDS
from authorizer.runtime.running import Running
from authorizer.runtime.world import World

log = structlog.get_logger()


class DiskWatch:
    """Looks at the disk, off the loop, the oftener the less is left of it."""

    def __init__(
        self, running: Running, world: World, record_policy: Callable[[], Awaitable[None]]
    ) -> None:
        """`record_policy` journals the settings that decide; a start on a short disk owes it."""
        self._room = running.around.disk_room
        self._timers = running.around.timers
        self._expire_holds = running.expire_holds
        self._record_policy = record_policy
        self._owes_policy = False
        self._free_bytes = world.free_bytes
        self._off_loop = world.off_loop
        self._seconds = world.seconds

    async def begin(self) -> None:
        """Look for the first time; before anything is decided.

        The settings that decide are journaled, or, on a short disk, once there is room.
        """
        await self.look()
        self._owes_policy = self._room.is_short
        if not self._owes_policy:
            await self._record_policy()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self._room.next_look_seconds())
            await self.look()

    async def look(self) -> None:
        """Look once, and have it stop or go on."""
        room = self._room
        if not room.reserve_bytes:
            return
        try:
            free_bytes = await self._off_loop(self._free_bytes)
        except OSError as error:  # the last look stands; whether the folder is gone, others ask
            log.error("what is free on the disk can't be told", problem=str(error))
            return
        was_short = room.is_short
        room.look(free_bytes, self._seconds())
        if room.is_short and not was_short:
            log.error("the disk is nearly full: nothing is changed", **self._told())
        elif room.may_go_on:
            await self._go_on()

    async def _go_on(self) -> None:
        """First the settings that decide, then what was due meanwhile, then everybody else."""
        if self._owes_policy:
            await self._record_policy()
            self._owes_policy = False
        until = self._seconds() + SHORT_SECONDS
        await self._timers.work(self._expire_holds, lambda: self._seconds() >= until)
        if self._timers.has_due:  # very many; the disk is looked at before the rest of them
            return
        self._room.go_on()
        log.info("the disk has room again", **self._told())

    def _told(self) -> dict[str, int | None]:
        return {"free_bytes": self._room.free_bytes, "reserve_bytes": self._room.reserve_bytes}
