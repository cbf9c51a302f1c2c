"""No answer before it is durable: where the journal can't be written, the server stops instead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.conftest import PATIENT
from tests.support.client import Answer
from tests.support.documents import encode, purchase
from tests.support.server import Server, serve_command
from tests.support.together import Request, send_together

LARGEST_FILE_KIB = 96
WAVE = 32


def test_a_journal_that_cannot_be_written_ends_the_server_without_a_wrong_answer(
    tmp_path: Path,
) -> None:
    """A full disk, here a bound on the size of a file, which also leaves a record half written.

    What was answered is there after a restart with room; what was not is whole or not there.
    """
    cramped = Server(tmp_path, command=cramped_command())
    roomy = Server(tmp_path, PATIENT)
    try:
        cramped.start().client.open_account("a", FOOD="1000000.00")
        approved, unanswered = buy_until_the_end(cramped)
        assert cramped.wait_end() != 0
        assert len(approved) > WAVE
        spent = 1_000_000 - roomy.start().client.total("a")
        assert all(answer and answer.replayed for answer in buy(roomy, approved))
        whole = sum(answer is not None and answer.replayed for answer in buy(roomy, unanswered))
        assert spent == len(approved) + whole
    finally:
        cramped.end()
        roomy.end()


def cramped_command() -> list[str]:
    """A command line that serves with a bound on how large any file may grow."""
    served = serve_command(Path("{data}"), 0, PATIENT)
    port = served.index("--port") + 1
    served[port] = "{port}"
    return ["bash", "-c", f'ulimit -f {LARGEST_FILE_KIB} && exec "$@"', "bash", *served]


def buy_until_the_end(server: Server) -> tuple[list[str], list[str]]:
    """Buy in waves until one is not answered whole: the ids approved, and those without answer."""
    approved: list[str] = []
    unanswered: list[str] = []
    wave = 0
    while not unanswered:
        wave += 1
        ids = [f"w{wave}-{number}" for number in range(WAVE)]
        for one, answer in zip(ids, buy(server, ids), strict=True):
            assert answer is None or answer.code == "00", answer
            (approved if answer else unanswered).append(one)
    return approved, unanswered


def buy(server: Server, ids: Sequence[str]) -> list[Answer | None]:
    """Purchases of 1.00 under these ids."""
    bodies = [encode(purchase("a", "1.00", id=one)) for one in ids]
    requests = [Request("POST", "/transactions", body) for body in bodies]
    return send_together(server.port, requests, most_connections=WAVE)
