"""Reads of personal data are recorded before they are answered."""

from collections.abc import Iterable

import structlog
from starlette.requests import Request

from authorizer.actors.access_trail import AccessTrail
from authorizer.actors.clock import Clock
from authorizer.domain.access import AccessKind, DataAccess
from authorizer.http.access.control import caller_of


class Audit:
    """Records who reads whose personal data."""

    def __init__(self, trail: AccessTrail, clock: Clock) -> None:
        self._trail = trail
        self._clock = clock

    async def record(self, request: Request, kind: AccessKind, customer_ids: Iterable[str]) -> None:
        """Record that this request reads these customers' data; returns once that is durable.

        Raises:
            AccessTrailError: it can't be recorded, so the data may not be answered.
        """
        ids = tuple(dict.fromkeys(customer_ids))
        if ids:
            await self._record(request, kind.value, ids)

    async def record_reveal(self, request: Request, reason: str, customer_id: str) -> None:
        """Record that masked data are shown in full, and why. AccessTrailError."""
        await self._record(request, f"{AccessKind.REVEAL.value}:{reason}", (customer_id,))

    async def record_visit(self, request: Request, kind: AccessKind) -> None:
        """Record that somebody logged in or out, or could not. AccessTrailError."""
        await self._record(request, kind.value, ())

    async def _record(self, request: Request, kind: str, ids: tuple[str, ...]) -> None:
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        by = caller_of(request).by
        access = DataAccess(self._clock.wall_us(), by, kind, ids, request_id)
        await self._trail.record(access)
