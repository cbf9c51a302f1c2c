"""Tickets over HTTP: their life, who may not do what, and the ticket that a block brings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import Document, card, customer, encode, time_of
from tests.support.server import ALONE, PATIENT, MakeServer
from tests.support.together import Request, send_together

NewId = Callable[[], str]

TEXTS = {"assunto", "descricao"}


class Case:
    """A customer of its own with one card, and one ticket about it."""

    def __init__(self, client: Client, new_id: NewId, **members: object) -> None:
        self.client = client
        self.customer_id = new_id()
        self.card_id = new_id()
        document = customer(self.customer_id, card(self.card_id))
        assert client.put_customer(document).status == 201
        opened = self.open(**members)
        assert opened.status == 201, opened
        self.opened: Document = opened.json()
        self.protocol: str = self.opened["protocolo"]

    def open(self, **members: object) -> Answer:
        document = {
            "assunto": "Compra não reconhecida",
            "descricao": "Não fiz esta compra.\nPodem ver?",
            "categoria": "contestação",
            "canal": "App Mobile",
        }
        return self.client.post(f"/clientes/{self.customer_id}/chamados", document | members)

    def ask(self, what: str, **document: object) -> Answer:
        return self.client.post(f"/chamados/{self.protocol}/{what}", {"canal": "Chat"} | document)

    def say(self, author: str, message: object = "Olá", **members: object) -> Answer:
        return self.ask("interacoes", autor=author, mensagem=message, **members)

    def take(self) -> Answer:
        return self.ask("atendimento", atendente="Ana")

    def hold(self, **members: object) -> Answer:
        return self.ask("espera", **members)

    def resolve(self) -> Answer:
        return self.ask("resolucao", atendente="Ana", resolucao="Estornado")

    def reopen(self) -> Answer:
        return self.ask("reabertura", motivo="Voltou")

    def close(self) -> Answer:
        return self.ask("fechamento")

    def get(self) -> Document:
        answer = self.client.get(f"/chamados/{self.protocol}")
        assert answer.status == 200, answer
        document: Document = answer.json()
        return document


@pytest.fixture
def case(client: Client, new_id: NewId) -> Case:
    return Case(client, new_id)


# --- opening -----------------------------------------------------------------------------------


def test_a_new_ticket_is_aberto_and_says_when_it_is_due(case: Case) -> None:
    opened = time_of(case.opened["aberto_em"])
    assert re.fullmatch(r"\d{14,}", case.protocol)
    assert case.protocol[:8] in {
        f"{day:%Y%m%d}" for day in (opened, datetime.now(UTC) - timedelta(days=1))
    }
    assert case.opened == {
        "protocolo": case.protocol,
        "cliente_id": case.customer_id,
        "status": "aberto",
        "assunto": "Compra não reconhecida",
        "descricao": "Não fiz esta compra.\nPodem ver?",
        "categoria": "contestação",
        "prioridade": "media",
        "canal": "App Mobile",
        "aberto_em": case.opened["aberto_em"],
        "reaberturas": 0,
        "sla": {
            "primeira_resposta_ate": case.opened["sla"]["primeira_resposta_ate"],
            "resolucao_ate": case.opened["sla"]["resolucao_ate"],
            "primeira_resposta_vencida": False,
            "resolucao_vencida": False,
            "prazo_legal_ate": case.opened["sla"]["prazo_legal_ate"],
            "prazo_legal_vencido": False,
        },
        "interacoes": [],
    }
    due = {
        name: time_of(case.opened["sla"][name]) - opened for name in list(case.opened["sla"])[:2]
    }
    assert due == {
        "primeira_resposta_ate": timedelta(minutes=240),
        "resolucao_ate": timedelta(minutes=1440),
    }
    assert case.get() == case.opened


def test_the_law_wants_an_answer_by_the_end_of_the_seventh_day(case: Case) -> None:
    """Counted in days of the server's time zone, the day of the opening left out."""
    zone = ZoneInfo("America/Sao_Paulo")
    due = time_of(case.opened["sla"]["prazo_legal_ate"]).astimezone(zone)
    opened = time_of(case.opened["aberto_em"]).astimezone(zone)
    assert (due.date() - opened.date(), due.time()) == (timedelta(days=8), time())


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("baixa", "baixa"),
        ("media", "media"),
        ("alta", "alta"),
        ("urgente", "urgente"),
        ("normal", "media"),
        ("critica", "urgente"),
    ],
)
def test_priorities(case: Case, word: str, priority: str) -> None:
    assert case.open(prioridade=word).json()["prioridade"] == priority


