"""Bounds that have an answer of their own: the deadline and the number of requests in flight."""

from __future__ import annotations

import http.client
import select
import socket
from collections import Counter
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.documents import card, customer, encode, money, purchase
from tests.support.server import ALONE, PATIENT, MakeServer, Server, ServerEnded, serve_command
from tests.support.together import Request, send_together
from tests.support.waiting import PATIENCE_S


def test_a_decision_past_its_deadline_is_07_and_moves_nothing(make_server: MakeServer) -> None:
    """With a deadline of 0 ms every decision comes too late; nothing else is affected."""
    server = make_server("--deadline-ms", "0").start()
    client = server.client
    client.open_account("a", FOOD="10.00", MEAL="0.00", CASH="0.00")
    assert client.put_customer(customer("c", card("k", "10.00"), conta="a")).status == 201
    for transaction in (
        purchase("a", "10.00"),
        purchase("a", "10.00", id="i"),
        purchase("a", "10.00", mcc="5811", card="k"),
    ):
        answer = client.authorize(transaction)
        assert (answer.code, answer.reason) == ("07", "too_late")
    assert client.authorize({"account": "a"}).reason == "malformed"
    assert client.balances("a") == {"FOOD": "10.00", "MEAL": "0.00", "CASH": "0.00"}
    assert client.card("k")["limite_utilizado"] == money("0.00")


@pytest.mark.parametrize("bound", ["--max-in-flight", "--max-inbox"])
def test_more_than_a_bound_allows_is_07_and_moves_nothing(
    make_server: MakeServer, bound: str
) -> None:
    """One at a time: of many at once some are turned away, and only approvals are paid."""
    server = make_server(bound, "1", *ALONE).start()
    server.client.open_account("a", FOOD="10000.00")
    reasons: list[str | None] = []
    for _ in range(50):
        requests = [
            Request("POST", "/transactions", encode(purchase("a", "1.00"))) for _ in range(64)
        ]
        answers = send_together(server.port, requests)
        reasons += [answer.reason if answer else "no answer" for answer in answers]
        assert all(answer and answer.code in ("00", "07") for answer in answers)
        if "overloaded" in reasons:
            break
    assert set(reasons) == {"approved", "overloaded"}
    spent = Decimal("10000.00") - server.client.total("a")
    assert spent == reasons.count("approved")
    assert server.client.authorize(purchase("a", "1.00")).code == "00", (
        "one alone is never turned away"
    )


def test_accounts_that_sleep_wake_up_as_they_were(make_server: MakeServer) -> None:
    """With room for two awake accounts, every one of many decides as if it had never slept."""
    server = make_server("--max-resident-accounts", "2", *ALONE).start()
    accounts = [f"a{number}" for number in range(40)]
    for account in accounts:
        server.client.open_account(account, FOOD="10.00", CASH="0.00")
    requests = [
        Request("POST", "/transactions", encode(purchase(account, "1.00", id=f"i{number}")))
        for number in range(12)
        for account in accounts
    ]
    for replayed in (False, True):
        answers = send_together(server.port, requests, most_connections=64)
        assert Counter(answer and answer.code for answer in answers) == {"00": 400, "51": 80}
        assert {answer and answer.replayed for answer in answers} == {replayed}
    for account in accounts:
        assert server.client.balances(account) == {"FOOD": "0.00", "CASH": "0.00"}


@pytest.mark.parametrize(
    "flags",
    [
        ("--max-in-flight", "0"),
        ("--deadline-ms", "-1"),
        ("--deadline-ms", "soon"),
        ("--max-inbox", "0"),
        ("--no-such-setting", "1"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    make_server: MakeServer, flags: tuple[str, str]
) -> None:
    server = make_server(*flags)
    with pytest.raises(ServerEnded) as ended:
        server.start()
    assert "status 0" not in str(ended.value)
    assert "Traceback" not in str(ended.value)
    name = flags[0].removeprefix("--")
    assert name in str(ended.value).replace("_", "-")


def test_a_head_without_end_is_refused(server: Server) -> None:
    """After 64 KiB of head there is an answer, or the connection is gone, but no more reading."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
            for number in range(200):
                connection.sendall(b"x-%d: %s\r\n" % (number, b"y" * 1000))
            assert connection.recv(100).startswith(b"HTTP/1.1 431")
        except ConnectionError:
            pass


@pytest.mark.parametrize("kind", ["head", "lines"])
def test_a_long_head_in_one_write_is_refused(server: Server, kind: str) -> None:
    lines = b"x: " + b"y" * 100_000 if kind == "head" else b"x: y\r\n" * 16_000 + b"x: y"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"POST /transactions", b"HTTP/1.1 200 OK\r\n"),
        (b"PUT /accounts/endless", b"HTTP/1.1 413 "),
    ],
)
def test_a_body_without_end_is_answered_and_not_read(
    server: Server, line: bytes, answer: bytes
) -> None:
    """The answer comes though the body goes on; of 50 MB only what the systems hold is taken."""
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.sendall(line + b" HTTP/1.1\r\nHost: localhost\r\n")
        connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2)
        assert connection.recv(1000).startswith(answer)
        sent = 0
        with suppress(ConnectionError):
            while sent < 50_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
        assert sent < 40_000_000


OPEN_FILES = 160
KEPT_FILES = 64


def test_connections_leave_files_for_the_journal(make_server: MakeServer) -> None:
    """With few files allowed there are fewer connections, and new segments and snapshots still."""
    server = make_server(*ALONE)
    served = serve_command(Path("{data}"), 0, (*PATIENT, "--segment-mib", "1"))
    served[served.index("--port") + 1] = "{port}"
    server._command = ["bash", "-c", f'ulimit -n {OPEN_FILES} && exec "$@"', "bash", *served]
    server.start().client.open_account("a", FOOD="1000.00")
    with ExitStack() as ending:
        buyer = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        ending.callback(buyer.close)
        buyer.connect()
        others = [
            ending.enter_context(socket.create_connection(("127.0.0.1", server.port), 60))
            for _ in range(2 * OPEN_FILES)
        ]
        open_ones, closed = list(others), 0
        while closed < len(others) + 1 - (OPEN_FILES - KEPT_FILES):
            readable = select.select(open_ones, [], [], 60)[0]
            assert readable, "more connections than allowed are open"
            for one in readable:
                with suppress(ConnectionError):
                    assert one.recv(1) == b""
                open_ones.remove(one)
                closed += 1
        body = encode(purchase("a", "1.00", merchant="\N{CRAB}" * 1000))
        for _ in range(600):
            buyer.request("POST", "/transactions", body)
            assert buyer.getresponse().read() == b'{"code":"00"}'
        assert len(list((server.data / "journal").glob("*.journal"))) > 2
        assert select.select(open_ones, [], [], 0)[0] == []
    assert server.stop() == 0
    assert list((server.data / "snapshots").glob("*.snapshot"))
