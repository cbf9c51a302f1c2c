"""What one attendant alone may not: erase a person, and set limits above the ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api_keys import key_per_role
from tests.support.client import Answer, Client
from tests.support.documents import Number, card, customer
from tests.support.server import PATIENT, Server, running

Clients = dict[str, Client]

CEILING = ("--attendant-limit-ceiling-cents", "500000")


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    server = Server(tmp_path_factory.mktemp("desk"), (*PATIENT, *CEILING))
    keys = key_per_role(server)
    try:
        server.start()
        yield {role: Client(server.port, key=key) for role, key in keys.items()}
    finally:
        server.end()


def set_limit(client: Client, card_id: str, text: str, **more: Any) -> Answer:
    document = {"limite_total": Number(text), "canal": "Central", **more}
    return client.put(f"/cartoes/{card_id}/limite", document)


def limited(card_id: str, text: str) -> dict[str, Any]:
    return card(
        card_id,
        limite_total=Number(text),
        limite_utilizado=Number("0.00"),
        limite_disponivel=Number(text),
    )


def assert_forbidden(answer: Answer) -> None:
    assert (answer.status, answer.headers["content-type"]) == (403, "application/problem+json")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert "supervisor may" in answer.json()["detail"]


def test_a_limit_above_the_ceiling_takes_a_supervisor(clients: Clients) -> None:
    attendant, supervisor = clients["atendente"], clients["supervisor"]
    assert attendant.put_customer(customer("p1", limited("k1", "5000.00"))).status == 201
    assert set_limit(attendant, "k1", "5000.00").status == 200
    assert_forbidden(set_limit(attendant, "k1", "5000.01"))
    assert_forbidden(set_limit(attendant, "k1", "1000000000000000", abaixo_do_utilizado=True))
    assert attendant.card("k1")["limite_total"] == Number("5000.00")
    assert set_limit(supervisor, "k1", "5000.01").status == 200
    assert set_limit(supervisor, "k1", "1000000000000000").status == 200
    assert_forbidden(set_limit(attendant, "k1", "5000.01"))
    assert set_limit(attendant, "k1", "100.00").status == 200, "below it, from wherever"


def test_a_document_is_no_way_around_it(clients: Clients) -> None:
    attendant, supervisor = clients["atendente"], clients["supervisor"]
    document = customer("p2", limited("k2", "100.00"), limited("k3", "5000.01"))
    assert_forbidden(attendant.put_customer(document))
    assert attendant.get("/clientes/p2").status == 404
    assert supervisor.put_customer(document).status == 201
    assert attendant.put_customer(document).status == 200, "it brings no card that is new"
    assert attendant.put_customer(attendant.customer("p2")).status == 200
    more = customer("p2", limited("k2", "100.00"), limited("k4", "9000.00"))
    assert_forbidden(attendant.put_customer(more))


def test_a_replacement_takes_its_limit_along(clients: Clients) -> None:
    attendant = clients["atendente"]
    document = customer("p3", limited("k5", "7000.00"))
    assert clients["supervisor"].put_customer(document).status == 201
    answer = attendant.post("/cartoes/k5/substituicao", {"canal": "Central", "cartao_id": "k6"})
    assert answer.status == 201
    assert attendant.card("k6")["limite_total"] == Number("7000.00")


def test_erasure_takes_a_supervisor(clients: Clients) -> None:
    attendant = clients["atendente"]
    assert attendant.put_customer(customer("p4", card("k7"))).status == 201
    for role in ("atendente", "operador", "auditor", "terminal"):
        assert_forbidden(clients[role].delete("/clientes/p4/dados-pessoais"))
    assert attendant.get("/clientes/p4").status == 200
    assert clients["supervisor"].delete("/clientes/p4/dados-pessoais").status == 204
    assert attendant.get("/clientes/p4").status == 410


def test_what_is_forbidden_is_counted(clients: Clients) -> None:
    def denied() -> int:
        text = clients["auditor"].get("/metrics").body.decode()
        name = 'authorizer_requests_denied_total{status="403"} '
        return next(int(float(one.split()[-1])) for one in text.splitlines() if name in one)

    before = denied()
    assert_forbidden(set_limit(clients["atendente"], "k1", "5000.01"))
    assert denied() == before + 1


def test_while_there_is_no_key_anybody_may(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("open"), *PATIENT, *CEILING) as server:
        client = server.client
        assert client.put_customer(customer("p", limited("k", "6000.00"))).status == 201
        assert set_limit(client, "k", "7000.00").status == 200
        assert client.delete("/clientes/p/dados-pessoais").status == 204
