"""What can be asked, by whom and how: declared once, for the router, access and the docs."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.domain.access import Caller, Role
from authorizer.http.access.control import Access, Denied
from authorizer.http.api.problems import problem_response
from authorizer.http.api.query import NoQuery, Query, keep_query

Handler = Callable[[Request], Awaitable[Response]]

CALLER: Final = "authorizer.caller"
"""Where a request's scope holds who it comes from."""

ANYBODY: Final = None
"""The roles of an endpoint that needs no key."""

OPERATIONS: Final = frozenset((Role.OPERATOR,))
OPERATIONS_READ: Final = frozenset((Role.OPERATOR, Role.AUDITOR))
CARE: Final = frozenset((Role.ATTENDANT, Role.SUPERVISOR))
CARE_READ: Final = CARE | {Role.AUDITOR}
ACCESSES_READ: Final = frozenset((Role.SUPERVISOR, Role.AUDITOR))
SUPERVISION: Final = frozenset((Role.SUPERVISOR,))
BOTH_READ: Final = OPERATIONS_READ | CARE_READ


class Text(NamedTuple):
    """An answer that is no JSON document."""

    media_type: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one resource."""

    method: str
    path: str
    handler: Handler | None
    """None where the request is answered in front of the router."""
    roles: frozenset[Role] | None
    """Who may ask; None: anybody, with no key at all."""
    summary: str
    """What it does, in one sentence."""
    body: type[BaseModel] | None = None
    """The document that a request carries."""
    query: type[Query] = NoQuery
    """The parameters of the query: all there are. Any other is refused, as is one given twice."""
    answers: Mapping[int, Any] = field(default_factory=dict)
    """What is answered when all is well, by status.

    The document's type, `Text` for one that is no JSON, a tuple where the client may choose, None
    for no document.
    """
    problems: tuple[int, ...] = ()
    """The statuses of errors that do not follow from the rest: 409, 410, 404 for a query, …"""
    headers: tuple[str, ...] = ()
    """The headers of its own that answers carry, of those that the OpenAPI document describes."""
    takes: tuple[str, ...] = ()
    """The headers of its own that it reads in a request, of those described there too."""


def router_routes(endpoints: Iterable[Endpoint], access: Access) -> list[Route]:
    """One Starlette route for each resource, so that 405 names every method it has."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        if endpoint.handler is not None:
            by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [_route(path, by_method, access) for path, by_method in by_path.items()]


def caller_of(request: Request) -> Caller:
    """Who a request that was let in comes from."""
    caller: Caller = request.scope[CALLER]
    return caller


def _route(path: str, by_method: Mapping[str, Endpoint], access: Access) -> Route:
    async def handle(request: Request) -> Response:
        endpoint = by_method["GET" if request.method == "HEAD" else request.method]
        caller = access.admit(request.scope["headers"], endpoint.roles)
        if isinstance(caller, Denied):
            return problem_response(caller.status, caller.detail, headers=caller.headers)
        request.scope[CALLER] = caller
        keep_query(request, endpoint.query)
        assert endpoint.handler is not None
        return await endpoint.handler(request)

    return Route(path, handle, methods=list(by_method))
