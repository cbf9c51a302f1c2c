"""The customer document: put, read back the same, put again, and what it may change."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import Document, Number, card, customer, money, purchase

NewId = Callable[[], str]


@pytest.fixture
def document(new_id: NewId) -> Document:
    """A customer with a card in use, a blocked card, and a history; not put yet."""
    active, blocked = new_id(), new_id()
    return customer(
        new_id(),
        card(active, "700.00", "250.00"),
        card(
            blocked,
            "500.00",
            "320.00",
            status="bloqueado",
            motivo_bloqueio="roubo",
            data_bloqueio="2025-02-24T15:30:00Z",
        ),
        historico_operacoes=[
            {
                "tipo": "bloqueio",
                "cartao_id": blocked,
                "data": "2025-02-24T15:30:00Z",
                "motivo": "roubo",
                "canal": "App Mobile",
            },
            {
                "tipo": "consulta_limite",
                "cartao_id": blocked,
                "data": "2025-02-24T16:00:00.500Z",
                "limite_disponivel": money("180.00"),
                "canal": "App Mobile",
            },
        ],
    )


def changed_card(document: Document, index: int, **members: object) -> Document:
    """The document with some members of one card replaced."""
    cards = list(document["cartoes"])
    cards[index] = cards[index] | members
    return document | {"cartoes": cards}


def spend(client: Client, document: Document, amount: str) -> None:
    """Buy on the limit of the first card."""
    card_id = document["cartoes"][0]["cartao_id"]
    transaction = purchase(document["cliente_id"], amount, card=card_id)
    assert client.authorize(transaction).code == "00"


# --- put and read ----------------------------------------------------------------------------


def test_what_was_put_is_read_back(client: Client, document: Document) -> None:
    """Field for field; money with two decimals; imported times exactly as written."""
    assert client.put_customer(document).status == 201
    assert client.customer(document["cliente_id"]) == document


def test_money_may_be_put_in_any_spelling(client: Client, new_id: NewId) -> None:
    loose = card(new_id()) | {
        "limite_total": Number("1e3"),
        "limite_utilizado": Number("0"),
        "limite_disponivel": Number("1000.000"),
    }
    assert client.put_customer(customer(new_id(), loose)).status == 201
    assert client.card(loose["cartao_id"])["limite_total"] == money("1000.00")


def test_the_same_document_again_changes_nothing(client: Client, document: Document) -> None:
    assert client.put_customer(document).status == 201
    assert client.put_customer(document).status == 200
    assert client.customer(document["cliente_id"]) == document


def test_the_same_document_again_changes_nothing_after_the_card_was_used(
    client: Client, document: Document
) -> None:
    assert client.put_customer(document).status == 201
    spend(client, document, "30.00")
    used = changed_card(
        document, 0, limite_utilizado=money("280.00"), limite_disponivel=money("420.00")
    )
    assert client.customer(document["cliente_id"]) == used
    for either in (document, used):
        assert client.put_customer(either).status == 200
        assert client.customer(document["cliente_id"]) == used


def test_what_was_read_may_be_put(client: Client, document: Document) -> None:
    """Also after a block, which changes the card and the history."""
    assert client.put_customer(document).status == 201
    card_id = document["cartoes"][0]["cartao_id"]
    block = {"motivo": "perda", "canal": "App"}
    assert client.post(f"/cartoes/{card_id}/bloqueio", block).status == 200
    seen = client.customer(document["cliente_id"])
    assert client.put_customer(seen).status == 200
    assert client.customer(document["cliente_id"]) == seen


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("nome", "Maria S. Lima"),
        ("cpf", "987.654.321-00"),
        ("telefone", "+55 11 90000-0000"),
        ("email", "ms@example.com"),
    ],
)
def test_personal_fields_may_be_replaced(
    client: Client, document: Document, member: str, value: str
) -> None:
    assert client.put_customer(document).status == 201
    assert client.put_customer(document | {member: value}).status == 200
    assert client.customer(document["cliente_id"]) == document | {member: value}


@pytest.mark.parametrize(
    "members",
    [
        {"limite_total": money("800.00"), "limite_disponivel": money("550.00")},
        {"limite_utilizado": money("0.00"), "limite_disponivel": money("700.00")},
        {"bandeira": "Elo"},
        {"numero_mascarado": "**** **** **** 0000"},
    ],
)
def test_a_card_that_is_neither_as_it_was_put_nor_as_it_is_now_is_a_conflict(
    client: Client, document: Document, members: Document
) -> None:
    assert client.put_customer(document).status == 201
    spend(client, document, "30.00")
    before = client.customer(document["cliente_id"])
    assert client.put_customer(changed_card(document, 0, **members)).status == 409
    assert client.customer(document["cliente_id"]) == before


def test_new_cards_of_a_later_document_are_opened(
    client: Client, document: Document, new_id: NewId
) -> None:
    assert client.put_customer(document).status == 201
    more = document | {"cartoes": [*document["cartoes"], card(new_id(), "50.00")]}
    assert client.put_customer(more).status == 200
    assert client.customer(document["cliente_id"]) == more
    third = more["cartoes"][2]["cartao_id"]
    answer = client.authorize(purchase(document["cliente_id"], "50.00", card=third))
    assert answer.code == "00"


def test_the_history_is_never_shortened(client: Client, document: Document) -> None:
    assert client.put_customer(document).status == 201
    client.put_customer(document | {"historico_operacoes": []})
    seen = client.customer(document["cliente_id"])
    assert seen["historico_operacoes"] == document["historico_operacoes"]


def test_an_unknown_customer_is_404(client: Client, new_id: NewId) -> None:
    assert client.get(f"/clientes/{new_id()}").status == 404


# --- the account of the cards ----------------------------------------------------------------


def test_the_cards_are_opened_on_the_account_named_like_the_customer(
    client: Client, document: Document
) -> None:
    assert client.put_customer(document).status == 201
    account = client.get(f"/accounts/{document['cliente_id']}").json()
    assert account["cliente_id"] == document["cliente_id"]
    assert sorted(account["cards"]) == sorted(one["cartao_id"] for one in document["cartoes"])
    assert set(account["balances"].values()) == {Decimal("0.00")}


def test_the_cards_are_opened_on_the_account_that_conta_names(
    client: Client, document: Document, new_id: NewId
) -> None:
    account = client.open_account(new_id(), CASH="1.00")
    assert client.put_customer(document | {"conta": account}).status == 201
    assert client.balances(account) == {"CASH": "1.00"}
    card_id = document["cartoes"][0]["cartao_id"]
    assert client.authorize(purchase(account, "450.00", card=card_id)).code == "00"
    assert client.get(f"/accounts/{document['cliente_id']}").status == 404


def test_an_existing_account_named_like_the_customer_keeps_its_money(
    client: Client, document: Document
) -> None:
    client.open_account(document["cliente_id"], CASH="1.00")
    assert client.put_customer(document).status == 201
    assert client.balances(document["cliente_id"]) == {"CASH": "1.00"}


def test_a_card_of_another_customer_is_a_conflict(
    client: Client, document: Document, new_id: NewId
) -> None:
    assert client.put_customer(document).status == 201
    taken = document["cartoes"][0]["cartao_id"]
    before = client.card(taken)
    other = customer(new_id(), card(new_id()), card(taken))
    assert client.put_customer(other).status == 409
    assert client.card(taken) == before
    assert client.get(f"/clientes/{other['cliente_id']}").status == 404


# --- wrong documents -------------------------------------------------------------------------


def is_refused(answer: Answer, client: Client, customer_id: str) -> None:
    assert answer.status == 422
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["errors"]
    for error in problem["errors"]:
        assert set(error) == {"field", "message"}
    assert client.get(f"/clientes/{customer_id}").status == 404


@pytest.mark.parametrize(
    "members",
    [
        {"apelido": "Ma"},
        {"nome": None},
        {"nome": ""},
        {"nome": 5},
        {"cpf": "123.456.789-0"},
        {"cpf": "1234567890a"},
        {"cpf": 12345678900},
        {"cpf": "123456789000"},
        {"cliente_id": "another"},
        {"cartoes": {}},
        {"cartoes": [5]},
        {"historico_operacoes": "none"},
        {"historico_operacoes": [5]},
    ],
    ids=str,
)
def test_a_wrong_member_is_422(client: Client, document: Document, members: Document) -> None:
    path = f"/clientes/{document['cliente_id']}"
    is_refused(client.put(path, document | members), client, document["cliente_id"])


@pytest.mark.parametrize("member", ["nome", "cpf"])
def test_a_missing_member_is_422(client: Client, document: Document, member: str) -> None:
    del document[member]
    is_refused(client.put_customer(document), client, document["cliente_id"])


@pytest.mark.parametrize("cpf", ["12345678900", "000.000.000-00", "123.456.789-00"])
def test_a_cpf_is_eleven_digits_in_either_notation(client: Client, new_id: NewId, cpf: str) -> None:
    document = customer(new_id(), cpf=cpf)
    assert client.put_customer(document).status == 201
    assert client.customer(document["cliente_id"])["cpf"] == cpf


@pytest.mark.parametrize(
    "members",
    [
        {"limite_disponivel": money("450.01")},
        {"limite_total": money("-1.00"), "limite_disponivel": money("-251.00")},
        {"limite_total": Number("700.001")},
        {"limite_total": "700.00"},
        {"status": "perdido"},
        {"status": "bloqueado", "motivo_bloqueio": "azar"},
        {"data_bloqueio": "ontem", "status": "bloqueado", "motivo_bloqueio": "roubo"},
        {"cartao_id": ""},
        {"cartao_id": 5},
        {"cor": "azul"},
    ],
    ids=str,
)
def test_a_wrong_member_of_a_card_is_422(
    client: Client, document: Document, members: Document
) -> None:
    wrong = changed_card(document, 0, **members)
    is_refused(client.put_customer(wrong), client, document["cliente_id"])


def test_one_card_twice_in_a_document_is_422(client: Client, document: Document) -> None:
    twice = document | {"cartoes": [document["cartoes"][0]] * 2}
    is_refused(client.put_customer(twice), client, document["cliente_id"])


@pytest.mark.parametrize(
    "members",
    [{"tipo": 5}, {"data": "ontem"}, {"data": "2025-02-30T10:00:00Z"}, {"sobra": 1}],
    ids=str,
)
def test_a_wrong_entry_of_the_history_is_422(
    client: Client, document: Document, members: Document
) -> None:
    entries = [document["historico_operacoes"][0] | members]
    wrong = document | {"historico_operacoes": entries}
    is_refused(client.put_customer(wrong), client, document["cliente_id"])
