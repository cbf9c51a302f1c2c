"""Cards: read, blocked, unblocked, and the limit in real time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import MADE_HERE, Document, card, customer, money, purchase

NewId = Callable[[], str]

FINAL = (
    "perda",
    "extravio",
    "roubo",
    "furto",
    "clonagem",
    "fraude_confirmada",
    "dados_comprometidos",
)
NOT_FINAL = (
    "suspeita_fraude",
    "pedido_cliente",
    "em_analise",
    "inatividade",
    "senha_bloqueada",
    "danificado",
    "outro",
)


class Card:
    """One card of a customer of its own, with 1,000.00 of which 200.00 are used."""

    def __init__(self, client: Client, new_id: NewId) -> None:
        self.client = client
        self.customer_id = new_id()
        self.card_id = new_id()
        self.opened = card(self.card_id, "1000.00", "200.00")
        document = customer(self.customer_id, self.opened)
        assert client.put_customer(document).status == 201

    def block(self, motive: object = "em_analise", channel: object = "App Mobile") -> Answer:
        document = {"motivo": motive, "canal": channel}
        return self.client.post(f"/cartoes/{self.card_id}/bloqueio", document)

    def unblock(self, **members: object) -> Answer:
        document = {"canal": "Central", "justificativa": "cliente identificado"} | members
        return self.client.post(f"/cartoes/{self.card_id}/desbloqueio", document)

    def limit(self, channel: str = "App Mobile") -> Answer:
        return self.client.get(f"/cartoes/{self.card_id}/limite", canal=channel)

    def buy(self, amount: str = "1.00") -> Answer:
        return self.client.authorize(purchase(self.customer_id, amount, card=self.card_id))

    def document(self) -> Document:
        return self.client.card(self.card_id)

    def history(self) -> list[Document]:
        entries: list[Document] = self.client.customer(self.customer_id)["historico_operacoes"]
        return entries


@pytest.fixture
def a_card(client: Client, new_id: NewId) -> Card:
    return Card(client, new_id)


def test_a_card_is_its_part_of_the_customer_document(a_card: Card) -> None:
    assert a_card.document() == a_card.opened
    assert a_card.client.customer(a_card.customer_id)["cartoes"] == [a_card.opened]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "/bloqueio"),
        ("POST", "/desbloqueio"),
        ("GET", "/limite?canal=App"),
    ],
)
def test_an_unknown_card_is_404(client: Client, new_id: NewId, method: str, path: str) -> None:
    body = b'{"motivo":"roubo","canal":"App","justificativa":"x"}'
    if path == "/bloqueio":
        body = b'{"motivo":"roubo","canal":"App"}'
    if path == "/desbloqueio":
        body = b'{"justificativa":"x","canal":"App"}'
    answer = client.send(method, f"/cartoes/{new_id()}{path}", body)
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


# --- block -----------------------------------------------------------------------------------


@pytest.mark.parametrize("motive", FINAL + NOT_FINAL)
def test_a_block_is_answered_with_the_blocked_card(a_card: Card, motive: str) -> None:
    assert a_card.buy().code == "00"
    answer = a_card.block(motive)
    assert answer.status == 200
    seen = answer.spelled()
    assert MADE_HERE.fullmatch(seen.pop("data_bloqueio"))
    expected = a_card.opened | {
        "status": "bloqueado",
        "motivo_bloqueio": motive,
        "limite_utilizado": money("201.00"),
        "limite_disponivel": money("799.00"),
    }
    assert seen == expected
    assert answer.spelled() == a_card.document()
    assert a_card.buy().reason == "card_blocked"
    assert a_card.document()["limite_utilizado"] == money("201.00")


def test_a_block_is_recorded_in_the_history(a_card: Card) -> None:
    blocked = a_card.block("suspeita_fraude", "Central 24h").spelled()
    assert a_card.history() == [
        {
            "tipo": "bloqueio",
            "cartao_id": a_card.card_id,
            "data": blocked["data_bloqueio"],
            "motivo": "suspeita_fraude",
            "canal": "Central 24h",
        }
    ]


def test_the_same_block_again_changes_nothing(a_card: Card) -> None:
    first = a_card.block("roubo")
    history = a_card.history()
    again = a_card.block("roubo", "Outro canal")
    assert (again.status, again.spelled()) == (200, first.spelled())
    assert a_card.history() == history


def test_a_final_motive_replaces_one_that_is_not(a_card: Card) -> None:
    assert a_card.block("suspeita_fraude").status == 200
    assert a_card.block("fraude_confirmada").status == 200
    assert a_card.document()["motivo_bloqueio"] == "fraude_confirmada"
    assert [entry["motivo"] for entry in a_card.history()] == [
        "suspeita_fraude",
        "fraude_confirmada",
    ]
    assert a_card.unblock().status == 409


def test_a_final_motive_is_never_replaced_by_one_that_is_not(a_card: Card) -> None:
    assert a_card.block("clonagem").status == 200
    a_card.block("outro")
    assert a_card.document()["motivo_bloqueio"] == "clonagem"
    assert a_card.unblock().status == 409


def test_an_unknown_motive_is_422_with_the_list(a_card: Card) -> None:
    answer = a_card.block("azar")
    assert answer.status == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "motivo"
    for motive in FINAL + NOT_FINAL:
        assert motive in error["message"]
    assert a_card.document()["status"] == "ativo"


# --- unblock ---------------------------------------------------------------------------------


@pytest.mark.parametrize("motive", NOT_FINAL)
def test_an_unblocked_card_buys_again(a_card: Card, motive: str) -> None:
    assert a_card.block(motive).status == 200
    answer = a_card.unblock()
    assert answer.status == 200
    assert answer.spelled() == a_card.opened == a_card.document()
    assert a_card.buy().code == "00"


def test_an_unblock_is_recorded_in_the_history(a_card: Card) -> None:
    assert a_card.block("em_analise").status == 200
    assert a_card.unblock(canal="Agência 12").status == 200
    _, entry = a_card.history()
    assert MADE_HERE.fullmatch(entry.pop("data"))
    assert entry == {
        "tipo": "desbloqueio",
        "cartao_id": a_card.card_id,
        "canal": "Agência 12",
        "justificativa": "cliente identificado",
    }


@pytest.mark.parametrize("motive", FINAL)
def test_a_final_motive_cannot_be_unblocked(a_card: Card, motive: str) -> None:
    assert a_card.block(motive).status == 200
    answer = a_card.unblock()
    assert answer.status == 409
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert a_card.document()["status"] == "bloqueado"
    assert a_card.buy().reason == "card_blocked"


# --- limit -----------------------------------------------------------------------------------


def test_the_limit_is_that_of_this_moment(a_card: Card) -> None:
    assert a_card.limit().spelled()["limite_disponivel"] == money("800.00")
    assert a_card.buy("0.01").code == "00"
    answer = a_card.limit()
    assert answer.status == 200
    seen = answer.spelled()
    assert MADE_HERE.fullmatch(seen.pop("data"))
    assert seen == {
        "cartao_id": a_card.card_id,
        "limite_total": money("1000.00"),
        "limite_utilizado": money("200.01"),
        "limite_disponivel": money("799.99"),
    }


def test_every_look_at_the_limit_is_recorded_in_the_history(a_card: Card) -> None:
    answers = [a_card.limit(channel).spelled() for channel in ("App Mobile", "WhatsApp")]
    assert a_card.history() == [
        {
            "tipo": "consulta_limite",
            "cartao_id": a_card.card_id,
            "data": answer["data"],
            "limite_disponivel": money("800.00"),
            "canal": channel,
        }
        for answer, channel in zip(answers, ("App Mobile", "WhatsApp"), strict=True)
    ]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
        ("GET", {"X-Moz": "prefetch"}),
        ("HEAD", {"Sec-Purpose": "prefetch"}),
    ],
)
def test_a_look_at_the_limit_that_nobody_takes_leaves_no_history(
    a_card: Card, method: str, headers: dict[str, str]
) -> None:
    """It shows what a look would show."""
    assert a_card.buy("0.01").code == "00"
    path = f"/cartoes/{a_card.card_id}/limite"
    answer = a_card.client.send(method, path, headers=headers)
    assert answer.status == 200
    if method == "GET":
        seen = answer.spelled()
        assert MADE_HERE.fullmatch(seen.pop("data"))
        shown = a_card.limit().spelled()
        assert seen == {name: value for name, value in shown.items() if name != "data"}
    assert len(a_card.history()) == (method == "GET")


def test_a_look_that_nobody_takes_is_refused_as_any_other(client: Client, new_id: NewId) -> None:
    holder, card_id = new_id(), new_id()
    bare = {"cartao_id": card_id, "numero_mascarado": "**** 1", "bandeira": "Visa"}
    document = customer(holder, bare | {"status": "ativo"})
    assert client.put_customer(document).status == 201
    for path, status in ((f"/cartoes/{card_id}/limite", 409), ("/cartoes/unknown/limite", 404)):
        assert client.get(path).status == status
        assert client.send("GET", path, headers={"Purpose": "prefetch"}).status == status
        assert client.send("HEAD", path).status == status


def test_the_limit_of_a_blocked_card_can_be_seen(a_card: Card) -> None:
    assert a_card.block("roubo").status == 200
    assert a_card.limit().spelled()["limite_disponivel"] == money("800.00")


# --- channel and other fields ----------------------------------------------------------------


def test_a_channel_has_up_to_40_characters(a_card: Card) -> None:
    assert a_card.limit("é" * 40).status == 200
    assert a_card.limit("é" * 41).status == 422
    assert a_card.block("em_analise", "x" * 41).status == 422
    assert a_card.document()["status"] == "ativo"
    assert a_card.block("em_analise", "x" * 40).status == 200
    assert a_card.unblock(canal="x" * 41).status == 422
    assert a_card.unblock(canal="x" * 40).status == 200


@pytest.mark.parametrize("channel", [None, "", "  ", 5, ["App"]])
def test_a_block_needs_a_channel(a_card: Card, channel: object) -> None:
    answer = a_card.block("roubo", channel)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["canal"]
    assert a_card.document()["status"] == "ativo"


@pytest.mark.parametrize("motive", [None, "", 5, ["roubo"], "ROUBO"])
def test_a_block_needs_a_motive_of_the_list(a_card: Card, motive: object) -> None:
    answer = a_card.block(motive)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["motivo"]
    assert a_card.document()["status"] == "ativo"


@pytest.mark.parametrize("member", ["canal", "justificativa"])
@pytest.mark.parametrize("value", [None, "", 5])
def test_an_unblock_needs_a_channel_and_a_justification(
    a_card: Card, member: str, value: object
) -> None:
    assert a_card.block("em_analise").status == 200
    answer = a_card.unblock(**{member: value})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [member]
    assert a_card.document()["status"] == "bloqueado"


def test_a_look_at_the_limit_without_a_channel_came_through_the_api(a_card: Card) -> None:
    assert a_card.client.get(f"/cartoes/{a_card.card_id}/limite").status == 200
    [entry] = a_card.history()
    assert (entry["tipo"], entry["canal"]) == ("consulta_limite", "API")
