"""An endpoint is one method of one resource, declared where it is handled.

    class AccountEndpoints:
        @endpoint("GET", "/accounts/{account}", BOTH_READ, answers={200: Account})
        async def get(self, request: Request) -> Response:
            \"\"\"Describe an account.\"\"\"

The router, access, the OpenAPI document and the role matrix are made of these declarations. The
sets of roles are in `access/roles.py`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.domain.access import Role
from authorizer.http.access.control import CALLER, Access, Denied
from authorizer.http.api.problems import problem_response
from authorizer.http.api.query import NoQuery, Query, keep_query
from authorizer.http.api.wire import DOCUMENT

Handler = Callable[[Request], Awaitable[Response]]
H = TypeVar("H", bound=Callable[..., Awaitable[Response]])
Roles = frozenset[Role] | None
"""Who may ask; None: no key is needed."""

UNCHANGED: Final = "200, and nothing changes."
"""What most calls answer to the same request again."""
_DECLARED: Final = "_endpoint"


class NotJson(NamedTuple):
    """A request or an answer that is no JSON document."""

    media_type: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one resource."""

    method: str
    path: str
    roles: Roles
    summary: str
    """One sentence: the first line of the handler's docstring."""
    answers: Mapping[int, Any]
    """The answer to a request that succeeds, by status.

    The document's type, `NotJson` for another media type, a tuple where the client may choose, None
    for no document.
    """
    body: type[BaseModel] | NotJson | None = None
    """The document that a request carries, or its media type where it carries something else."""
    query: type[Query] = NoQuery
    """The parameters of the query. Any other is refused, as is one given twice."""
    problems: tuple[int, ...] = ()
    """The statuses of errors that do not follow from the rest: 409, 410, 404 for a query, …"""
    headers: tuple[str, ...] = ()
    """The headers that its answers have of their own, among those that the OpenAPI document has."""
    takes: tuple[str, ...] = ()
    """The headers that it reads in a request, among those described there too."""
    repeated: str = ""
    """What the same request answers when it is made again. Needed where it changes something."""
    handler: Handler | None = None
    """None where the request is answered in front of the router."""


def endpoint(  # noqa: PLR0913 - an endpoint has as many parts, and all but three are named
    method: str,
    path: str,
    roles: Roles,
    *,
    answers: Mapping[int, Any],
    body: type[BaseModel] | None = None,
    query: type[Query] = NoQuery,
    problems: tuple[int, ...] = (),
    headers: tuple[str, ...] = (),
    takes: tuple[str, ...] = (),
    repeated: str = "",
) -> Callable[[H], H]:
    """Declare the endpoint that a method of a resource handles. Its parts are in `Endpoint`."""

    def declare(handler: H) -> H:
        summary = (handler.__doc__ or "").partition("\n")[0]
        declared = Endpoint(
            method, path, roles, summary, answers, body, query, problems, headers, takes, repeated
        )
        setattr(handler, _DECLARED, declared)
        return handler

    return declare


def endpoints_of(resource: object) -> list[Endpoint]:
    """The endpoints that the methods of a resource declare, in the order of its class."""
    found = []
    for name, method in vars(type(resource)).items():
        declared: Endpoint | None = getattr(method, _DECLARED, None)
        if declared is not None:
            found.append(replace(declared, handler=getattr(resource, name)))
    return found


def router_routes(endpoints: Iterable[Endpoint], access: Access) -> list[Route]:
    """One Starlette route for each path, so that 405 names every method it has."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for declared in endpoints:
        if declared.handler is not None:
            by_path.setdefault(declared.path, {})[declared.method] = declared
    return [_route(path, by_method, access) for path, by_method in by_path.items()]


def _route(path: str, by_method: Mapping[str, Endpoint], access: Access) -> Route:
    async def handle(request: Request) -> Response:
        declared = by_method["GET" if request.method == "HEAD" else request.method]
        caller = access.admit(request.scope["headers"], declared.roles)
        if isinstance(caller, Denied):
            return problem_response(caller.status, caller.detail, headers=caller.headers)
        request.scope[CALLER] = caller
        request.scope[DOCUMENT] = declared.body
        keep_query(request, declared.query)
        assert declared.handler is not None
        return await declared.handler(request)

    return Route(path, handle, methods=list(by_method))
