"""Reads of personal data are recorded before they are answered, and can be listed."""

from collections.abc import Iterable
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.access_trail import AccessTrail
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.access import Accessed, AccessKind, DataAccess
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import RefusalKind
from authorizer.http.answers.accesses import Accesses
from authorizer.http.api.endpoints import ACCESSES_READ, Endpoint, caller_of
from authorizer.http.api.paging import AccessQuery, cursor_of
from authorizer.http.api.problems import refused
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import json_response, time_text


class Audit:
    """Records who reads whose data."""

    def __init__(self, trail: AccessTrail, clock: Clock) -> None:
        self._trail = trail
        self._clock = clock

    async def record(self, request: Request, kind: AccessKind, customer_ids: Iterable[str]) -> None:
        """Return when it is durable that this request reads these persons' data; none: nothing.

        AccessTrailError where that can't be recorded: then nothing may be answered.
        """
        ids = tuple(dict.fromkeys(customer_ids))
        if not ids:
            return
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        by = caller_of(request).by
        access = DataAccess(self._clock.wall_us(), by, kind.value, ids, request_id)
        await self._trail.record(access)


class AccessLists:
    """The endpoint of the list. It stays to be seen after the customer was erased."""

    def __init__(self, desk: Dispatcher, trail: AccessTrail) -> None:
        self._desk = desk
        self._trail = trail

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/clientes/{cliente_id}/acessos",
                self.get,
                ACCESSES_READ,
                "List who read a customer's data, newest first.",
                query=AccessQuery,
                answers={200: Accesses},
            )
        ]

    async def get(self, request: Request) -> Response:
        """A page of the list."""
        query = query_of(request, AccessQuery)
        customer_id = request.path_params["cliente_id"]
        refusal = await self._desk.known_customer(customer_id)
        if refusal is not None and refusal.kind is not RefusalKind.GONE:
            return refused(refusal)
        found = await self._trail.page(customer_id, query.older_than(), query.limite + 1)
        page = found[: query.limite]
        following = [page[-1].position] if len(found) > len(page) else None
        return json_response(
            {"acessos": [_line(one) for one in page], "proximo": cursor_of(following)}
        )


def _line(accessed: Accessed) -> dict[str, Any]:
    access = accessed.access
    role, colon, key_id = access.by.partition(":")
    line: dict[str, Any] = {
        "data": time_text(WrittenTime(access.at_us)),
        "tipo": access.kind,
        "por": access.by,
    }
    if colon:
        line |= {"papel": role, "chave": key_id}
    return line | {"request_id": access.request_id}
