"""The main job, told in the order of the two documents, with a kill -9 between the chapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import Document, decode_spelled, money, purchase
from tests.support.server import ALONE, Server, running

PAYLOAD = (
    b'{\n\t"account": "123",\n\t"totalAmount": 100.00,\n\t"mcc": "5811",\n'
    b'\t"merchant": "PADARIA DO ZE               SAO PAULO BR"\n}'
)
"""The transaction of the challenge, byte for byte."""

MERCHANTS = {
    "UBER TRIP                   SAO PAULO BR": "4121",
    "UBER EATS                   SAO PAULO BR": "5812",
    "PAG*JoseDaSilva          RIO DE JANEI BR": "5411",
    "PICPAY*BILHETEUNICO           GOIANIA BR": "4131",
}
"""The merchants of the challenge: a ride, a meal, a grocer behind a terminal, a bus ticket."""

SEED = Path(__file__).with_name("seed-customer.json")
BLOCKED_CARD, ACTIVE_CARD = "987654321", "123987654"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, *ALONE) as one:
        yield one


def kill_and_start(server: Server) -> Client:
    server.kill()
    return server.start().client


def send_payload(client: Client) -> Answer:
    return client.send("POST", "/transactions", PAYLOAD, {"Content-Type": "application/json"})


def test_the_payload_of_the_challenge(server: Server) -> None:
    """L1: MCC 5811 is MEAL. L2: when MEAL is empty CASH pays. Then nothing covers it: 51."""
    client = server.client
    client.open_account("123", FOOD="1000.00", MEAL="100.00", CASH="199.99")

    answer = send_payload(client)
    assert (answer.status, answer.body) == (200, b'{"code":"00"}')
    assert client.balances("123") == {"FOOD": "1000.00", "MEAL": "0.00", "CASH": "199.99"}

    answer = send_payload(client)
    assert (answer.status, answer.body) == (200, b'{"code":"00"}')
    assert client.balances("123") == {"FOOD": "1000.00", "MEAL": "0.00", "CASH": "99.99"}

    client = kill_and_start(server)
    answer = send_payload(client)
    assert (answer.status, answer.body) == (200, b'{"code":"51"}')
    assert client.balances("123") == {"FOOD": "1000.00", "MEAL": "0.00", "CASH": "99.99"}


def test_the_payload_for_an_account_that_is_not_there(server: Server) -> None:
    answer = send_payload(server.client)
    assert (answer.status, answer.body) == (200, b'{"code":"07"}')


def test_the_merchants_of_the_challenge(server: Server) -> None:
    """L3: the name of the merchant beats the MCC that the terminal sent, after a kill -9 too."""
    client = server.client
    client.open_account("123", FOOD="10.00", MEAL="10.00", CASH="20.00")
    for name, mcc in MERCHANTS.items():
        assert client.put("/merchants", {"name": name, "mcc": mcc}).status == 201

    client = kill_and_start(server)
    assert client.get("/merchants").status == 200
    for name in MERCHANTS:
        assert client.authorize(purchase("123", "10.00", mcc="5811", merchant=name)).code == "00"
    assert client.balances("123") == {"FOOD": "0.00", "MEAL": "0.00", "CASH": "0.00"}

    client = kill_and_start(server)
    for name, mcc in MERCHANTS.items():
        assert client.put("/merchants", {"name": name, "mcc": mcc}).status == 200


def test_the_customer_of_the_seed(server: Server) -> None:
    """Put, read back, a purchase on the active card's limit, one refused on the blocked card."""
    client = server.client
    seed: Document = decode_spelled(SEED.read_bytes())
    path = f"/clientes/{seed['cliente_id']}"

    assert client.send("PUT", path, SEED.read_bytes()).status == 201
    assert client.get(path).spelled() == seed
    assert client.send("PUT", path, SEED.read_bytes()).status == 200
    assert client.get(path).spelled() == seed

    account = client.get("/accounts/12345").spelled()
    assert account["cliente_id"] == "12345"
    assert sorted(account["cards"]) == sorted([BLOCKED_CARD, ACTIVE_CARD])
    assert set(account["balances"].values()) == {money("0.00")}

    bought = purchase("12345", "1500.00", mcc="5311", card=ACTIVE_CARD, id="geladeira")
    answer = client.authorize(bought)
    assert (answer.code, answer.reason) == ("00", "approved")
    refused = purchase("12345", "15.00", mcc="5311", card=BLOCKED_CARD, id="farol")
    answer = client.authorize(refused)
    assert (answer.code, answer.reason) == ("07", "card_blocked")

    client = kill_and_start(server)
    blocked, active = seed["cartoes"]
    active |= {"limite_utilizado": money("4000.00"), "limite_disponivel": money("3000.00")}
    assert client.get(path).spelled() == seed
    assert client.card(ACTIVE_CARD) == active
    assert client.card(BLOCKED_CARD) == blocked
    assert client.send("PUT", path, SEED.read_bytes()).status == 200, "the seed was put already"
    assert client.get(path).spelled() == seed

    again = client.authorize(bought)
    assert (again.code, again.replayed) == ("00", True)
    again = client.authorize(refused)
    assert (again.code, again.reason, again.replayed) == ("07", "card_blocked", True)
    assert client.authorize(purchase("12345", "3000.01", card=ACTIVE_CARD)).code == "51"
    assert client.authorize(purchase("12345", "3000.00", card=ACTIVE_CARD)).code == "00"


def test_a_lost_card_is_blocked_for_good(server: Server) -> None:
    """Over the phone: the limit is looked at, the card blocked. A kill -9 helps no thief."""
    client = server.client
    seed: Document = decode_spelled(SEED.read_bytes())
    assert client.send("PUT", "/clientes/12345", SEED.read_bytes()).status == 201

    limit = client.get(f"/cartoes/{ACTIVE_CARD}/limite", canal="Central")
    assert limit.spelled()["limite_disponivel"] == money("4500.00")
    block = {"motivo": "perda", "canal": "Central"}
    blocked = client.post(f"/cartoes/{ACTIVE_CARD}/bloqueio", block)
    assert blocked.status == 200

    client = kill_and_start(server)
    assert client.card(ACTIVE_CARD) == blocked.spelled()
    assert client.authorize(purchase("12345", "1.00", card=ACTIVE_CARD)).reason == "card_blocked"
    unblock = {"canal": "Central", "justificativa": "achei"}
    assert client.post(f"/cartoes/{ACTIVE_CARD}/desbloqueio", unblock).status == 409

    history = client.customer("12345")["historico_operacoes"]
    assert history[:2] == seed["historico_operacoes"]
    assert [entry["tipo"] for entry in history[2:]] == ["consulta_limite", "bloqueio"]
    assert history[2]["data"] == limit.spelled()["data"]
    assert history[3]["data"] == blocked.spelled()["data_bloqueio"]
