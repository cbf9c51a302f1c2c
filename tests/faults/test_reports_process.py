"""The reports' process dies, or the server does: no row twice, no orphan, no wrong answer."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.client import Client
from tests.support.processes import children, is_gone
from tests.support.server import MakeServer, Server
from tests.support.waiting import until


def buy(client: Client, transaction_id: str) -> None:
    transaction = {"account": "a", "totalAmount": 1, "mcc": "5811", "merchant": "M"}
    assert client.authorize(transaction | {"id": transaction_id}).code == "00"


def bought(client: Client) -> list[str]:
    answer = client.get("/accounts/a/transactions", limit="200")
    assert answer.status == 200, answer
    return [line["id"] for line in answer.json()["transactions"]][::-1]


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    started = make_server().start()
    started.client.open_account("a", MEAL="1000.00")
    buy(started.client, "0")
    assert bought(started.client) == ["0"]
    return started


def test_a_killed_process_is_started_again_and_puts_nothing_in_twice(server: Server) -> None:
    wanted = ["0"]
    for round_number in range(1, 3):
        (reports,) = children(server.process.pid)
        os.kill(reports, signal.SIGKILL)
        for number in range(10):
            wanted.append(f"{round_number}-{number}")
            buy(server.client, wanted[-1])
        until(lambda: server.client.get("/accounts/a/transactions").status == 200, "back")
        assert bought(server.client) == wanted
        assert children(server.process.pid) != [reports]


def test_a_killed_server_takes_its_reports_process_with_it(server: Server) -> None:
    (reports,) = children(server.process.pid)
    os.kill(server.process.pid, signal.SIGKILL)
    server.wait_end()
    until(lambda: is_gone(reports), "gone")
    server.start()
    buy(server.client, "1")
    assert bought(server.client) == ["0", "1"]


def test_a_drained_server_takes_its_reports_process_with_it(server: Server) -> None:
    (reports,) = children(server.process.pid)
    assert server.stop() == 0
    assert is_gone(reports)


def test_tables_that_are_lost_or_broken_do_not_keep_the_authorizer_from_work(
    server: Server,
) -> None:
    assert server.stop() == 0
    folder = server.data / "reports"
    for file in folder.iterdir():
        file.unlink()
    (folder / "reports.sqlite").write_bytes(b"no database" * 1000)
    server.start()
    buy(server.client, "1")
    assert server.client.get("/accounts/a/transactions").status == 503
    assert server.client.get("/health").json()["status"] == "ok"
    (folder / "reports.sqlite").unlink()
    until(lambda: server.client.get("/accounts/a/transactions").status == 200, "made anew")
    assert bought(server.client) == ["0", "1"]
