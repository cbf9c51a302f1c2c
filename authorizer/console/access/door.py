"""The door of the console: which requests come through to a page, and what the others get.

A page is a method of a resource, declared with the set of roles that the HTTP interface has for the
same thing:

    @page("GET", "/console/clientes/{customer_id}", CARE_READ)
    async def show(self, visit: Visit) -> Response:
        \"\"\"Show a customer.\"\"\"
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from authorizer.actors.access_trail import AccessTrailError
from authorizer.actors.clock import Clock
from authorizer.console import words
from authorizer.console.access.cookies import session_tokens
from authorizer.console.access.forms import read_form
from authorizer.console.access.passwords import TooManyLogInsError
from authorizer.console.access.people import People
from authorizer.console.access.same_origin import is_from_here
from authorizer.console.access.sessions import Session, Sessions
from authorizer.console.access.visits import Visit
from authorizer.console.rendering import HEADERS, Rendering
from authorizer.console.words import said
from authorizer.domain.access import Role
from authorizer.domain.outcomes import RefusalKind
from authorizer.domain.people import PersonStanding, User
from authorizer.followers.reports.client import ReportsUnavailableError
from authorizer.http.access.control import CALLER
from authorizer.http.api.problems import InvalidRequestError, Refused

ENTRANCE: Final = "/console/entrar"
SETUP: Final = "/console/primeiro-acesso"
ANY_ROLE: Final = frozenset(Role)
_DECLARED: Final = "_page"
_STATUS: Final = {
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.CHANGED: 412,
    RefusalKind.INVALID: 422,
    RefusalKind.OVERLOADED: 503,
    RefusalKind.UNAVAILABLE: 503,
    RefusalKind.GONE: 410,
}
_FOREIGN: Final = said("Este formulário não veio desta página, ou é antigo. Nada foi feito.")
_FORBIDDEN: Final = said("Seu perfil não permite isso.")
_NOT_NOW: Final = said("Isto está indisponível agora. Tente de novo daqui a pouco.")

log = structlog.get_logger()

Handler = Callable[[Visit], Awaitable[Response]]
H = TypeVar("H", bound=Callable[..., Awaitable[Response]])


class Page(NamedTuple):
    """A page, or what a form does, as it is declared."""

    method: str
    path: str
    roles: frozenset[Role]
    in_setup: bool
    """Whether it is for those who have not chosen a password yet, and only for them."""
    handler: Handler | None


def page(
    method: str, path: str, roles: frozenset[Role], *, in_setup: bool = False
) -> Callable[[H], H]:
    """Declare the page that a method of a resource answers. Its parts are in `Page`."""

    def declare(handler: H) -> H:
        setattr(handler, _DECLARED, Page(method, path, roles, in_setup, None))
        return handler

    return declare


def pages_of(resource: object) -> list[Page]:
    """The pages that the methods of a resource declare, in the order of its class."""
    found = []
    for name, method in vars(type(resource)).items():
        declared: Page | None = getattr(method, _DECLARED, None)
        if declared is not None:
            found.append(declared._replace(handler=getattr(resource, name)))
    return found


@dataclass(frozen=True, slots=True)
class Door:
    """Lets those in who are logged in, as far as their role goes."""

    people: People
    sessions: Sessions
    rendering: Rendering
    clock: Clock

    def routes(self, pages: Iterable[Page]) -> list[Route]:
        """One Starlette route for each path."""
        by_path: dict[str, dict[str, Page]] = {}
        for declared in pages:
            by_path.setdefault(declared.path, {})[declared.method] = declared
        return [self._route(path, by_method) for path, by_method in by_path.items()]

    def session_of(self, request: Request) -> tuple[Session, User] | None:
        """The session that a request belongs to, and whose it is; None without one."""
        for token, secure in session_tokens(request):
            session = self.sessions.find(token)
            if session is None or session.secure != secure:
                continue
            user = self.people.find(session.user_id)
            if (
                user is not None
                and user.password_hash == session.password_hash
                and self.people.standing(user) in (PersonStanding.ACTIVE, PersonStanding.INVITED)
            ):
                return session, user
            self.sessions.end(token)
        return None

    async def refusal(
        self, request: Request, status: int, text: str, detail: str = "", **more: Any
    ) -> Response:
        """A page that says why there is no other."""
        return await self.rendering.page(
            request, "refusal.html", status, text=text, detail=detail, **more
        )

    def _route(self, path: str, by_method: dict[str, Page]) -> Route:
        async def handle(request: Request) -> Response:
            declared = by_method["GET" if request.method == "HEAD" else request.method]
            found = self.session_of(request)
            if found is None:
                return self._to_entrance(request)
            session, user = found
            is_new = self.people.standing(user) is PersonStanding.INVITED
            if is_new != declared.in_setup:
                return RedirectResponse(SETUP if is_new else "/console", 303, dict(HEADERS))
            request.scope[CALLER] = user.caller
            try:
                return await self._let_in(request, declared, session, user)
            except HTTPException as error:
                return await self.refusal(request, error.status_code, _NOT_NOW, error.detail)
            except Refused as error:
                refusal = error.refusal
                text = words.REFUSALS[refusal.kind]
                return await self.refusal(request, _STATUS[refusal.kind], text, refusal.detail)
            except InvalidRequestError as error:
                text = words.REFUSALS[RefusalKind.INVALID]
                return await self.refusal(request, 422, text, str(error))
            except (ReportsUnavailableError, AccessTrailError, TooManyLogInsError) as error:
                return await self.refusal(request, 503, _NOT_NOW, str(error))
            except Exception:
                log.exception("a bug in a page", page=declared.path)
                return await self.refusal(request, 503, _NOT_NOW)

        return Route(path, handle, methods=list(by_method))

    async def _let_in(
        self, request: Request, declared: Page, session: Session, user: User
    ) -> Response:
        if user.role not in declared.roles:
            return await self.refusal(request, 403, _FORBIDDEN)
        form: dict[str, str] = {}
        if declared.method == "POST":
            if not is_from_here(request):
                return await self.refusal(request, 403, _FOREIGN)
            form = await read_form(request)
            if not compare_digest(form.pop("csrf", "").encode(), session.csrf.encode()):
                return await self.refusal(request, 403, _FOREIGN)
        visit = Visit(request, user, session, form, self.rendering, self.clock.monotonic_ns())
        assert declared.handler is not None
        return await declared.handler(visit)

    @staticmethod
    def _to_entrance(request: Request) -> Response:
        """Log in first; a page that was asked for comes then."""
        if request.headers.get("hx-request") == "true":  # a part of a page: have all of it go
            return Response(status_code=204, headers={**HEADERS, "HX-Redirect": ENTRANCE})
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wanted = f"?para={quote(path, safe='/')}" if request.method == "GET" else ""
        return RedirectResponse(ENTRANCE + wanted, 303, dict(HEADERS))
