"""Every route and every role, over HTTP and in the docs, as written down in `roles`."""

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
from tests.contract.roles import ANYBODY, EXPECTED, ROLES
from tests.support.api_keys import key_per_role
from tests.support.client import Client
from tests.support.endpoints import ENDPOINTS
from tests.support.server import PATIENT, Server, running
from tools import role_matrix

CALLS = sorted(EXPECTED)


def ask(client: Client, call: str) -> tuple[int, str]:
    method, _, path = call.partition(" ")
    body = b"{}" if method in ("POST", "PUT") else b""
    answer = client.send(method, re.sub(r"\{[^}]*\}", "nobody", path), body)
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


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_may_what_it_should_and_nothing_else(call: str, role: str, keyed: Keyed) -> None:
    server, keys = keyed
    status, media_type = ask(Client(server.port, key=keys[role]), call)
    if EXPECTED[call] & {role, ANYBODY}:
        assert status not in (401, 403)
    else:
        assert (status, media_type) == (403, "application/problem+json")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", [None, "ak_0123456789_" + "0" * 64])
def test_without_a_good_key_only_what_is_for_anybody(
    call: str, key: str | None, keyed: Keyed
) -> None:
    status, media_type = ask(Client(keyed[0].port, key=key), call)
    if ANYBODY in EXPECTED[call]:
        assert status not in (401, 403)
    else:
        assert (status, media_type) == (401, "application/problem+json")


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("open"), *PATIENT) as server:
        yield server


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", [None, "nonsense"])
def test_while_there_is_no_key_anybody_may_do_anything(
    call: str, key: str | None, open_house: Server
) -> None:
    status, _ = ask(Client(open_house.port, key=key), call)
    assert status not in (401, 403)


# --- what is declared --------------------------------------------------------------------------


def test_there_are_the_roles_that_there_should_be() -> None:
    assert {role.value for role in Role} == ROLES


def test_what_is_declared_is_what_is_expected() -> None:
    """And the docs and the OpenAPI document are made of what is declared."""
    declared = {
        f"{one.method} {one.path}": frozenset((ANYBODY,))
        if one.roles is None
        else frozenset(role.value for role in one.roles)
        for one in ENDPOINTS
    }
    assert declared == EXPECTED


# --- nothing past it ---------------------------------------------------------------------------


def test_every_route_is_a_declared_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route given to Starlette in any other way would be one that nobody guards."""
    given: list[Any] = []

    class Recorder(Starlette):
        def __init__(self, routes: list[Any], **options: Any) -> None:
            given.extend(routes)
            super().__init__(routes=routes, **options)

    monkeypatch.setattr(app, "Starlette", Recorder)
    services = MagicMock()
    make_app(services)
    routed = {(route.path, method) for route in given for method in route.methods}
    declared = {(one.path, one.method) for one in ENDPOINTS if one.handler is not None}
    heads = {(path, "HEAD") for path, method in declared if method == "GET"}
    assert routed == declared | heads


def test_what_is_expected_keeps_to_what_roles_are_for() -> None:
    for call, roles in EXPECTED.items():
        method, _, path = call.partition(" ")
        is_purchase = path in (
            "/transactions", "/transaction", "/authorize", "/transactions/batch"
        )  # fmt: skip
        is_of_a_purchase = method == "POST" and ("authorizations" in path or "decisions" in path)
        assert ("terminal" in roles) is (is_purchase or is_of_a_purchase), call
        assert ("atendente" in roles) <= ("supervisor" in roles), call
        if method != "GET" and not path.endswith("/decisions"):  # a dry run changes nothing
            assert not roles & {ANYBODY, "auditor"}, call


# --- in the docs -------------------------------------------------------------------------------


def test_the_docs_have_the_role_matrix() -> None:
    """Where this fails: make docs."""
    _, shown, _ = role_matrix.parts(role_matrix.DOCS.read_text(encoding="utf-8"))
    assert shown == role_matrix.matrix()
