"""Scenarios of a purchase's life: loaded, made, replayed, and read again after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.conformance.life_expected import document_of
from tests.conformance.life_random import RandomLife
from tests.conformance.life_steps import LifeScenario
from tests.support.client import Client, path_of
from tests.support.documents import Document, decode
from tests.support.server import Server

LIVES: Final = Path(__file__).with_name("lifecycle.json")


def load_lives(path: Path = LIVES, only: str = "") -> list[Document]:
    """The scenarios whose id starts with `only`. Amounts keep their digits."""
    cases: list[Document] = decode(path.read_bytes())["scenarios"]
    return [case for case in cases if case["id"].startswith(only)]


def restarts(case: Document) -> bool:
    """Whether a scenario kills the server."""
    return bool(case.get("restart_at")) or any("restart" in s for s in case.get("steps", []))


def life(
    case: Document, client: Callable[[], Client], restart: Callable[[], None], prefix: str
) -> LifeScenario:
    """The scenario of a case."""
    kind = RandomLife if case.get("kind") == "random" else LifeScenario
    return kind(case, client, restart, prefix)


def life_on(server: Server, case: Document, prefix: str) -> LifeScenario:
    """The scenario of a case on a server that it may kill."""
    return life(case, lambda: server.client, lambda: killed_and_started(server), prefix)


def killed_and_started(server: Server) -> None:
    """kill -9, and a start on the same folder."""
    server.kill()
    server.start()


def answers_changed_by_kill(server: Server, scenarios: Iterable[LifeScenario]) -> list[str]:
    """The accounts, balances and purchases that read otherwise after a kill -9 and a start."""
    paths = [path for scenario in scenarios for path in paths_of(scenario)]
    before = answers(server.client, paths)
    killed_and_started(server)
    after = answers(server.client, paths)
    return [path for path in paths if before[path] != after[path]]


def paths_of(scenario: LifeScenario) -> list[str]:
    """Where all that a scenario left can be read."""
    accounts = [path_of("accounts", scenario.prefix + name) for name in scenario.accounts()]
    return [
        *accounts,
        *(f"{path}/balances" for path in accounts),
        *(
            path_of("accounts", scenario.prefix + owner, "authorizations", scenario.prefix + one)
            for owner, one in sorted(scenario.books.purchases)
        ),
    ]


def answers(client: Client, paths: Sequence[str]) -> dict[str, tuple[int, Any]]:
    """The status and the document of each path."""
    read = {path: client.get(path) for path in paths}
    return {path: (answer.status, document_of(answer)) for path, answer in read.items()}
