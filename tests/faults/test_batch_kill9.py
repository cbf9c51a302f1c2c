"""kill -9 in the midst of batches: every line that was answered is durable, decided once."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from pathlib import Path

from tests.support.documents import encode, purchase
from tests.support.server import ALONE, Server
from tests.support.waiting import PATIENCE_S

KILLS = 2
BATCHES = 1
LINES = 1500
ACCOUNTS = 50
KILL_AFTER = 500
"""Answers of one batch."""
PATH = "/transactions/batch"


def lines_of(name: str) -> list[bytes]:
    return [
        encode(purchase(f"a{number % ACCOUNTS}", "1.00", id=f"{name}-{number}"))
        for number in range(LINES)
    ]


def sent(server: Server, lines: list[bytes], kill: bool) -> list[dict[str, str]]:
    """The answers that came to a batch; the server is killed in its midst, or not."""
    body = b"\n".join(lines) + b"\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: {len(body)}\r\n\r\n"
    came = b""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
        writing = threading.Thread(target=_write, args=(connection, head.encode() + body))
        writing.start()
        try:
            while not came.endswith(b"\r\n0\r\n\r\n"):
                part = connection.recv(4096)
                if not part:
                    break
                came += part
                if kill and came.count(b"reason") > KILL_AFTER and server.running:
                    server.kill()
        except OSError:
            pass  # the server is dead
        writing.join()
    found = [line for line in came.split(b"\n") if line.startswith(b"{") and line.endswith(b"}")]
    return [json.loads(line) for line in found]


def _write(connection: socket.socket, data: bytes) -> None:
    try:
        for at in range(0, len(data), 20_000):  # so that it is decided as it comes
            connection.sendall(data[at : at + 20_000])
    except OSError:
        pass  # the server is dead


def test_lines_that_were_answered_survive_every_kill(tmp_path: Path) -> None:
    server = Server(tmp_path, ALONE)
    try:
        client = server.start().client
        for number in range(ACCOUNTS):
            client.open_account(f"a{number}", FOOD="5000.00")
        spent: Counter[str] = Counter()
        for kill in range(KILLS):
            batches = [lines_of(f"{kill}-{number}") for number in range(BATCHES)]
            told = [answer for lines in batches for answer in sent(server, lines, kill=False)]
            cut = lines_of(f"{kill}-cut")
            answered = sent(server, cut, kill=True)
            assert KILL_AFTER < len(answered) <= LINES
            assert len(told) == BATCHES * LINES
            server.start()
            again = sent(server, [line for lines in batches for line in lines][:LINES], kill=False)
            assert again == told[:LINES]
            assert sent(server, cut, kill=False)[: len(answered)] == answered
            for number in range((BATCHES + 1) * LINES):
                spent[f"a{number % ACCOUNTS}"] += 1
            balances = {name: server.client.balances(name)["FOOD"] for name in spent}
            assert balances == {name: f"{5000 - count}.00" for name, count in spent.items()}
    finally:
        server.end()
