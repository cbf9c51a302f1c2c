"""No answer before it is durable: where the journal can't be written, the server stops instead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.client import Answer
from tests.support.documents import encode, purchase
from tests.support.server import ALONE, Server, serve_command
from tests.support.together import Request, send_together

LARGEST_FILE_KIB = 96
"""A server without the process of the reports, of which nothing is asked here."""
WAVE = 32


def test_a_journal_that_cannot_be_written_ends_the_server_without_a_wrong_answer(
    tmp_path: Path,
) -> None:
    """A full disk, here a bound on the size of a file, which also leaves a record half written.

    What was answered is there after a restart with room; what was not is whole or not there.
    """
    cramped = Server(tmp_path, command=cramped_command())
    roomy = Server(tmp_path, ALONE)
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


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_wallets_stay_as_they_were_decided_whatever_table_holds_now(
    with_snapshot: bool, tmp_path: Path
) -> None:
    """A restart decides nothing again: the wallet that paid is in the event."""
    before = Server(tmp_path, ALONE)
    other_table = ("--wallet-by-mcc", "5411=CASH,5811=FOOD", "--fallback-wallet", "MEAL")
    after = Server(tmp_path, (*ALONE, *other_table))
    try:
        client = before.start().client
        client.open_account("a", FOOD="100.00", MEAL="100.00", CASH="100.00")
        for mcc, amount in (("5411", "1.00"), ("5811", "20.00"), ("4111", "0.30")):
            assert client.authorize(purchase("a", amount, mcc=mcc)).code == "00"
        balances = client.balances("a")
        assert balances == {"FOOD": "99.00", "MEAL": "80.00", "CASH": "99.70"}
        if with_snapshot:
            assert before.stop() == 0
        else:
            before.kill()
        assert any((before.data / "snapshots").glob("*.snapshot")) is with_snapshot
        client = after.start().client
        assert client.balances("a") == balances
        assert client.authorize(purchase("a", "1.00", mcc="5411")).code == "00"
        assert client.balances("a") == {"FOOD": "99.00", "MEAL": "80.00", "CASH": "98.70"}
    finally:
        before.end()
        after.end()


def cramped_command() -> list[str]:
    """A command line that serves with a bound on how large any file may grow."""
    served = serve_command(Path("{data}"), 0, ALONE)
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
