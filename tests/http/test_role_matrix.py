"""Every route and every role, over HTTP and in the docs. New routes are in it by being declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
from starlette.applications import Starlette

from authorizer.domain.access import Role
from authorizer.http import app
from authorizer.http.app import make_app
from authorizer.http.routing import Endpoint
from tests.conftest import PATIENT
from tests.http.keys import key_per_role
from tests.support.client import Client
from tests.support.endpoints import declared_endpoints
from tests.support.server import Server, running
from tools import role_matrix

ENDPOINTS = sorted(declared_endpoints(), key=lambda one: (one.path, one.method))
NAMES = [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS]


def ask(client: Client, endpoint: Endpoint) -> tuple[int, str]:
    path = re.sub(r"\{[^}]*\}", "nobody", endpoint.path)
    body = b"{}" if endpoint.method in ("POST", "PUT") else b""
    answer = client.send(endpoint.method, path, body)
    return answer.status, answer.headers.get("content-type", "")


# --- over HTTP ---------------------------------------------------------------------------------

Keyed = tuple[Server, dict[str, str]]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    flags = (*PATIENT, "--rate-limit-per-second", "0")
    server = Server(tmp_path_factory.mktemp("matrix"), flags)
    keys = key_per_role(server)
    try:
        yield server.start(), keys
    finally:
        server.end()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_is_declared_and_nothing_else(
    endpoint: Endpoint, role: Role, keyed: Keyed
) -> None:
    server, keys = keyed
    status, media_type = ask(Client(server.port, key=keys[role.value]), endpoint)
    if endpoint.roles is None or role in endpoint.roles:
        assert status not in (401, 403)
    else:
        assert (status, media_type) == (403, "application/problem+json")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@pytest.mark.parametrize("key", [None, "ak_0123456789_" + "0" * 64])
def test_without_a_good_key_only_what_is_for_anybody(
    endpoint: Endpoint, key: str | None, keyed: Keyed
) -> None:
    status, media_type = ask(Client(keyed[0].port, key=key), endpoint)
    if endpoint.roles is None:
        assert status not in (401, 403)
    else:
        assert (status, media_type) == (401, "application/problem+json")


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("open"), *PATIENT) as server:
        yield server


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@pytest.mark.parametrize("key", [None, "nonsense"])
def test_while_there_is_no_key_anybody_may_do_anything(
    endpoint: Endpoint, key: str | None, open_house: Server
) -> None:
    status, _ = ask(Client(open_house.port, key=key), endpoint)
    assert status not in (401, 403)


# --- nothing past it ---------------------------------------------------------------------------


def test_every_route_is_a_declared_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route given to Starlette in any other way would be one that nobody guards."""
    given: list[Any] = []

    class Recorder(Starlette):
        def __init__(self, routes: list[Any], **options: Any) -> None:
            given.extend(routes)
            super().__init__(routes=routes, **options)

    monkeypatch.setattr(app, "Starlette", Recorder)
    make_app(MagicMock())
    routed = {(route.path, method) for route in given for method in route.methods}
    declared = {(one.path, one.method) for one in ENDPOINTS if one.handler is not None}
    heads = {(path, "HEAD") for path, method in declared if method == "GET"}
    assert routed == declared | heads


def test_what_changes_something_needs_a_key() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            assert endpoint.roles, endpoint.path


def test_terminals_post_transactions_and_nothing_else() -> None:
    for endpoint in ENDPOINTS:
        allowed = endpoint.roles is not None and Role.TERMINAL in endpoint.roles
        assert allowed == (endpoint.handler is None), endpoint.path


def test_auditors_change_nothing() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.roles is not None and Role.AUDITOR in endpoint.roles:
            assert endpoint.method == "GET", endpoint.path


# --- in the docs -------------------------------------------------------------------------------


def test_the_docs_have_the_role_matrix() -> None:
    """Where this fails: python -m tools.role_matrix."""
    _, shown, _ = role_matrix.parts(role_matrix.DOCS.read_text(encoding="utf-8"))
    assert shown == role_matrix.matrix()