def test_every_ticket_has_a_number_of_its_own(case: Case) -> None:
    """Also when many are opened at once: digits only, the running number never repeats."""
    path = f"/clientes/{case.customer_id}/chamados"
    body = encode({"assunto": "a", "descricao": "b", "categoria": "c", "canal": "d"})
    answers = send_together(case.client.port, [Request("POST", path, body) for _ in range(20)])
    protocols = [answer.json()["protocolo"] for answer in answers if answer]
    assert len({protocol[8:] for protocol in protocols}) == 20


def test_a_ticket_may_name_a_card_of_its_customer(case: Case, new_id: NewId) -> None:
    opened = case.open(cartao_id=case.card_id)
    assert opened.status == 201
    assert opened.json()["cartao_id"] == case.card_id
    foreign = Case(case.client, new_id).card_id
    answers = [case.open(cartao_id=name) for name in (foreign, new_id())]
    assert [answer.status for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json(), "nobody learns which cards there are"
    assert answers[0].json()["errors"][0]["field"] == "cartao_id"


def test_a_ticket_of_nobody(client: Client, new_id: NewId) -> None:
    document = {"assunto": "a", "descricao": "b", "categoria": "c", "canal": "d"}
    assert client.post(f"/clientes/{new_id()}/chamados", document).status == 404


BAD: list[tuple[str, object]] = [
    ("assunto", ""),
    ("assunto", "x" * 201),
    ("assunto", "a\nb"),
    ("assunto", 7),
    ("descricao", "   \n"),
    ("descricao", "x" * 4001),
    ("descricao", "a\x00b"),
    ("categoria", "x" * 61),
    ("canal", "x" * 41),
    ("canal", None),
    ("prioridade", "ontem"),
    ("prioridade", None),
    ("cartao_id", 7),
    ("id", ""),
    ("id", "x" * 129),
    ("id", 7),
    ("own", "mine"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_a_ticket_may_not_say(case: Case, field: str, value: object) -> None:
    answer = case.open(**{field: value})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_priority_that_is_none_is_told_which_there_are(case: Case) -> None:
    (error,) = case.open(prioridade="ontem").json()["errors"]
    assert all(word in error["message"] for word in ("baixa", "media", "alta", "urgente"))


@pytest.mark.parametrize("missing", ["assunto", "descricao", "categoria", "canal"])
def test_what_a_ticket_must_say(case: Case, missing: str) -> None:
    document = {"assunto": "a", "descricao": "b", "categoria": "c", "canal": "d"}
    del document[missing]
    answer = case.client.post(f"/clientes/{case.customer_id}/chamados", document)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


# --- its life ----------------------------------------------------------------------------------


def test_interactions_are_numbered_in_order(case: Case) -> None:
    answer = case.say("robo", "Em que posso ajudar?", nome="Bia (robô)")
    assert answer.status == 201
    case.say("cliente", "Não fui eu", nome="Leonardo", canal="WhatsApp")
    case.say("atendente", "Ver com fraude", nome="Ana", publica=False)
    document = case.get()
    assert document["status"] == "aberto", "neither a bot nor a note takes a ticket"
    shown = [{**one, "data": None} for one in document["interacoes"]]
    common: Document = {"data": None, "publica": True}
    assert shown == [
        common
        | {
            "numero": 1,
            "autor": "robo",
            "nome": "Bia (robô)",
            "canal": "Chat",
            "mensagem": "Em que posso ajudar?",
        },
        common
        | {
            "numero": 2,
            "autor": "cliente",
            "nome": "Leonardo",
            "canal": "WhatsApp",
            "mensagem": "Não fui eu",
        },
        common
        | {
            "numero": 3,
            "autor": "atendente",
            "nome": "Ana",
            "canal": "Chat",
            "mensagem": "Ver com fraude",
            "publica": False,
        },
    ]
    times = [time_of(one["data"]) for one in document["interacoes"]]
    assert times == sorted(times)
    assert "primeira_resposta_em" not in document


def test_an_attendants_word_takes_the_ticket_and_is_the_first_response(case: Case) -> None:
    document = case.say("atendente", nome="Ana").json()
    assert (document["status"], document["atendente"]) == ("em_atendimento", "Ana")
    assert document["primeira_resposta_em"] == document["interacoes"][0]["data"]
    later = case.say("atendente", nome="Rui").json()
    assert later["primeira_resposta_em"] == document["primeira_resposta_em"]
    assert later["atendente"] == "Ana"


def test_waiting_for_the_customer_stops_the_clock(case: Case) -> None:
    assert case.hold().status == 409, "nobody attends to it"
    case.take()
    held = case.hold(mensagem="Envie o documento", atendente="Ana").json()
    assert held["status"] == "aguardando_cliente"
    assert held["sla"]["resolucao_ate"] is None
    assert held["interacoes"][-1]["mensagem"] == "Envie o documento"
    resumed = case.say("cliente", "Aqui está").json()
    assert resumed["status"] == "em_atendimento"
    assert time_of(resumed["sla"]["resolucao_ate"]) >= time_of(case.opened["sla"]["resolucao_ate"])


STEPS: dict[str, Callable[[Case], Answer]] = {
    "atendimento": Case.take,
    "espera": Case.hold,
    "resolucao": Case.resolve,
    "reabertura": Case.reopen,
    "fechamento": Case.close,
    "interacao": lambda case: case.say("cliente"),
}


@pytest.mark.parametrize(
    ("done", "refused"),
    [
        ([], ["espera", "reabertura", "fechamento"]),
        (["atendimento"], ["reabertura", "fechamento"]),
        (["atendimento", "espera"], ["espera", "reabertura", "fechamento"]),
        (["resolucao"], ["resolucao", "atendimento", "espera"]),
        (["resolucao", "reabertura"], ["espera", "reabertura", "fechamento"]),
        (["resolucao", "fechamento"], list(STEPS)),
    ],
)
def test_what_a_state_does_not_allow_is_409(
    case: Case, done: list[str], refused: list[str]
) -> None:
    """The state is in the detail, and nothing changes."""
    for step in done:
        assert STEPS[step](case).status == 200
    before = case.get()
    for step in refused:
        answer = STEPS[step](case)
        assert answer.status == 409, step
        assert before["status"] in answer.json()["detail"]
    assert case.get() == before


def test_the_last_resolution_is_shown(case: Case) -> None:
    first = case.resolve().json()
    assert (first["resolucao"], first["atendente"]) == ("Estornado", "Ana")
    reopened = case.reopen().json()
    assert (reopened["status"], reopened["reaberturas"]) == ("reaberto", 1)
    assert reopened["motivo_reabertura"] == "Voltou"
    assert reopened["resolvido_em"] == first["resolvido_em"]
    again = case.ask("resolucao", atendente="Rui", resolucao="Cartão trocado").json()
    assert (again["resolucao"], again["atendente"]) == ("Cartão trocado", "Rui")
    assert again["resolvido_em"] >= first["resolvido_em"]
    closed = case.close().json()
    assert (closed["status"], closed["sla"]["resolucao_ate"]) == ("fechado", None)
    time_of(closed["fechado_em"])


@pytest.mark.parametrize(
    ("step", "document", "field"),
    [
        ("interacoes", {"autor": "gerente", "canal": "c", "mensagem": "m"}, "autor"),
        ("interacoes", {"autor": "cliente", "canal": "c"}, "mensagem"),
        ("interacoes", {"autor": "robo", "canal": "c", "mensagem": "x" * 4001}, "mensagem"),
        ("interacoes", {"autor": "robo", "canal": "c", "mensagem": "m", "nome": ""}, "nome"),
        ("interacoes", {"autor": "robo", "canal": "c", "mensagem": "m", "publica": 1}, "publica"),
        (
            "interacoes",
            {"autor": "cliente", "canal": "c", "mensagem": "m", "publica": False},
            "body",
        ),
        ("atendimento", {"canal": "c"}, "atendente"),
        ("espera", {"canal": "c", "mensagem": " "}, "mensagem"),
        ("resolucao", {"canal": "c", "resolucao": "r"}, "atendente"),
        ("resolucao", {"canal": "c", "atendente": "a"}, "resolucao"),
        ("reabertura", {"canal": "c"}, "motivo"),
        ("fechamento", {}, "canal"),
        ("fechamento", {"canal": "c", "extra": 1}, "extra"),
    ],
)
def test_what_steps_must_say(case: Case, step: str, document: Document, field: str) -> None:
    answer = case.client.post(f"/chamados/{case.protocol}/{step}", document)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert case.get() == case.opened


@pytest.mark.parametrize("protocol", ["20250224000001", "0", "nope", "../x", "²"])
def test_a_ticket_that_is_not_there(client: Client, protocol: str) -> None:
    documents: dict[str, Any] = {
        "interacoes": {"autor": "robo", "canal": "c", "mensagem": "m"},
        "atendimento": {"atendente": "a", "canal": "c"},
        "espera": {"canal": "c"},
        "resolucao": {"atendente": "a", "resolucao": "r", "canal": "c"},
        "reabertura": {"motivo": "m", "canal": "c"},
        "fechamento": {"canal": "c"},
    }
    path = f"/chamados/{protocol}"
    assert client.get(path.replace("²", "%C2%B2")).status == 404
    for step, document in documents.items():
        assert client.post(f"{path}/{step}".replace("²", "%C2%B2"), document).status == 404


def test_many_words_at_once_are_all_recorded_once(case: Case) -> None:
    """One message at a time: none is lost, and none has the number of another."""
    requests = [
        Request(
            "POST",
            f"/chamados/{case.protocol}/interacoes",
            encode({"autor": "cliente", "canal": "App", "mensagem": f"{number}"}),
        )
        for number in range(30)
    ]
    assert all(
        answer and answer.status == 201 for answer in send_together(case.client.port, requests)
    )
    said = case.get()["interacoes"]
    assert [one["numero"] for one in said] == list(range(1, 31))
    assert {one["mensagem"] for one in said} == {str(number) for number in range(30)}


def test_service_levels_are_settings_and_hold_for_tickets_opened_under_them(
    make_server: MakeServer,
) -> None:
    """An older ticket keeps what was promised when it was opened."""
    server = make_server(*ALONE, "--sla-resolution-minutes", "media=30").start()
    numbers = iter(range(100))
    case = Case(server.client, lambda: f"n{next(numbers)}")
    assert resolution_minutes(case.opened) == 30
    assert server.stop() == 0
    server.flags = (*PATIENT, "--sla-resolution-minutes", "media=40")
    case.client = server.start().client
    assert case.get() == case.opened
    newer = case.open().json()
    assert resolution_minutes(newer) == 40
    assert int(newer["protocolo"][8:]) == int(case.protocol[8:]) + 1


def resolution_minutes(ticket: Document) -> float:
    span = time_of(ticket["sla"]["resolucao_ate"]) - time_of(ticket["aberto_em"])
    return span.total_seconds() / 60


# --- the block's own ticket --------------------------------------------------------------------


def block(case: Case, **ticket: object) -> Answer:
    document = {"motivo": "roubo", "canal": "App Mobile", "chamado": ticket}
    return case.client.post(f"/cartoes/{case.card_id}/bloqueio", document)


def test_a_block_opens_and_resolves_its_own_ticket(case: Case) -> None:
    answer = block(case, assunto="Roubo", atendente="Ana", resolucao="Bloqueado na hora")
    assert answer.status == 200
    document = answer.json()
    assert document["status"] == "bloqueado"
    ticket = case.client.get(f"/chamados/{document.pop('protocolo')}").json()
    assert case.client.card(case.card_id)["status"] == "bloqueado"
    assert {name: ticket[name] for name in ("cliente_id", "cartao_id", "status", "assunto")} == {
        "cliente_id": case.customer_id,
        "cartao_id": case.card_id,
        "status": "resolvido",
        "assunto": "Roubo",
    }
    assert ticket["aberto_em"] == ticket["resolvido_em"]
    assert (ticket["atendente"], ticket["resolucao"]) == ("Ana", "Bloqueado na hora")
    assert "primeira_resposta_em" not in ticket
    assert ticket["categoria"] == "bloqueio"


def test_everything_in_the_tickets_text_has_a_default(case: Case) -> None:
    ticket = case.client.get(f"/chamados/{block(case).json()['protocolo']}").json()
    assert all(ticket[name] for name in ("assunto", "descricao", "resolucao", "atendente"))
    masked = case.client.card(case.card_id)["numero_mascarado"]
    assert ticket["descricao"] == f"Cartão {masked} bloqueado por roubo."


def test_the_same_block_again_opens_no_second_ticket(case: Case) -> None:
    first = block(case).json()["protocolo"]
    again = block(case)
    assert (again.status, again.json()["protocolo"]) == (200, None)
    newer = case.open().json()["protocolo"]
    assert int(newer[8:]) == int(first[8:]) + 1


def test_a_block_without_a_ticket_says_nothing_of_one(case: Case) -> None:
    document = {"motivo": "roubo", "canal": "App Mobile"}
    answer = case.client.post(f"/cartoes/{case.card_id}/bloqueio", document)
    assert "protocolo" not in answer.json()


@pytest.mark.parametrize(
    "ticket", [{"assunto": ""}, {"prioridade": "x"}, {"extra": 1}, {"resolucao": "x" * 4001}]
)
def test_a_ticket_that_cannot_be_taken_blocks_nothing(case: Case, ticket: Document) -> None:
    """Then the caller's request as a whole is wrong, and they learn it before anything happens."""
    assert block(case, **ticket).status == 422
    assert case.client.card(case.card_id)["status"] == "ativo"


# --- after erasure -----------------------------------------------------------------------------


def test_a_ticket_outlives_the_words_of_an_erased_customer(case: Case) -> None:
    """410 where something would be written about them; reading and closing go on."""
    case.say("cliente", "Meu nome é Leonardo", nome="Leonardo")
    case.resolve()
    erased = case.client.delete(f"/clientes/{case.customer_id}/dados-pessoais")
    assert erased.status == 204
    document = case.get()
    assert document["status"] == "resolvido"
    assert [document[name] for name in ("assunto", "descricao", "resolucao")] == [None] * 3
    (said,) = document["interacoes"]
    assert said["mensagem"] is None
    assert "nome" not in said
    for answer in (case.open(), case.say("robo"), case.reopen()):
        assert answer.status == 410
    assert case.close().json()["status"] == "fechado"


def test_a_block_for_an_erased_customer_blocks_without_a_ticket(case: Case) -> None:
    assert case.client.delete(f"/clientes/{case.customer_id}/dados-pessoais").status == 204
    answer = block(case)
    assert (answer.status, answer.json()["protocolo"]) == (200, None)
    assert case.client.card(case.card_id)["status"] == "bloqueado"
