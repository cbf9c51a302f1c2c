"""A customer's operations and contacts, and the lists of tickets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.documents import Document, card, customer

NewId = Callable[[], str]


class Case:
    """A customer of its own with one card."""

    def __init__(self, client: Client, new_id: NewId) -> None:
        self.client = client
        self.customer_id, self.card_id = new_id(), new_id()
        document = customer(self.customer_id, card(self.card_id))
        assert client.put_customer(document).status == 201
        self.before = self.history("operacoes")

    def history(self, name: str, **query: str) -> list[Document]:
        answer = self.client.get(f"/clientes/{self.customer_id}/{name}", **query)
        assert answer.status == 200, answer
        found: list[Document] = answer.spelled()[name]
        return found

    def card_does(self, what: str, **document: object) -> None:
        answer = self.client.post(f"/cartoes/{self.card_id}/{what}", {"canal": "App"} | document)
        assert answer.status == 200, answer

    def open_ticket(self, **members: object) -> str:
        document = {"assunto": "A", "descricao": "B", "categoria": "outro", "canal": "Chat"}
        answer = self.client.post(f"/clientes/{self.customer_id}/chamados", document | members)
        assert answer.status == 201, answer
        protocol: str = answer.json()["protocolo"]
        return protocol

    def ask(self, protocol: str, what: str, **document: object) -> None:
        answer = self.client.post(f"/chamados/{protocol}/{what}", {"canal": "Chat"} | document)
        assert answer.status in (200, 201), answer

    def tickets(self, **query: str) -> list[Document]:
        answer = self.client.get("/chamados", cliente_id=self.customer_id, **query)
        assert answer.status == 200, answer
        found: list[Document] = answer.spelled()["chamados"]
        return found


@pytest.fixture
def case(client: Client, new_id: NewId) -> Case:
    return Case(client, new_id)


def test_operations_are_those_of_the_document_newest_first(case: Case) -> None:
    case.card_does("bloqueio", motivo="suspeita_fraude")
    case.card_does("desbloqueio", justificativa="Foi o próprio cliente")
    assert case.client.get(f"/cartoes/{case.card_id}/limite", canal="App").status == 200
    document = case.client.customer(case.customer_id)
    assert case.history("operacoes") == document["historico_operacoes"][::-1]
    assert len(case.history("operacoes")) == len(case.before) + 3


def test_contacts_are_all_that_was_said_and_done(case: Case) -> None:
    protocol = case.open_ticket(cartao_id=case.card_id)
    case.ask(protocol, "interacoes", autor="cliente", nome="Bia", mensagem="Oi")
    case.ask(protocol, "interacoes", autor="atendente", nome="Ana", mensagem="Olá", publica=False)
    case.ask(protocol, "resolucao", atendente="Ana", resolucao="Feito")
    case.ask(protocol, "reabertura", motivo="Não foi")
    case.ask(protocol, "atendimento", atendente="Bia")
    case.ask(protocol, "espera")
    case.card_does("bloqueio", motivo="roubo")
    ticket = {"canal": "Chat", "protocolo": protocol, "cartao_id": case.card_id}
    found: list[Any] = [
        {name: value for name, value in contact.items() if name != "data"}
        for contact in case.history("interacoes")
    ]
    assert found[:8] == [
        {"tipo": "bloqueio", "canal": "App", "cartao_id": case.card_id},
        {"tipo": "espera", **ticket},
        {"tipo": "atendimento", **ticket, "nome": "Bia"},
        {"tipo": "reabertura", **ticket, "motivo": "Não foi"},
        {"tipo": "resolucao", **ticket, "nome": "Ana", "resolucao": "Feito"},
        {
            "tipo": "interacao",
            **ticket,
            "autor": "atendente",
            "nome": "Ana",
            "publica": False,
            "mensagem": "Olá",
        },
        {
            "tipo": "interacao",
            **ticket,
            "autor": "cliente",
            "nome": "Bia",
            "publica": True,
            "mensagem": "Oi",
        },
        {"tipo": "abertura", **ticket, "assunto": "A", "descricao": "B"},
    ]
    assert len(found) == len(case.before) + 8


@pytest.mark.parametrize("name", ["operacoes", "interacoes"])
def test_histories_are_paged(case: Case, name: str) -> None:
    for _ in range(3):
        assert case.client.get(f"/cartoes/{case.card_id}/limite", canal="App").status == 200
    everything = case.history(name)
    path = f"/clientes/{case.customer_id}/{name}"
    page = case.client.get(path, limite="2").spelled()
    seen = page[name]
    while page["proximo"] is not None:
        page = case.client.get(path, limite="2", cursor=page["proximo"]).spelled()
        assert 1 <= len(page[name]) <= 2
        seen += page[name]
    assert seen == everything


@pytest.mark.parametrize("name", ["operacoes", "interacoes"])
def test_an_unknown_customer_is_404(client: Client, new_id: NewId, name: str) -> None:
    assert client.get(f"/clientes/{new_id()}/{name}").status == 404


def test_a_list_shows_the_ticket_as_it_is_without_what_was_said(case: Case) -> None:
    protocol = case.open_ticket(prioridade="alta", cartao_id=case.card_id)
    steps: list[tuple[str, Document]] = [
        ("interacoes", {"autor": "robo", "mensagem": "Um momento"}),
        ("atendimento", {"atendente": "Ana"}),
        ("interacoes", {"autor": "atendente", "nome": "Ana", "mensagem": "Oi"}),
        ("espera", {}),
        ("interacoes", {"autor": "cliente", "mensagem": "Aqui"}),
        ("resolucao", {"atendente": "Bia", "resolucao": "Feito"}),
        ("reabertura", {"motivo": "Não"}),
        ("resolucao", {"atendente": "Bia", "resolucao": "Agora sim"}),
        ("fechamento", {}),
    ]
    for what, document in [("", {}), *steps]:
        if what:
            case.ask(protocol, what, **document)
        shown = case.client.get(f"/chamados/{protocol}").spelled()
        shown.pop("interacoes")
        assert case.tickets() == [shown], what


def test_lists_are_narrowed(case: Case) -> None:
    one = case.open_ticket(prioridade="alta", categoria="fraude")
    other = case.open_ticket()
    case.ask(other, "atendimento", atendente="Ana")
    for query, wanted in [
        ({}, [other, one]),
        ({"status": "aberto"}, [one]),
        ({"status": "fechado"}, []),
        ({"categoria": "fraude"}, [one]),
        ({"prioridade": "alta"}, [one]),
        ({"prioridade": "normal"}, [other]),
        ({"atendente": "Ana"}, [other]),
        ({"de": "2000-01-01"}, [other, one]),
        ({"ate": "2000-01-01"}, []),
        ({"de": "2000-01-01T00:00:00Z", "ate": "9999-12-31"}, [other, one]),
        ({"de": "9999-12-31"}, []),
        ({"vencido": "resolucao"}, []),
    ]:
        assert [found["protocolo"] for found in case.tickets(**query)] == wanted, query


def test_lists_are_paged(case: Case) -> None:
    opened = [case.open_ticket() for _ in range(5)]
    query = {"cliente_id": case.customer_id, "limite": "2"}
    page = case.client.get("/chamados", **query).json()
    seen = page["chamados"]
    while page["proximo"] is not None:
        page = case.client.get("/chamados", **query, cursor=page["proximo"]).json()
        seen += page["chamados"]
    assert [found["protocolo"] for found in seen] == opened[::-1]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "novo"),
        ("prioridade", "x"),
        ("vencido", "tudo"),
        ("limite", "0"),
        ("cursor", "WzFd"),
        ("de", "ontem"),
        ("ate", "2026-02-30"),
        ("de", "2026-01-01T00:00:00"),
    ],
)
def test_what_is_no_list_is_422(client: Client, field: str, value: str) -> None:
    answer = client.get("/chamados", **{field: value})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
