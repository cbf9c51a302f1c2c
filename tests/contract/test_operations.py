"""Health, metrics, and the life of the process."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import count
from threading import Event, Thread

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.client import Client
from tests.support.documents import encode, purchase
from tests.support.server import ALONE, MakeServer, Server, ServerEnded
from tests.support.together import Request, send_together

NewId = Callable[[], str]


def test_health_says_ok(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.status, answer.json()["status"]) == (200, "ok")
    assert answer.headers["content-type"].startswith("application/json")


# --- metrics ---------------------------------------------------------------------------------


def decisions(client: Client, **labels: str) -> float:
    """How many decisions the metrics count under these labels."""
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples = [
        sample
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
        if sample.name.endswith("_total") and labels.items() <= sample.labels.items()
    ]
    return sum(sample.value for sample in samples)


def test_decisions_are_counted_by_code_reason_and_wallet(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), FOOD="1.00")
    approved = {"code": "00", "reason": "approved", "wallet": "FOOD"}
    before = decisions(client, **approved), decisions(client, reason="insufficient_funds")
    assert client.authorize(purchase(account, "1.00")).code == "00"
    assert client.authorize(purchase(account, "1.00")).code == "51"
    after = decisions(client, **approved), decisions(client, reason="insufficient_funds")
    assert after == (before[0] + 1, before[1] + 1)


def test_latency_is_a_histogram(client: Client) -> None:
    families = text_string_to_metric_families(client.get("/metrics").body.decode())
    assert any(family.type == "histogram" for family in families)


# --- start -----------------------------------------------------------------------------------


def test_the_data_folder_is_made(make_server: MakeServer) -> None:
    server = make_server(*ALONE)
    server.data = server.data / "deep" / "down"
    server.start().client.open_account("a", FOOD="1.00")
    assert server.data.is_dir()


def test_a_second_server_on_the_same_folder_says_so_and_ends(make_server: MakeServer) -> None:
    first = make_server(*ALONE, folder="same").start()
    first.client.open_account("a", FOOD="1.00")
    second = make_server(*ALONE, folder="same")
    second.log_path = second.log_path.with_name("second.log")
    with pytest.raises(ServerEnded) as ended:
        second.start()
    assert "status 0" not in str(ended.value)
    assert "Traceback" not in second.log()
    assert str(first.data) in second.log()
    assert first.client.balances("a") == {"FOOD": "1.00"}
    assert first.stop() == 0
    assert second.start().client.balances("a") == {"FOOD": "1.00"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_no_start_beyond_loopback_while_no_api_key_is_configured(
    make_server: MakeServer, host: str
) -> None:
    server = make_server("--host", host, *ALONE)
    with pytest.raises(ServerEnded) as ended:
        server.start()
    assert "status 0" not in str(ended.value)
    assert "api key" in server.log().lower().replace("-", " ").replace("_", " ")
    assert "Traceback" not in server.log()


# --- SIGTERM ---------------------------------------------------------------------------------


def test_sigterm_ends_with_0_and_keeps_everything(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    server.client.open_account("a", FOOD="10.00")
    assert server.client.authorize(purchase("a", "4.00", id="i")).code == "00"
    assert server.stop() == 0
    client = server.start().client
    assert client.balances("a") == {"FOOD": "6.00"}
    assert client.authorize(purchase("a", "4.00", id="i")).replayed
    assert server.stop() == 0


def test_sigterm_is_quick_with_an_idle_connection_open(make_server: MakeServer) -> None:
    """A keep-alive connection that asks nothing does not hold the end up."""
    server = make_server(*ALONE).start()
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200")
        assert server.stop() == 0


def test_sigterm_under_load_answers_what_it_decided(make_server: MakeServer) -> None:
    """After the restart no id without an answer is known, and only what was approved has moved."""
    server = make_server(*ALONE).start()
    server.client.open_account("a", FOOD="1000000.00")
    decided, unanswered = load_until_the_end(server)
    assert decided
    client = server.start().client
    spent = 1_000_000 - client.total("a")
    assert spent == len(decided)
    for transaction_id in unanswered:
        assert not client.authorize(purchase("a", "1.00", id=transaction_id)).replayed


def load_until_the_end(server: Server) -> tuple[list[str], list[str]]:
    """Purchases of 1.00 in waves of 64 until SIGTERM has ended the server, sent amid the waves.

    Gives the ids that were approved and those that got no answer.
    """
    ids = (f"p{number}" for number in count())
    decided: list[str] = []
    unanswered: list[str] = []
    some_decided = Event()

    def load() -> None:
        while not unanswered:
            wave = [next(ids) for _ in range(64)]
            bodies = [encode(purchase("a", "1.00", id=one)) for one in wave]
            try:
                answers = send_together(
                    server.port, [Request("POST", "/transactions", body) for body in bodies]
                )
            except OSError:
                return
            for one, answer in zip(wave, answers, strict=True):
                (decided if answer and answer.code == "00" else unanswered).append(one)
            if len(decided) > 256:
                some_decided.set()

    loader = Thread(target=load)
    loader.start()
    assert some_decided.wait(60)
    server.terminate()
    loader.join()
    assert server.wait_end() == 0, server.log()
    return decided, unanswered
