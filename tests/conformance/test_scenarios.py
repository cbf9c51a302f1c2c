"""Every scenario of cases.json holds, and a kill -9 loses nothing of what they left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conformance.run import accounts_lost_by_kill
from tests.conformance.scenarios import Scenario, load_cases
from tests.support.documents import Document
from tests.support.server import PATIENT, Server, running

CASES = load_cases()
PREFIXES = (f"s{number}-" for number in count())


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("conformance"), *PATIENT) as server:
        yield server


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_scenario_holds(own_server: Server, case: Document) -> None:
    scenario = Scenario(case, own_server.port, next(PREFIXES), timed=False)
    assert scenario.run() == []


def test_a_kill_loses_nothing(own_server: Server) -> None:
    scenarios = [
        Scenario(case, own_server.port, next(PREFIXES), timed=False)
        for case in CASES
        if case["level"] in ("L2", "L4")
    ]
    assert [failure for scenario in scenarios for failure in scenario.run()] == []
    accounts = [account for scenario in scenarios for account in scenario.accounts()]
    assert accounts_lost_by_kill(own_server, accounts) == []
