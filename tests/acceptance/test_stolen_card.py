"""A stolen card is blocked and replaced; a kill -9 comes between any two chapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_main_job import ACTIVE_CARD, BLOCKED_CARD, SEED, kill_and_start
from tests.support.documents import decode_spelled, money, purchase
from tests.support.server import PATIENT, Server, running

NEW_CARD = "123987655"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, *PATIENT) as one:
        yield one


def test_the_owner_of_a_stolen_card_gets_a_new_one(server: Server) -> None:
    client = server.client
    seed = decode_spelled(SEED.read_bytes())
    assert client.put_customer(seed).status == 201
    client.authorize(purchase("12345", "100.00", card=ACTIVE_CARD))
    block = {"motivo": "furto", "canal": "Central"}
    assert client.post(f"/cartoes/{ACTIVE_CARD}/bloqueio", block).status == 200
    assert client.authorize(purchase("12345", "1.00", card=ACTIVE_CARD)).reason == "card_blocked"
    replacement = {"canal": "Central", "cartao_id": NEW_CARD}
    answer = client.post(f"/cartoes/{ACTIVE_CARD}/substituicao", replacement)
    assert answer.status == 201

    client = kill_and_start(server)
    assert client.card(NEW_CARD) == answer.spelled()
    assert client.card(NEW_CARD)["limite_disponivel"] == money("4400.00")
    assert client.card(NEW_CARD)["substitui"] == ACTIVE_CARD
    assert client.card(ACTIVE_CARD)["substituido_por"] == NEW_CARD
    assert client.card(ACTIVE_CARD)["motivo_bloqueio"] == "furto"
    again = client.post(f"/cartoes/{ACTIVE_CARD}/substituicao", replacement)
    assert (again.status, again.spelled()) == (200, answer.spelled())
    limit = {"limite_total": money("8000.00"), "canal": "Central"}
    assert client.put(f"/cartoes/{NEW_CARD}/limite", limit).status == 200
    assert client.authorize(purchase("12345", "5400.00", card=NEW_CARD)).code == "00"

    client = kill_and_start(server)
    assert client.authorize(purchase("12345", "0.01", card=NEW_CARD)).code == "51"
    assert client.authorize(purchase("12345", "0.01", card=ACTIVE_CARD)).reason == "card_blocked"
    document = client.customer("12345")
    assert [card["cartao_id"] for card in document["cartoes"]] == [
        BLOCKED_CARD,
        ACTIVE_CARD,
        NEW_CARD,
    ]
    assert [line["tipo"] for line in document["historico_operacoes"]] == [
        "bloqueio",
        "consulta_limite",
        "bloqueio",
        "substituicao",
        "alteracao_limite",
    ]
    for put in (document, seed):
        answer = client.put_customer(put)
        assert (answer.status, answer.spelled()) == (200, document)
