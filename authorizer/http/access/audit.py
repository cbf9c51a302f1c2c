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
        if not ids:
            return
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        by = caller_of(request).by
        access = DataAccess(self._clock.wall_us(), by, kind.value, ids, request_id)
        await self._trail.record(access)
