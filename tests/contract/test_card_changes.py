"""Cards: replaced, and given another limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import (
    MADE_HERE,
    Document,
    card,
    customer,
    decode_spelled,
    encode,
    money,
    purchase,
)

NewId = Callable[[], str]


class Holder:
    """A customer with one card of 1,000.00, of which 200.00 are used."""

    def __init__(self, client: Client, new_id: NewId, **more: object) -> None:
        self.client = client
        self.customer_id = new_id()
        self.card_id = new_id()
        self.opened = card(self.card_id, "1000.00", "200.00") | more
        assert client.put_customer(customer(self.customer_id, self.opened)).status == 201

    def replace(self, card_id: str | None = None, **members: object) -> Answer:
        document = {"canal": "Central", **members}
        return self.client.post(f"/cartoes/{card_id or self.card_id}/substituicao", document)

    def change_limit(self, total: str, card_id: str | None = None, **members: object) -> Answer:
        document = {"limite_total": money(total), "canal": "Central", **members}
        return self.client.put(f"/cartoes/{card_id or self.card_id}/limite", document)

    def buy(self, card_id: str, amount: str = "1.00") -> Answer:
        return self.client.authorize(purchase(self.customer_id, amount, card=card_id))

    def document(self) -> Document:
        return self.client.customer(self.customer_id)

    def history(self) -> list[Document]:
        entries: list[Document] = self.document()["historico_operacoes"]
        return entries


@pytest.fixture
def holder(client: Client, new_id: NewId) -> Holder:
    return Holder(client, new_id)


def position(client: Client) -> int:
    """The newest event of the journal."""
    found: int = client.get("/health").json()["position"]
    return found


# --- replacement -----------------------------------------------------------------------------


def test_a_card_is_replaced_by_one_with_its_limit_and_both_say_so(
    holder: Holder, new_id: NewId
) -> None:
    new = new_id()
    answer = holder.replace(motivo="roubo", cartao_id=new, numero_mascarado="**** 9999")
    assert answer.status == 201
    replacement = card(new, "1000.00", "200.00") | {
        "numero_mascarado": "**** 9999",
        "substitui": holder.card_id,
    }
    assert answer.spelled() == replacement == holder.client.card(new)
    old = holder.client.card(holder.card_id)
    assert MADE_HERE.fullmatch(old.pop("data_bloqueio"))
    assert old == holder.opened | {
        "status": "cancelado",
        "motivo_bloqueio": "roubo",
        "limite_total": money("0.00"),
        "limite_utilizado": money("0.00"),
        "limite_disponivel": money("0.00"),
        "substituido_por": new,
    }


def test_the_customer_has_the_new_card_and_the_replacement_in_the_history(
    holder: Holder, new_id: NewId
) -> None:
    new = new_id()
    assert holder.replace(motivo="danificado", cartao_id=new).status == 201
    document = holder.document()
    assert [card["cartao_id"] for card in document["cartoes"]] == [holder.card_id, new]
    assert document["cartoes"] == [holder.client.card(holder.card_id), holder.client.card(new)]
    [entry] = document["historico_operacoes"]
    assert MADE_HERE.fullmatch(entry.pop("data"))
    assert entry == {
        "tipo": "substituicao",
        "cartao_id": holder.card_id,
        "motivo": "danificado",
        "substituido_por": new,
        "canal": "Central",
    }
    account = holder.client.get(f"/accounts/{holder.customer_id}").json()
    assert account["cards"] == [holder.card_id, new]


def test_the_document_as_it_stands_changes_nothing_when_it_is_put_again(
    holder: Holder, new_id: NewId
) -> None:
    new = new_id()
    first = holder.document()
    assert holder.replace(motivo="perda", cartao_id=new).status == 201
    assert holder.change_limit("150.00", new, abaixo_do_utilizado=True).status == 200
    assert holder.client.get(f"/cartoes/{new}/limite").status == 200
    document = holder.document()
    before = position(holder.client)
    for put in (document, first):
        answer = holder.client.put_customer(put)
        assert answer.status == 200, answer.body
        assert answer.spelled() == document
    assert position(holder.client) == before


def test_the_new_card_buys_and_the_old_one_never_again(holder: Holder) -> None:
    assert holder.buy(holder.card_id).code == "00"
    new = holder.replace().json()["cartao_id"]
    assert holder.buy(holder.card_id).reason == "card_blocked"
    assert holder.buy(new, "799.01").reason == "insufficient_funds"
    assert holder.buy(new, "799.00").code == "00"
    assert holder.client.card(new)["limite_disponivel"] == money("0.00")


def test_a_new_card_gets_an_id_if_none_is_given(holder: Holder, new_id: NewId) -> None:
    first = holder.replace().json()["cartao_id"]
    assert first == f"{holder.card_id}-2"
    other = customer(new_id(), card(f"{first}-2"))
    assert holder.client.put_customer(other).status == 201
    assert holder.replace(first).json()["cartao_id"] == f"{first}-3"


def test_a_card_whose_id_leaves_no_room_needs_an_id_for_the_new_one(
    client: Client, new_id: NewId
) -> None:
    long = (new_id() + "x" * 128)[:128]
    document = customer(new_id(), card(long))
    assert client.put_customer(document).status == 201
    answer = client.post(f"/cartoes/{long}/substituicao", {"canal": "App"})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["cartao_id"]
    given = {"canal": "App", "cartao_id": new_id()}
    assert client.post(f"/cartoes/{long}/substituicao", given).status == 201


def test_the_same_replacement_again_changes_nothing(holder: Holder, new_id: NewId) -> None:
    new = new_id()
    first = holder.replace(cartao_id=new)
    history = holder.history()
    again = holder.replace(cartao_id=new, motivo="roubo")
    assert (again.status, again.spelled()) == (200, first.spelled())
    assert holder.history() == history


def test_a_cancelled_card_is_final(holder: Holder, new_id: NewId) -> None:
    assert holder.replace(cartao_id=new_id()).status == 201
    path = f"/cartoes/{holder.card_id}"
    before = holder.document()
    block = {"motivo": "roubo", "canal": "App"}
    unblock = {"canal": "App", "justificativa": "achei"}
    for answer in (
        holder.replace(),
        holder.replace(cartao_id=new_id()),
        holder.change_limit("1.00"),
        holder.client.post(f"{path}/bloqueio", block),
        holder.client.post(f"{path}/desbloqueio", unblock),
    ):
        assert answer.status == 409
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert holder.document() == before


def test_the_id_of_another_card_is_not_taken_for_a_new_one(client: Client, new_id: NewId) -> None:
    other = new_id()
    mine = Holder(client, new_id)
    assert client.put_customer(customer(new_id(), card(other))).status == 201
    for taken in (other, mine.card_id):
        assert mine.replace(cartao_id=taken).status == 409
    assert mine.document()["cartoes"] == [mine.opened]


def test_a_final_motive_stays_through_a_replacement(holder: Holder) -> None:
    block = {"motivo": "clonagem", "canal": "App"}
    blocked = holder.client.post(f"/cartoes/{holder.card_id}/bloqueio", block).spelled()
    assert holder.replace(motivo="outro").status == 201
    old = holder.client.card(holder.card_id)
    assert old["motivo_bloqueio"] == "clonagem"
    assert old["data_bloqueio"] == blocked["data_bloqueio"]
    assert holder.history()[-1]["motivo"] == "clonagem"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"canal": None}, "canal"),
        ({"canal": "x" * 41}, "canal"),
        ({"motivo": "azar"}, "motivo"),
        ({"cartao_id": ""}, "cartao_id"),
        ({"cartao_id": "a/b"}, "cartao_id"),
        ({"cartao_id": "x" * 129}, "cartao_id"),
        ({"numero_mascarado": "4111 1111 1111 1111"}, "numero_mascarado"),
        ({"bandeira": " "}, "bandeira"),
        ({"other": 1}, "other"),
    ],
)
def test_a_replacement_that_makes_no_sense_is_422(
    holder: Holder, members: dict[str, Any], field: str
) -> None:
    answer = holder.replace(**members)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert holder.document()["cartoes"] == [holder.opened]


# --- limit -----------------------------------------------------------------------------------


def test_a_limit_is_changed_and_recorded(holder: Holder) -> None:
    answer = holder.change_limit("6000.00")
    assert answer.status == 200
    changed = holder.opened | {
        "limite_total": money("6000.00"),
        "limite_disponivel": money("5800.00"),
    }
    assert answer.spelled() == changed == holder.client.card(holder.card_id)
    [entry] = holder.history()
    assert MADE_HERE.fullmatch(entry.pop("data"))
    assert entry == {
        "tipo": "alteracao_limite",
        "cartao_id": holder.card_id,
        "limite_anterior": money("1000.00"),
        "limite_total": money("6000.00"),
        "canal": "Central",
    }


def test_the_same_limit_again_changes_nothing(holder: Holder) -> None:
    answer = holder.change_limit("1000.00")
    assert (answer.status, answer.spelled()) == (200, holder.opened)
    assert holder.history() == []


def test_a_limit_below_what_is_used_must_say_so(holder: Holder) -> None:
    assert holder.change_limit("199.99").status == 409
    assert holder.change_limit("199.99", abaixo_do_utilizado=False).status == 409
    assert holder.client.card(holder.card_id) == holder.opened
    answer = holder.change_limit("150.00", abaixo_do_utilizado=True)
    assert answer.status == 200
    assert answer.spelled()["limite_disponivel"] == money("-50.00")
    assert holder.buy(holder.card_id, "0.01").code == "51"
    told = holder.client.get(f"/cartoes/{holder.card_id}/limite", canal="App").spelled()
    assert told["limite_disponivel"] == money("-50.00")
    assert holder.history()[-1]["limite_disponivel"] == money("-50.00")


def test_a_limit_of_exactly_what_is_used_is_used_up(holder: Holder) -> None:
    assert holder.change_limit("200.00").status == 200
    assert holder.buy(holder.card_id, "0.01").code == "51"


def test_a_card_without_a_limit_gets_one(client: Client, new_id: NewId) -> None:
    customer_id, card_id = new_id(), new_id()
    bare = {name: text for name, text in card(card_id).items() if not name.startswith("limite")}
    assert client.put_customer(customer(customer_id, bare)).status == 201
    path = f"/cartoes/{card_id}/limite"
    assert client.get(path, canal="App").status == 409
    answer = client.put(path, {"limite_total": money("10.00"), "canal": "App"})
    assert answer.spelled() == card(card_id, "10.00")
    [entry] = client.customer(customer_id)["historico_operacoes"]
    assert "limite_anterior" not in entry


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"limite_total": None}, "limite_total"),
        ({"limite_total": money("-0.01")}, "limite_total"),
        ({"limite_total": money("10.005")}, "limite_total"),
        ({"limite_total": "10.00"}, "limite_total"),
        ({"limite_total": money("1000000000000000.01")}, "limite_total"),
        ({"canal": ""}, "canal"),
        ({"abaixo_do_utilizado": "true"}, "abaixo_do_utilizado"),
        ({"abaixo_do_utilizado": 1}, "abaixo_do_utilizado"),
        ({"motivo": "x"}, "motivo"),
    ],
)
def test_a_limit_that_makes_no_sense_is_422(
    holder: Holder, members: dict[str, Any], field: str
) -> None:
    document = {"limite_total": money("10.00"), "canal": "App", **members}
    answer = holder.client.put(f"/cartoes/{holder.card_id}/limite", document)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert holder.client.card(holder.card_id) == holder.opened


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "substituicao", {"canal": "App"}),
        ("PUT", "limite", {"limite_total": money("1.00"), "canal": "App"}),
    ],
)
def test_an_unknown_card_is_404(
    client: Client, new_id: NewId, method: str, path: str, body: Document
) -> None:
    answer = client.send(method, f"/cartoes/{new_id()}/{path}", encode(body))
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


# --- documents -------------------------------------------------------------------------------


def test_a_document_may_bring_cards_and_lines_as_they_are_given_here(
    client: Client, holder: Holder, new_id: NewId
) -> None:
    """What one server gives another one takes."""
    new = holder.replace(motivo="perda").json()["cartao_id"]
    assert holder.change_limit("150.00", new, abaixo_do_utilizado=True).status == 200
    assert client.get(f"/cartoes/{new}/limite", canal="App").status == 200
    text = encode(holder.document())
    for old_id in (holder.card_id, holder.customer_id):
        text = text.replace(old_id.encode(), new_id().encode())
    moved = decode_spelled(text)
    answer = client.put_customer(moved)
    assert answer.status == 201, answer.body
    assert answer.spelled() == moved == client.customer(moved["cliente_id"])


@pytest.mark.parametrize("status", ["ativo", "bloqueado"])
def test_only_a_cancelled_card_was_replaced(client: Client, new_id: NewId, status: str) -> None:
    more = {"motivo_bloqueio": "roubo"} if status == "bloqueado" else {}
    linked = card(new_id(), status=status, substituido_por="x", **more)
    assert client.put_customer(customer(new_id(), linked)).status == 422


def test_a_card_that_was_replaced_elsewhere_is_not_replaced_here(
    client: Client, new_id: NewId
) -> None:
    old, new = new_id(), new_id()
    linked = card(old, status="cancelado", substituido_por=new)
    assert client.put_customer(customer(new_id(), linked)).status == 201
    asked = {"canal": "App", "cartao_id": new}
    assert client.post(f"/cartoes/{old}/substituicao", asked).status == 409


def test_a_document_that_uses_more_than_its_limit_must_say_so(
    client: Client, new_id: NewId
) -> None:
    over = card(new_id(), "100.00", "150.00")
    assert client.put_customer(customer(new_id(), over)).status == 201
    silent = {name: text for name, text in over.items() if name != "limite_disponivel"}
    assert client.put_customer(customer(new_id(), silent)).status == 422
