"""Ten thousand clients that are idle, slow or half done: nobody else is kept waiting by them."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.client import Client
from tests.support.documents import encode, purchase
from tests.support.server import PATIENT, Server
from tests.support.waiting import PATIENCE_S, until

MANY: Final = int(os.environ.get("SLOW_CLIENTS") or 10_000)
DRIPPING: Final = 300
SPARE_FILES: Final = 500
SOME: Final = 10
"""File handles of a server that come and go: a connection that ended just now, a segment."""
LEAST_BYTES_EACH: Final = 64 * 1024
"""What a connection may take at most that has sent next to nothing; a tenth is usual."""
BODY: Final = encode(purchase("a", "1.00"))
HEAD: Final = b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
REQUEST: Final = HEAD % len(BODY) + BODY
BEGINNINGS: Final = (
    b"",
    b"P",
    REQUEST[:30],
    REQUEST[: -len(BODY)],
    REQUEST[:-1],
    b"GET /accounts/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /acc",
)
"""What a client has sent before it falls silent: nothing, half a head, half a body."""
BATCH: Final = b"POST /transactions/batch HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n"
BATCHES: Final = 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path, (*PATIENT, "--reports", "false"))
    yield made
    made.end()


@contextmanager
def many_files(count: int) -> Iterator[None]:
    """This process may have so many files open; skipped where the system does not let it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        pytest.skip(f"a process may have {hard} files open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)


def beginning(number: int) -> bytes:
    """What the nth client sends before it falls silent."""
    return BATCH if number < BATCHES else BEGINNINGS[number % len(BEGINNINGS)]


def buy(client: Client, count: int) -> None:
    for _ in range(count):
        assert client.authorize(purchase("a", "1.00")).code == "00"


def memory_bytes(server: Server) -> int:
    """What a server has in memory."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_ten_thousand_that_are_silent_keep_nobody_waiting(server: Server) -> None:
    """Each has sent nothing, or half of something. They take little memory, and leave none."""
    server.flags += ("--keep-alive-seconds", "86400")
    with many_files(MANY + SPARE_FILES):
        client = server.start().client
        client.open_account("a", CASH="1000000.00")
        buy(client, 20)
        files, before = open_files(server), memory_bytes(server)
        peaks: list[int] = []
        for _ in range(2):
            with ExitStack() as opened:
                for number in range(MANY):
                    one = opened.enter_context(connect(server))
                    one.sendall(beginning(number))
                until(lambda: open_files(server) >= files + MANY - SOME, "accepted")
                buy(client, 50)
                peaks.append(memory_bytes(server))
            until(lambda: open_files(server) <= files + SOME, "gone")
        buy(client, 20)
    assert peaks[0] - before < MANY * LEAST_BYTES_EACH
    assert peaks[1] - peaks[0] < MANY * LEAST_BYTES_EACH / 8
    assert client.get("/metrics").body.count(b"authorizer_connections_refused_total 0.0") == 1


def test_who_sends_a_byte_at_a_time_is_answered_and_so_is_everybody_else(server: Server) -> None:
    """Heads and bodies that drip, on hundreds of connections; between the drops others buy."""
    with many_files(DRIPPING + SPARE_FILES), ExitStack() as opened:
        client = server.start().client
        client.open_account("a", CASH="1000000.00")
        dripping = [opened.enter_context(connect(server)) for _ in range(DRIPPING)]
        for number, one in enumerate(dripping):
            one.sendall(REQUEST[: number % len(REQUEST)])
        for drop in range(len(REQUEST)):
            for number, one in enumerate(dripping):
                at = number % len(REQUEST) + drop
                one.sendall(REQUEST[at : at + 1])
            if drop % 10 == 0:
                buy(client, 1)
        for one in dripping:
            assert one.recv(1000).startswith(b"HTTP/1.1 200 OK")
        assert client.total("a") == 1_000_000 - DRIPPING - len(range(0, len(REQUEST), 10))


def test_those_that_fall_silent_are_closed_and_nothing_of_theirs_has_happened(
    server: Server,
) -> None:
    """Also with a request that is only half there; who goes on buying is not closed."""
    server.flags += ("--keep-alive-seconds", "1")
    client = server.start().client
    client.open_account("a", CASH="1000.00")
    with ExitStack() as opened:
        silent = [opened.enter_context(connect(server)) for _ in range(2 * BATCHES)]
        for number, one in enumerate(silent):
            one.sendall(beginning(number))
        for one in silent:
            with suppress(ConnectionError):
                while one.recv(1000):
                    pass
    assert client.total("a") == 1000
    assert client.get("/health").json()["position"] == 2  # its settings, and the account


# --- no more files -------------------------------------------------------------------------------


def limit_files(server: Server, count: int) -> int:
    """Let a running server have so many files open; the limit before."""
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, hard))
    return soft


def test_where_no_file_can_be_opened_those_that_are_connected_go_on(server: Server) -> None:
    """Others wait, or are closed; with files to be had again they are let in."""
    client = server.start().client
    client.open_account("a", CASH="1000.00")
    with connect(server) as connected:
        ask(connected)
        before = limit_files(server, open_files(server))
        with ExitStack() as opened:
            waiting = [opened.enter_context(connect(server)) for _ in range(40)]
            for one in waiting:
                with suppress(ConnectionError):
                    one.sendall(REQUEST)
            for _ in range(50):
                ask(connected)
            assert server.running
            limit_files(server, before)
            answered = sum(is_answered(one) for one in waiting)
            for _ in range(10):
                ask(connected)
        until(lambda: can_buy(server), "let in")
        assert client.total("a") == 1000 - 1 - 50 - 10 - answered - 1


def ask(connected: socket.socket) -> None:
    connected.sendall(REQUEST)
    assert connected.recv(1000).startswith(b"HTTP/1.1 200 OK")


def is_answered(one: socket.socket) -> bool:
    try:
        return one.recv(1000).startswith(b"HTTP/1.1 200 OK")
    except ConnectionError:
        return False


def can_buy(server: Server) -> bool:
    try:
        with connect(server) as one:
            one.sendall(REQUEST)
            return is_answered(one)
    except OSError:
        return False
