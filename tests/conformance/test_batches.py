"""The scenarios of the contract hold where their purchases are lines of batches."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typing_extensions import override

from tests.conformance.scenarios import Scenario, load_cases
from tests.support.documents import Document
from tests.support.server import PATIENT, Server, running

CASES = load_cases()


class BatchScenario(Scenario):
    """A scenario whose purchases one after the other are lines of one batch for each step."""

    lines = 0

    @override
    def _take(self, number: int, step: Document, path: str) -> None:
        if not {"parallel", "concurrent", "method", "headers", "expect_http"}.isdisjoint(step):
            return super()._take(number, step, path)
        body = self._body(step)
        if b"\n" in body or not body.strip():
            return super()._take(number, step, path)
        repeat = step.get("repeat", 1)
        answer = self._client.send("POST", f"{path}/batch", (body + b"\n") * repeat)
        codes = [json.loads(line)["code"] for line in answer.body.splitlines()]
        self.lines += repeat
        expected = step.get("expect_code")
        accepted = {expected, *step.get("accept_codes", ())}
        if len(codes) != repeat or (expected is not None and not accepted.issuperset(codes)):
            self._fail(number, f"{codes}, expected {expected}; sent {body[:160]!r}")
        self._balances_known = self._balances_known and set(codes) <= {expected}
        if self._balances_known:
            self._compare_balances(number, step.get("then_balances", {}))
        return None


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("batches"), *PATIENT) as server:
        yield server


def test_the_scenarios_hold_line_by_line(own_server: Server) -> None:
    scenarios = [
        BatchScenario(case, own_server.port, f"b{number}-", timed=False)
        for number, case in enumerate(CASES)
    ]
    assert [failure for scenario in scenarios for failure in scenario.run()] == []
    assert sum(scenario.lines for scenario in scenarios) > 100
