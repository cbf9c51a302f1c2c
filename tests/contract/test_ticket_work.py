"""What a desk works with: one ticket under one id, who waits for a word, another priority."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.contract.test_tickets import Case
from tests.support.client import Answer, Client
from tests.support.documents import encode
from tests.support.together import Request, send_together

NewId = Callable[[], str]


@pytest.fixture
def case(client: Client, new_id: NewId) -> Case:
    return Case(client, new_id)


def path(case: Case) -> str:
    return f"/clientes/{case.customer_id}/chamados"


DOCUMENT = {"assunto": "a", "descricao": "b\nc", "categoria": "c", "canal": "d"}


def open_under(case: Case, key: str, **members: object) -> Answer:
    return case.client.send(
        "POST", path(case), encode(DOCUMENT | members), {"Idempotency-Key": key}
    )


# --- the client's own id -------------------------------------------------------------------------


def test_the_same_id_again_opens_no_second_ticket(case: Case) -> None:
    """It gives the ticket as it is now, whatever has become of it."""
    first = case.open(id="pedido 1")
    assert first.status == 201
    case.protocol = first.json()["protocolo"]
    assert case.ask("prioridade", prioridade="urgente").status == 200
    assert case.resolve().status == 200
    again = case.open(id="pedido 1")
    assert again.status == 200
    assert again.json() == case.get()
    assert again.json()["protocolo"] == case.protocol
    assert case.open().json()["protocolo"] != case.protocol, "without one it is another ticket"


@pytest.mark.parametrize(
    "members",
    [
        {"assunto": "Outro"},
        {"descricao": "Outra"},
        {"categoria": "outra"},
        {"canal": "Chat"},
        {"prioridade": "alta"},
        {"cartao_id": "x"},
    ],
)
def test_the_same_id_with_other_fields_is_a_conflict(
    case: Case, members: dict[str, object]
) -> None:
    assert case.open(id="1").status == 201
    answer = case.open(id="1", **members)
    assert answer.status == 409
    assert "under this id with other fields" in answer.json()["detail"]


def test_what_is_left_out_is_its_default(case: Case) -> None:
    assert case.open(id="1").status == 201
    assert case.open(id="1", prioridade="normal", cartao_id=None).status == 200


def test_an_id_is_the_customers_own(case: Case, new_id: NewId) -> None:
    other = Case(case.client, new_id)
    assert [one.open(id="1").status for one in (case, other, case, other)] == [201, 201, 200, 200]


@pytest.mark.parametrize("key", ["k-1", '"k-1"'])
def test_the_id_may_stand_in_a_header(case: Case, key: str) -> None:
    assert open_under(case, key).status == 201
    assert open_under(case, key).status == 200
    assert open_under(case, key, id="k-1").status == 200
    assert open_under(case, key, assunto="Outro").status == 409
    answer = open_under(case, key, id="k-2")
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["", "x" * 129, "\xff"])
def test_a_header_that_is_no_id_opens_nothing(case: Case, key: str) -> None:
    answer = open_under(case, key)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_many_at_once_under_one_id_are_one_ticket(case: Case) -> None:
    body = encode(DOCUMENT | {"id": "together"})
    answers = send_together(case.client.port, [Request("POST", path(case), body)] * 20)
    assert sorted(answer.status for answer in answers if answer) == [200] * 19 + [201]
    assert len({answer.json()["protocolo"] for answer in answers if answer}) == 1


def test_an_id_that_was_refused_is_still_free(case: Case) -> None:
    assert case.open(id="1", cartao_id="unknown").status == 422
    assert case.open(id="1").status == 201


def test_nothing_is_told_of_an_erased_customer_under_an_id(case: Case) -> None:
    assert case.open(id="1").status == 201
    erased = case.client.delete(f"/clientes/{case.customer_id}/dados-pessoais")
    assert erased.status == 204
    assert case.open(id="1").status == 410


# --- who waits for a word ------------------------------------------------------------------------


def listed(case: Case, **query: str) -> list[str]:
    answer = case.client.get("/chamados", cliente_id=case.customer_id, **query)
    assert answer.status == 200, answer
    return [one["protocolo"] for one in answer.json()["chamados"]]


def test_what_the_customer_says_on_a_resolved_ticket_is_in_a_list(case: Case) -> None:
    assert case.resolve().status == 200
    wanted = {"status": "resolvido", "aguarda_resposta": "true"}
    assert listed(case, **wanted) == []
    assert "aguarda_resposta_desde" not in case.get()
    assert case.say("cliente", "Não resolveu").status == 201
    ticket = case.get()
    assert ticket["status"] == "resolvido"
    assert ticket["aguarda_resposta_desde"] == ticket["interacoes"][0]["data"]
    assert listed(case, **wanted) == [case.protocol]
    assert listed(case, aguarda_resposta="false") == []
    assert case.say("atendente", "Vamos ver").status == 201
    assert "aguarda_resposta_desde" not in case.get()
    assert listed(case, **wanted) == []
    assert listed(case, aguarda_resposta="false") == [case.protocol]


def test_a_reopened_ticket_waits_and_has_a_response_clock_of_its_own(case: Case) -> None:
    assert case.say("atendente").status == 201
    answered = case.get()["primeira_resposta_em"]
    assert case.resolve().status == 200
    before = case.get()
    assert "reaberto_em" not in before
    assert set(before["sla"]) == {
        "primeira_resposta_ate",
        "resolucao_ate",
        "primeira_resposta_vencida",
        "resolucao_vencida",
        "prazo_legal_ate",
        "prazo_legal_vencido",
    }
    assert case.reopen().status == 200
    assert listed(case, aguarda_resposta="true") == [case.protocol]
    assert listed(case, vencido="resposta_reabertura") == []
    ticket = case.get()
    assert ticket["aguarda_resposta_desde"] == ticket["reaberto_em"]
    due = datetime.fromisoformat(ticket["sla"]["resposta_reabertura_ate"])
    assert due - datetime.fromisoformat(ticket["reaberto_em"]) == timedelta(minutes=240)
    assert ticket["sla"]["resposta_reabertura_vencida"] is False
    assert "resposta_reabertura_em" not in ticket
    assert case.say("atendente").status == 201
    ticket = case.get()
    assert ticket["resposta_reabertura_em"] == ticket["interacoes"][-1]["data"]
    assert ticket["primeira_resposta_em"] == answered
    (shown,) = case.client.get("/chamados", cliente_id=case.customer_id).json()["chamados"]
    assert shown == {name: value for name, value in ticket.items() if name != "interacoes"}


def test_a_customer_who_writes_again_is_owed_a_next_response(case: Case) -> None:
    """Before the first response that one is owed; on a resolved ticket none is."""
    assert case.say("cliente").status == 201
    assert "proxima_resposta_ate" not in case.get()["sla"]
    assert case.say("atendente").status == 201
    assert case.say("cliente").status == 201
    ticket = case.get()
    due = datetime.fromisoformat(ticket["sla"]["proxima_resposta_ate"])
    asked = datetime.fromisoformat(ticket["aguarda_resposta_desde"])
    assert due - asked == timedelta(minutes=240)
    assert ticket["sla"]["proxima_resposta_vencida"] is False
    assert listed(case, vencido="proxima_resposta") == []
    assert case.say("atendente").status == 201
    assert case.resolve().status == 200
    assert case.say("cliente", "obrigado").status == 201
    assert case.get()["sla"]["proxima_resposta_ate"] == ticket["sla"]["proxima_resposta_ate"]


@pytest.mark.parametrize("value", ["", "yes", "True", "1"])
def test_whether_somebody_waits_is_true_or_false(client: Client, value: str) -> None:
    answer = client.get("/chamados", aguarda_resposta=value)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["aguarda_resposta"]


# --- another priority ----------------------------------------------------------------------------


def test_another_priority_brings_its_own_targets_and_is_a_contact(case: Case) -> None:
    opened = datetime.fromisoformat(case.opened["aberto_em"])
    answer = case.ask("prioridade", prioridade="critica")
    assert answer.status == 200
    ticket: Any = answer.json()
    assert (ticket["prioridade"], ticket["status"]) == ("urgente", "aberto")
    due = [datetime.fromisoformat(ticket["sla"][name]) - opened for name in list(ticket["sla"])[:2]]
    assert due == [timedelta(minutes=15), timedelta(minutes=240)]
    assert listed(case, prioridade="urgente") == [case.protocol]
    assert case.ask("prioridade", prioridade="urgente").json() == case.get()
    contacts = case.client.get(f"/clientes/{case.customer_id}/interacoes").json()["interacoes"]
    (one,) = [contact for contact in contacts if contact["tipo"] == "prioridade"]
    assert {name: one[name] for name in ("protocolo", "prioridade", "canal")} == {
        "protocolo": case.protocol,
        "prioridade": "urgente",
        "canal": "Chat",
    }


@pytest.mark.parametrize("ended", ["resolve", "close"])
def test_a_ticket_that_is_over_keeps_its_priority(case: Case, ended: str) -> None:
    assert case.resolve().status == 200
    if ended == "close":
        assert case.close().status == 200
    answer = case.ask("prioridade", prioridade="alta")
    assert answer.status == 409
    assert case.get()["prioridade"] == "media"


@pytest.mark.parametrize("document", [{}, {"prioridade": "ontem"}, {"prioridade": None}])
def test_what_a_change_of_priority_must_say(case: Case, document: dict[str, object]) -> None:
    answer = case.ask("prioridade", **document)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["prioridade"]
