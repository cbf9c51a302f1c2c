"""Every scenario of lifecycle.json holds, and a kill -9 loses nothing of what they left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conformance.lifecycle import answers_changed_by_kill, life_on, load_lives
from tests.support.documents import Document
from tests.support.server import PATIENT, Server, running

CASES = load_lives()
PREFIXES = (f"v{number}-" for number in count())


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("lives"), *PATIENT) as server:
        yield server


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_life_holds(own_server: Server, case: Document) -> None:
    assert life_on(own_server, case, next(PREFIXES)).run() == []


def test_a_kill_changes_no_answer(own_server: Server) -> None:
    lives = [life_on(own_server, case, next(PREFIXES)) for case in CASES[::3]]
    assert [failure for one in lives for failure in one.run()] == []
    assert answers_changed_by_kill(own_server, lives) == []
