"""Whoever reads the log may stall: the server goes on, and ends when it is told to."""

from __future__ import annotations

import os
import socket
import subprocess

from tests.support.documents import purchase
from tests.support.pipes import fill
from tests.support.server import ALONE, MakeServer, Server

FLOOD = 2000


def test_a_log_that_nobody_reads_stops_nothing(make_server: MakeServer) -> None:
    server = make_server(*ALONE, "--log-format", "json")
    reading, writing = os.pipe()
    try:
        fill(writing)
        spawn_with_errors_to(server, writing)
        server.wait_ready()
        server.client.open_account("a", FOOD="10.00")
        for _ in range(FLOOD // 100):
            malformed(server, 100)
        assert server.client.authorize(purchase("a", "1.00")).code == "00"
        left_out = metric(server, "authorizer_log_lines_left_out_total")
        assert left_out > FLOOD / 2
        assert server.stop() == 0
    finally:
        os.close(reading)
        os.close(writing)


def spawn_with_errors_to(server: Server, file_number: int) -> None:
    """Start a server whose standard error is this, and that of its processes."""
    original = subprocess.Popen

    def popen(*args: object, **more: object) -> subprocess.Popen[bytes]:
        more["stderr"] = file_number
        return original(*args, **more)  # type: ignore[call-overload, no-any-return]

    subprocess.Popen = popen  # type: ignore[misc, assignment]
    try:
        server.spawn()
    finally:
        subprocess.Popen = original  # type: ignore[misc]


def malformed(server: Server, count: int) -> None:
    """Requests that are none, each on a connection of its own."""
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 400")


def metric(server: Server, name: str) -> float:
    lines = server.client.get("/metrics").body.decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))
