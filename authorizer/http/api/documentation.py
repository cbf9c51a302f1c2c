"""`/openapi.json`, and `/docs`, a page to try it: Swagger UI, served from here, no CDN."""

from collections.abc import Sequence
from hashlib import sha256
from pkgutil import get_data
from typing import Final, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authorizer import __version__
from authorizer.actors.entity import OffLoop
from authorizer.http.access.roles import ANYBODY
from authorizer.http.api.endpoints import Endpoint, NotJson, endpoint, endpoints_of
from authorizer.http.api.made_once import MadeOnce
from authorizer.http.api.openapi import openapi_document

SWAGGER_UI: Final = "swagger_ui"
"""The folder of the files that `make swagger-ui` takes from the npm package."""

_SHIPPED: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_START: Final = "start.js"

_PAGE: Final = b"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Card authorizer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<script src="docs/assets/swagger-ui-bundle.js" defer></script>
<script src="docs/assets/start.js" defer></script>
</head>
<body><div id="page"></div></body>
</html>
"""

_START_SCRIPT: Final = b"""\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    # Swagger UI sets styles from its script
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _File(NamedTuple):
    """A file that is the same for the life of the process."""

    body: bytes
    media_type: str
    etag: str


class DocumentationEndpoints:
    """`/openapi.json` and `/docs`, which describe all endpoints, themselves too.

    The document is made in a thread when somebody first asks for it: no start waits for that.
    """

    def __init__(self, others: Sequence[Endpoint], off_loop: OffLoop) -> None:
        self._files = {name: _file(_shipped(name), kind) for name, kind in _SHIPPED.items()}
        self._files[_START] = _file(_START_SCRIPT, "text/javascript")
        self._page = _file(_PAGE, "text/html")
        self._others = others
        self._document = MadeOnce(off_loop, self._described)

    @endpoint(
        "GET",
        "/openapi.json",
        ANYBODY,
        answers={200: dict[str, object], 304: None},
        headers=("ETag",),
    )
    async def document(self, request: Request) -> Response:
        """Describe all that can be asked, in OpenAPI 3.1."""
        return _answer(request, await self._document.get())

    @endpoint(
        "GET",
        "/docs",
        ANYBODY,
        answers={200: NotJson("text/html"), 304: None},
        headers=("ETag",),
    )
    async def page(self, request: Request) -> Response:
        """Show a page to try it."""
        return _answer(request, self._page)

    @endpoint(
        "GET",
        "/docs/assets/{name}",
        ANYBODY,
        answers={200: (NotJson("text/javascript"), NotJson("text/css")), 304: None},
        headers=("ETag",),
    )
    async def asset(self, request: Request) -> Response:
        """Give a file that the page needs."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404, "the page needs no such file")
        return _answer(request, file)

    def _described(self) -> _File:
        document = openapi_document([*self._others, *endpoints_of(self)], __version__)
        return _file(orjson.dumps(document), "application/json")


def _file(body: bytes, media_type: str) -> _File:
    return _File(body, media_type, f'"{sha256(body).hexdigest()[:16]}"')


def _shipped(name: str) -> bytes:
    """A file of Swagger UI."""
    found = get_data(__package__, f"{SWAGGER_UI}/{name}")
    assert found is not None
    return found


def _answer(request: Request, file: _File) -> Response:
    headers = {
        "ETag": file.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers=headers, media_type=file.media_type)
