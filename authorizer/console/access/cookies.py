"""The cookies of the console: the session's, and what ties the log-in form to a browser.

Where a browser reached us by TLS they are `Secure`, under a name that no page of another host and
no page without TLS can set (`__Host-`). Its `Origin` tells: a proxy that ends TLS need say nothing.
"""

import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

PATH: Final = "/"
"""`__Host-` takes no other."""
SESSION: Final = "console"
BEFORE: Final = "console-entrada"
_PREFIX: Final = "__Host-"


def came_by_tls(request: Request) -> bool:
    """Whether the page that sent a form was got by TLS."""
    return request.headers.get("origin", "").startswith("https://")


def session_tokens(request: Request) -> list[tuple[str, bool]]:
    """The tokens of sessions that a request brings, and whether each came by TLS alone."""
    found = [(_PREFIX + SESSION, True), (SESSION, False)]
    cookies = request.cookies
    return [(cookies[name], secure) for name, secure in found if name in cookies]


def put(response: Response, name: str, value: str, secure: bool) -> None:
    """Have the browser keep a cookie until it is closed."""
    response.set_cookie(
        _PREFIX + name if secure else name,
        value,
        path=PATH,
        httponly=True,
        samesite="strict",
        secure=secure,
    )


def take_away(response: Response, name: str) -> None:
    """Have the browser forget a cookie, under either name."""
    for secure in (True, False):
        response.delete_cookie(
            _PREFIX + name if secure else name,
            path=PATH,
            httponly=True,
            samesite="strict",
            secure=secure,
        )


class EntranceForms:
    """Ties the log-in form to the browser that asked for it, while there is no session yet."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token_for(self, mark: str) -> str:
        """What the form must bring along with the mark that is in the cookie."""
        return hmac.new(self._key, mark.encode(), "sha256").hexdigest()

    def comes_from_here(self, request: Request, token: str) -> bool:
        """Whether the form was given to the browser that brings it."""
        mark = request.cookies.get(BEFORE, "")
        return bool(mark) and hmac.compare_digest(self.token_for(mark), token)


def new_mark() -> str:
    """A random mark of a browser."""
    return secrets.token_urlsafe(16)
