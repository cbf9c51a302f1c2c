"""The trail of who read whose data, recorded off the loop; many requests with one sync."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from authorizer.actors.entity import OffLoop
from authorizer.domain.access import Accessed, DataAccess

log = structlog.get_logger()


class AccessTrailError(Exception):
    """The log can't be written, or read, now. A read that can't be recorded is not answered."""


class Log(Protocol):
    """The store of the records. Every method blocks, and raises where it can't be done now."""

    def write(self, accesses: Sequence[DataAccess]) -> None:
        """Write records, durably."""

    def page(self, customer_id: str, before: int | None, limit: int) -> list[Accessed]:
        """The newest records of a customer, older than a position."""

    def close(self) -> None:
        """Close the store."""


class AccessTrail:
    """The log as the event loop sees it. Its calls to the log never overlap."""

    def __init__(self, kept: Log, off_loop: OffLoop) -> None:
        self._log = kept
        self._off_loop = off_loop
        self._turn = asyncio.Lock()
        self._gathered: list[tuple[DataAccess, asyncio.Future[None]]] = []

    async def record(self, access: DataAccess) -> None:
        """Record an access, and return when it is durable. AccessTrailError where it can't be."""
        durable = asyncio.get_running_loop().create_future()
        self._gathered.append((access, durable))
        async with self._turn:  # the one that has the turn writes for all that wait
            if not durable.done():
                await self._write_gathered()
        await durable

    async def page(self, customer_id: str, before: int | None, limit: int) -> list[Accessed]:
        """The newest records of a customer, older than a position, newest first."""
        async with self._turn:
            found: list[Accessed] = await self._done(self._log.page, customer_id, before, limit)
        return found

    async def close(self) -> None:
        """Close the log."""
        async with self._turn:
            await self._off_loop(self._log.close)

    async def _write_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        try:
            await self._done(self._log.write, [access for access, _ in gathered])
        except AccessTrailError as error:
            for _, durable in gathered:
                if not durable.cancelled():
                    durable.set_exception(error)
            return
        for _, durable in gathered:
            if not durable.cancelled():
                durable.set_result(None)

    async def _done(self, call: Any, *arguments: Any) -> Any:
        """The call's result. The call runs to its end where its request is cancelled."""
        calling = asyncio.ensure_future(self._off_loop(call, *arguments))
        try:
            return await asyncio.shield(calling)
        except asyncio.CancelledError:
            await asyncio.wait([calling])
            raise
        except Exception as error:
            log.error("who reads personal data can't be recorded", problem=str(error))
            raise AccessTrailError("who reads this can't be recorded now") from error
