"""`/console/assets/{name}`: the style sheet and the scripts, from here alone."""

from hashlib import sha256
from pkgutil import get_data
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.console.rendering import HEADERS

SHIPPED: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "htmx/htmx.min.js": "text/javascript",
    "passkeys.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""`make htmx` takes that of npm's package."""


class _File(NamedTuple):
    body: bytes
    media_type: str
    etag: str


class Assets:
    """Files that are the same for everybody, so no session is needed."""

    def __init__(self) -> None:
        self._files = {name: _file(name, kind) for name, kind in SHIPPED.items()}

    def routes(self) -> list[Route]:
        """Their route."""
        return [Route("/console/assets/{name:path}", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            return Response(status_code=404, headers=dict(HEADERS))
        headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)


def _file(name: str, media_type: str) -> _File:
    body = get_data("authorizer.console", f"assets/{name}")
    assert body is not None
    return _File(body, media_type, f'"{sha256(body).hexdigest()[:16]}"')
