"""The wall clock of a running server is set: an hour on, an hour back, a day on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.persistence.state.record import decode
from tests.support.client import Client
from tests.support.command_line import batches
from tests.support.documents import Number, purchase
from tests.support.server import PATIENT, Server, python
from tests.support.waiting import until

HOUR: Final = 3600
DAY: Final = 24 * HOUR


class Clock:
    """The wall clock of a server. At first it is noon in São Paulo: no day ends amid a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._noon = int(15 * HOUR - time.time() % DAY)
        self.set(0)

    def set(self, seconds: int) -> None:
        """Have it so many seconds ahead of what it was at first and what has passed since."""
        new = self.path.with_suffix(".new")
        new.write_text(str(self._noon + seconds))
        new.replace(self.path)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "offset")


@pytest.fixture
def server(tmp_path: Path, clock: Clock) -> Iterator[Server]:
    command = [python(), "-m", "tests.support.stepped_clock", str(clock.path), "serve"]
    made = Server(tmp_path, command=[*command, "--port", "{port}", "--data", "{data}", *PATIENT])
    made.start()
    yield made
    made.end()


def state_of(client: Client) -> str:
    return str(client.get("/health").json()["clock"]["state"])


def becomes(client: Client, state: str) -> None:
    until(lambda: state_of(client) == state, state)


def confirm(server: Server) -> None:
    os.kill(server.process.pid, signal.SIGUSR2)
    becomes(server.client, "agrees")


def buy(client: Client, purchase_id: str) -> str:
    return client.authorize(purchase("a", "10.00", id=purchase_id)).code


def hold(client: Client) -> None:
    document: dict[str, Any] = {"id": "h", "amount": Number("10.00"), "mcc": "5411"}
    document |= {"merchant": "M", "hold_hours": 1}
    assert client.post("/accounts/a/authorizations", document).status == 201


def status_of_hold(client: Client) -> str:
    return str(client.get("/accounts/a/authorizations/h").json()["status"])


def times_go_on(server: Server) -> int:
    """Checks that no event is older than the one before it; how many there are."""
    times = [decode(record).at_us for batch in batches(server.data) for record in batch.records()]
    assert times == sorted(times)
    return len(times)


def test_an_hour_on_and_back_moves_nothing_and_a_confirmed_one_ends_holds(
    server: Server, clock: Clock
) -> None:
    """As docs/operations.md has it: a step is told, and believed once somebody confirms it."""
    client = server.client
    client.open_account("a", FOOD="1000.00")
    hold(client)
    assert buy(client, "right") == "00"
    for seconds, state in ((HOUR + 120, "ahead"), (-HOUR, "behind"), (0, "agrees")):
        clock.set(seconds)
        becomes(client, state)
        assert buy(client, f"{state} {seconds}") == "00"
        assert client.authorize(purchase("a", "10.00", id="right")).replayed
        assert status_of_hold(client) == "pending"
    clock.set(HOUR + 120)
    becomes(client, "ahead")
    confirm(server)
    until(lambda: status_of_hold(client) == "expired", "expired")
    clock.set(0)
    becomes(client, "behind")
    assert buy(client, "behind again") == "00"
    assert client.total("a") == 1000 - 5 * 10
    server.kill()
    client = server.start().client
    assert state_of(client) == "behind"
    assert buy(client, "after a start") == "00"
    assert client.authorize(purchase("a", "10.00", id="right")).replayed
    assert client.total("a") == 1000 - 6 * 10
    assert server.stop() == 0
    times_go_on(server)


def test_a_leap_of_a_day_begins_no_new_day_of_a_limit_before_it_is_confirmed(
    server: Server, clock: Clock
) -> None:
    client = server.client
    client.open_account("a", FOOD="1000.00")
    limit = {"window": "day", "max_count": 2, "mode": "enforce"}
    assert client.put("/accounts/a/limits/two", limit).status == 201
    assert [buy(client, one) for one in ("1", "2")] == ["00", "00"]
    assert buy(client, "3") != "00"
    clock.set(DAY)
    becomes(client, "ahead")
    assert buy(client, "4") != "00"
    confirm(server)
    assert [buy(client, one) for one in ("5", "6")] == ["00", "00"]
    assert buy(client, "7") != "00"
    assert client.authorize(purchase("a", "10.00", id="1")).replayed
    clock.set(0)
    becomes(client, "behind")
    assert buy(client, "8") != "00"
    assert client.total("a") == 1000 - 4 * 10
    assert server.stop() == 0
    assert times_go_on(server) >= 8
