"""What the queries of one database keep in memory is nothing to those of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US
from authorizer.followers.reports.follower import ReportsFollower
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.database import open_database
from tests.followers.reports.house import House
from tests.support.purchase_events import approved
from tests.support.ticket_events import START_US, opened

WEEK: Final = {"start_us": START_US, "end_us": START_US + 7 * DAY_US, "time_zone": "UTC"}
DESK: Final = {"now_us": START_US + 7 * DAY_US, "hours": None}


class Base:
    """A database of its own, and a follower as a process has it."""

    def __init__(self, file: Path, *events: Event) -> None:
        self.house = House(open_database(f"sqlite:///{file}"))
        self.house.project(*events)
        self.follower = ReportsFollower(self.house.engine, LocalDays("UTC"))

    def opened(self) -> list[tuple[str, int]]:
        """How many tickets were opened, by category."""
        asked = {**WEEK, **DESK, "by": "categoria"}
        report: Any = self.follower.answer("service_report", asked)
        return [(group["grupo"], group["abertos"]) for group in report["grupos"]]

    def bought(self) -> list[tuple[str, int]]:
        """How many purchases were approved, by merchant."""
        report: Any = self.follower.answer("transaction_report", {**WEEK, "by": "estabelecimento"})
        return [
            (group["grupo"], group["aprovadas"]["quantidade"])
            for group in sorted(report["grupos"], key=lambda group: str(group["grupo"]))
        ]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Base]:
    tickets = [opened(str(number), number, category="cartao") for number in range(3)]
    base = Base(tmp_path / "one.sqlite", *tickets, approved(100, merchant="One"))
    yield base
    base.house.engine.dispose()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Base]:
    tickets = [opened(str(number), number, category="app") for number in range(4)]
    base = Base(tmp_path / "other.sqlite", *tickets, approved(100, merchant="Other"))
    yield base
    base.house.engine.dispose()


def test_two_databases_in_one_process_share_nothing(one: Base, other: Base) -> None:
    for _ in range(2):
        assert (one.opened(), one.bought()) == ([("cartao", 3)], [("One", 1)])
        assert (other.opened(), other.bought()) == ([("app", 4)], [("Other", 1)])
