"""A backup that is taken under load, restored elsewhere, is whole and equals the source there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support import documents
from tests.support.backups import digest_at, digest_of_a_start
from tests.support.command_line import done
from tests.support.object_store import s3
from tests.support.server import PATIENT, MakeServer, Server
from tests.support.waiting import until

FLAGS = (*PATIENT, "--segment-mib", "1", "--reports", "false", "--rate-limit-per-second", "0")
CLIENTS = 8


@contextmanager
def load(server: Server) -> Iterator[list[int]]:
    """Purchases of one cent from several clients, and now and then a customer, who is erased."""
    server.client.open_account("1", CASH="1000000.00")
    answered = [0] * CLIENTS
    ended = threading.Event()

    def work(who: int) -> None:
        client = server.client
        while not ended.is_set():
            number = answered[who] + 1
            name = f"{who}-{number}"
            bought = documents.purchase("1", "0.01", id=f"t{name}", merchant="LOJA " * 80)
            assert client.authorize(bought).code == "00"
            if number % 50 == 0:
                assert client.put_customer(documents.customer(f"c{name}")).status == 201
                if number % 100 == 0:
                    assert client.delete(f"/clientes/c{name}/dados-pessoais").status == 204
            answered[who] = number

    workers = [threading.Thread(target=work, args=(who,)) for who in range(CLIENTS)]
    for worker in workers:
        worker.start()
    try:
        yield answered
    finally:
        ended.set()
        for worker in workers:
            worker.join()


def test_it_verifies_and_equals_the_source_at_its_position(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server(*FLAGS).start()
    keys = tmp_path / "keys"
    taken: list[dict[str, Any]] = []
    with s3() as url:
        words = ("--data", server.data, "--to", url, "--keys-to", keys, "--json")
        with load(server) as answered:
            for number in (1, 2):
                until(lambda: sum(answered) >= number * 1600)  # noqa: B023 - it is over by then
                taken.append(json.loads(done("backup", *words)))
        assert server.stop() == 0
        first, last = taken
        assert first["position"] < last["position"]
        assert last["segments"] > 1
        assert last["keys"]["keys"] > 0 < last["keys"]["destroyed"]
        place = ("--keys-from", keys, "--json")
        assert json.loads(done("verify", "--backup", url, *place))["position"] == last["position"]
        other = Server(tmp_path / "elsewhere", FLAGS)
        found = json.loads(done("restore", "--from", url, *place, "--data", other.data))
        assert (found["position"], found["chain"]) == (last["position"], last["chain"])
        assert digest_of_a_start(other.data) == digest_at(server.data, last["position"])
        earlier = tmp_path / "earlier"
        point = ("--at", first["position"], "--data", earlier)
        assert (
            json.loads(done("restore", "--from", url, *place, *point))["position"]
            == first["position"]
        )
        assert digest_of_a_start(earlier) == digest_at(server.data, first["position"])
    done("verify", "--data", server.data, "--expect", f"{last['position']}:{last['chain']}")
    try:
        assert other.start().client.total("1") < 1_000_000
    finally:
        other.end()
