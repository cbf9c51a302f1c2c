"""A visit: one request of somebody who is logged in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from authorizer.console.access.sessions import Session
from authorizer.console.navigation import places_for
from authorizer.console.rendering import HEADERS, Rendering, Translate
from authorizer.domain.access import Caller
from authorizer.domain.people import User
from authorizer.http.access.roles import CARE, CARE_READ


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is logged in, and what answers it."""

    request: Request
    user: User
    session: Session
    form: Mapping[str, str]
    """The fields of a form that was sent; empty where a page is asked for."""
    rendering: Rendering
    now_ns: int
    """On the monotonic clock."""

    @property
    def caller(self) -> Caller:
        """Who asks, as the HTTP interface knows them."""
        return self.user.caller

    @property
    def is_new(self) -> bool:
        """Whether they have not chosen a password yet."""
        return self.user.invited_until_us is not None

    @property
    def translate(self) -> Translate:
        """Puts a text of the console into their language."""
        return self.rendering.translate(self.request)

    def id(self, name: str) -> str:
        """An id that the path names."""
        found: str = self.request.path_params[name]
        return found

    def asked(self, name: str) -> str:
        """A parameter of the query, without spaces around it; empty without one."""
        return self.request.query_params.get(name, "").strip()

    async def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page with the frame of the console around it."""
        message, self.session.message = self.session.message, None
        return await self.rendering.page(
            self.request,
            template,
            status,
            user=self.user,
            csrf=self.session.csrf,
            message=message,
            nav=[] if self.is_new else places_for(self.user.role),
            may_search=not self.is_new and self.user.role in CARE_READ,
            is_care=self.user.role in CARE,
            **context,
        )

    async def part(self, template: str, **context: Any) -> Response:
        """A part of a page, without the frame."""
        return await self.rendering.page(
            self.request, template, user=self.user, csrf=self.session.csrf, **context
        )

    def go(self, path: str, done: str | None = None) -> Response:
        """Have the browser get another page, which tells once what was done."""
        if done is not None:
            self.session.message = ("done", done)
        return RedirectResponse(path, 303, dict(HEADERS))

    def go_with_warning(self, path: str, text: str) -> Response:
        """Have the browser get another page, which tells once what went wrong."""
        self.session.message = ("warning", text)
        return RedirectResponse(path, 303, dict(HEADERS))
