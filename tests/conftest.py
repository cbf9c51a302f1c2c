"""Fixtures that any black-box test may use: a shared server, and servers of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.client import Client
from tests.support.server import PATIENT, MakeServer, Server, running
from tests.support.unclosed import warn_of_unclosed_databases

warn_of_unclosed_databases()
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")  # no test depends on speed


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that all tests share which need no flags of their own and do not end it."""
    with running(tmp_path_factory.mktemp("shared"), *PATIENT) as shared:
        yield shared


@pytest.fixture
def client(server: Server) -> Client:
    """A client of the shared server."""
    return server.client


@pytest.fixture(scope="session")
def _serial() -> Iterator[int]:
    return count(1)


@pytest.fixture
def new_id(_serial: Iterator[int]) -> Callable[[], str]:
    """Makes ids that nothing else on the shared server has."""
    return lambda: f"t{next(_serial)}"


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Makes servers that belong to one test: `make_server("--flag", "value", folder="a")`.

    Nothing is started; call `start()`. Whatever runs when the test ends is killed.
    """
    made: list[Server] = []

    def make(*flags: str, folder: str = "own") -> Server:
        made.append(Server(tmp_path / folder, flags or PATIENT))
        return made[-1]

    yield make
    for server in made:
        server.end()
