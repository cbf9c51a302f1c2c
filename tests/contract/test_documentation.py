"""`/openapi.json` and `/docs`, over HTTP."""

from __future__ import annotations

import pytest

from authorizer import __version__
from tests.support.client import Client
from tests.support.endpoints import ENDPOINTS

ASSETS = {
    "/docs/assets/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "/docs/assets/swagger-ui.css": "text/css; charset=utf-8",
    "/docs/assets/start.js": "text/javascript; charset=utf-8",
}


def test_the_document_describes_every_endpoint(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_the_page_needs_nothing_but_what_is_served_here(client: Client) -> None:
    answer = client.get("/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"//" not in answer.body, "no address of anybody else"
    for path, media_type in ASSETS.items():
        assert path.removeprefix("/").encode() in answer.body
        asset = client.get(path)
        assert asset.status == 200
        assert asset.headers["content-type"] == media_type


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", *ASSETS])
def test_what_has_not_changed_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "no-cache", "asked for again each time"
    again = client.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert client.send("GET", path, headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("path", ["/docs", *ASSETS])
def test_a_browser_is_told_to_load_from_here_alone(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["redoc.js", "__init__.py", "..%2Fapp.py", "%2Fetc%2Fpasswd"])
def test_there_are_no_other_assets(client: Client, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status == 404
