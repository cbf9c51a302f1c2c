"""What was received is answered: by a server that is told to end, and by one that stood still."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import ExitStack

import pytest

from tests.support.documents import encode, purchase
from tests.support.processes import children, paused
from tests.support.server import ALONE, PATIENT, MakeServer, Server, python
from tests.support.waiting import until

STILL_OPEN_S = 1.0
"""For so long a connection is seen to stay open, where its answer can't come yet."""
MANY = 50


def request(method: str, path: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def buys(number: int) -> bytes:
    return request("POST", "/transactions", encode(purchase("a", "1.00", id=f"i{number}")))


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def received(connection: socket.socket, ending: bytes) -> bytes:
    """What comes until it ends so, or the connection does."""
    came = b""
    while not came.endswith(ending):
        try:
            more = connection.recv(1 << 16)
        except ConnectionError:
            break
        if not more:
            break
        came += more
    return came


def is_refused(server: Server) -> bool:
    try:
        connect(server).close()
    except ConnectionError:
        return True
    return False


def drain_has_begun(server: Server, waiting: socket.socket) -> None:
    """Until nobody else is let in; and whoever waits for an answer is still connected."""
    until(lambda: is_refused(server), "refused")
    assert select.select([waiting], [], [], STILL_OPEN_S)[0] == []


def test_a_drain_answers_a_purchase_whose_sync_is_slow(
    make_server: MakeServer, journal_sync: str
) -> None:
    server = make_server(*ALONE)
    gate = server.data.parent / "gate"
    command = [python(), "-m", "tests.support.gated", str(gate), "serve", "--port", "{port}"]
    command += ["--data", "{data}", "--journal-sync", journal_sync]
    server._command = [*command, *ALONE]
    server.start().client.open_account("a", FOOD="10.00")
    gate.touch()
    with connect(server) as waiting:
        waiting.sendall(buys(1))
        until(lambda: b"undurable_records 1.0" in server.client.get("/metrics").body, "appended")
        server.terminate()
        drain_has_begun(server, waiting)
        gate.unlink()
        assert received(waiting, b'{"code":"00"}').endswith(b'{"code":"00"}')
    assert server.wait_end() == 0
    assert server.start().client.balances("a") == {"FOOD": "9.00"}


def test_a_drain_answers_whoever_waits_for_a_slow_report(make_server: MakeServer) -> None:
    server = make_server(*PATIENT).start()
    server.client.open_account("a", FOOD="10.00")
    until(lambda: server.client.get("/chamados").status == 200, "at work")
    (process,) = children(server.process.pid)
    os.kill(process, signal.SIGSTOP)
    try:
        with connect(server) as waiting:
            waiting.sendall(request("GET", "/relatorios/transacoes"))
            assert server.client.get("/health").status == 200
            server.terminate()
            drain_has_begun(server, waiting)
            os.kill(process, signal.SIGCONT)
            answered = received(waiting, b"}")
    finally:
        os.kill(process, signal.SIGCONT)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answered
    assert server.wait_end() == 0


@pytest.mark.parametrize("_round", range(3))
def test_a_drain_answers_what_has_come_in_and_was_not_read_yet(
    make_server: MakeServer, _round: int
) -> None:
    """On connections that were used, on such that were not, and on such that were not accepted."""
    server = make_server(*ALONE).start()
    server.client.open_account("a", FOOD="1000.00")
    with ExitStack() as ending:
        used = [ending.enter_context(connect(server)) for _ in range(MANY)]
        fresh = [ending.enter_context(connect(server)) for _ in range(MANY)]
        for number, one in enumerate(used):
            one.sendall(buys(number))
            assert received(one, b'{"code":"00"}')
        with paused(server):
            late = [ending.enter_context(connect(server)) for _ in range(MANY)]
            server.terminate()
            for number, one in enumerate((*used, *fresh, *late)):
                one.sendall(buys(1000 + number))
        answers = [received(one, b'{"code":"00"}') for one in (*used, *fresh, *late)]
    assert [one.endswith(b'{"code":"00"}') for one in answers] == [True] * 3 * MANY
    assert server.wait_end() == 0
    assert server.start().client.balances("a") == {"FOOD": f"{1000 - 4 * MANY}.00"}


@pytest.mark.parametrize("_round", range(3))
def test_a_server_that_stood_still_answers_what_came_in_meanwhile(
    make_server: MakeServer, _round: int
) -> None:
    """For longer than a connection may be quiet: its timers are due before it reads."""
    server = make_server(*ALONE, "--keep-alive-seconds", "2").start()
    server.client.open_account("a", FOOD="1000.00")
    with ExitStack() as ending:
        used = [ending.enter_context(connect(server)) for _ in range(MANY)]
        for number, one in enumerate(used):
            one.sendall(buys(number))
            assert received(one, b'{"code":"00"}')
        with paused(server):
            for number, one in enumerate(used):
                one.sendall(buys(1000 + number))
            time.sleep(3)  # it is the time that passes on the server that is tried
        answers = [received(one, b'{"code":"00"}') for one in used]
    assert [one.endswith(b'{"code":"00"}') for one in answers] == [True] * MANY


def test_a_quiet_connection_is_closed_when_the_setting_says(make_server: MakeServer) -> None:
    server = make_server(*ALONE, "--keep-alive-seconds", "1").start()
    with connect(server) as fresh, connect(server) as used, connect(server) as half:
        used.sendall(request("GET", "/health"))
        half.sendall(b"POST /transactions HTTP/1.1\r\n")
        assert fresh.recv(1) == b""
        assert received(used, b"nothing ends so").startswith(b"HTTP/1.1 200 ")
        assert half.recv(1) == b""
