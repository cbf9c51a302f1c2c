"""A server with the demo's two weeks, and a browser in which its console is walked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.chromium import Chromium, launched_or_skipped
from tests.support.command_line import done
from tests.support.server import PATIENT, Server


@pytest.fixture(scope="session")
def desk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo data and its story, which tests of the console share."""
    server = Server(tmp_path_factory.mktemp("desk"), PATIENT)
    done("init", "--demo", "--data", server.data)
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """A browser for the tests of a module. Skips them where there is none; in CI that fails."""
    with launched_or_skipped() as found:
        yield found
