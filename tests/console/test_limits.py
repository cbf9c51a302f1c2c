"""Limits put and removed at the console, and the status of an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from authorizer.console.limit_forms import asked_limit, fields_of, reais_of
from authorizer.http.api.problems import InvalidRequestError
from tests.support.command_line import done
from tests.support.documents import purchase
from tests.support.people import Desk, desk_of, words_of
from tests.support.server import Server

OF_ALL = "/console/operacao/limites"
NEW_OF_ALL = "/console/operacao/novo-limite"
PLAIN = {"janela": "day", "modo": "enforce"}
YES = {"confirmado": "sim"}


@pytest.fixture(scope="module")
def logged_in(desk_server: Server) -> Desk:
    return desk_of(desk_server, "operador")


@pytest.fixture
def operator(logged_in: Desk) -> Desk:
    """An operator, who looks at the limits for every account."""
    logged_in.get(OF_ALL)
    return logged_in


@pytest.fixture
def account(desk_server: Server, new_id: Callable[[], str]) -> str:
    return desk_server.client.open_account(new_id(), CASH="100.00")


def test_a_limit_of_an_account_is_put_changed_and_removed(
    operator: Desk, desk_server: Server, account: str
) -> None:
    client, home = desk_server.client, f"/console/contas/{account}"
    form = operator.get(f"{home}/novo-limite")
    assert f"Limite da conta {account}" in words_of(form.text)
    asked = {**PLAIN, "nome": "teto dia", "valor": "1.234,50", "mccs": "5411\r\n 5812 "}
    shown = operator.post(f"{home}/novo-limite", asked)
    assert "R$ 1.234,50" in words_of(shown.text)
    assert "5411 · 5812" in words_of(shown.text)
    assert client.get(f"/accounts/{account}/limits").json()["limits"] == [], "not confirmed yet"
    page = operator.do(f"{home}/limites/teto%20dia", **asked, **YES)
    assert page.url.endswith(home)
    assert "O limite «teto dia» vale a partir de agora." in words_of(page.text)
    put = client.get(f"/accounts/{account}/limits/teto%20dia").json()
    assert (put["window"], put["max_amount"], put["max_count"]) == ("day", Decimal("1234.50"), None)
    assert put["scope"]["mccs"] == ["5411", "5812"]
    form = operator.get(f"{home}/limites/teto%20dia")
    assert 'value="1234,50"' in form.text
    assert ">5411\n5812</textarea>" in form.text
    shown = operator.post(f"{home}/limites/teto%20dia", {**PLAIN, "compras": "2"})
    assert "Antes Depois" in words_of(shown.text)
    assert "Valor até R$ 1.234,50 \N{EN DASH}" in words_of(shown.text)
    assert "MCCs 5411 · 5812 quaisquer" in words_of(shown.text)
    operator.do(f"{home}/limites/teto%20dia", **PLAIN, compras="2", **YES)
    put = client.get(f"/accounts/{account}/limits/teto%20dia").json()
    assert (put["max_amount"], put["max_count"]) == (None, 2)
    asked_back = operator.get(f"{home}/limites/teto%20dia/saida")
    assert "Tirar o limite teto dia" in words_of(asked_back.text)
    page = operator.do(f"{home}/limites/teto%20dia/saida")
    assert "O limite «teto dia» não existe mais." in words_of(page.text)
    assert client.get(f"/accounts/{account}/limits").json()["limits"] == []
    of_account = ("--account", account, "--data", desk_server.data)
    lines = [json.loads(line) for line in done("inspect", *of_account).splitlines()]
    by = [line["by"] for line in lines if line["event"].startswith("velocity_limit_")]
    assert len(by) == 3
    assert all(one.startswith("operador:@pessoa") for one in by)


def test_a_limit_for_every_account_is_put_in_the_shadow_then_enforced_then_removed(
    operator: Desk, desk_server: Server, account: str
) -> None:
    client = desk_server.client
    asked = {"nome": "rajada", "duracao": "PT90S", "compras": "0", "modo": "shadow"}
    shown = operator.post(NEW_OF_ALL, asked)
    assert "PT90S" in words_of(shown.text)
    assert client.get("/limits/rajada").status == 404
    try:
        page = operator.do(f"{OF_ALL}/rajada", **asked, **YES)
        assert "é avaliado na sombra" in words_of(page.text)
        assert client.authorize(purchase(account, "1.00", mcc="5999")).code == "00"
        enforced = {**asked, "modo": "enforce"}
        shown = operator.post(NEW_OF_ALL, enforced)
        assert "Modo sombra vale" in words_of(shown.text), "what it is now, and will be"
        operator.do(f"{OF_ALL}/rajada", **enforced, **YES)
        assert client.authorize(purchase(account, "1.00", mcc="5999")).reason == "count_limit"
        of_account = f"/console/contas/{account}/limites/rajada"
        assert operator.get(of_account).status_code == 404, "it is none of the account's own"
        operator.get(OF_ALL)
        page = operator.do(f"{OF_ALL}/rajada/saida")
        assert "não existe mais" in words_of(page.text)
        assert client.get("/limits/rajada").status == 404
        assert operator.get(f"{OF_ALL}/rajada/saida").status_code == 404
    finally:
        client.delete("/limits/rajada")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"valor": "dez reais"}, "valor"),
        ({"compras": "-1"}, "compras"),
        ({"compras": "9" * 12}, "max_count"),
        ({"duracao": "PT1S"}, "window"),
        ({"janela": ""}, "window"),
        ({"modo": "talvez"}, "mode"),
        ({"nome": "a/b"}, "nome"),
        ({"nome": ""}, "nome"),
    ],
)
def test_a_form_with_a_mistake_comes_back_as_it_was_filled_in(
    operator: Desk, desk_server: Server, fields: dict[str, str], problem: str
) -> None:
    asked = {**PLAIN, "nome": "meu limite", "merchants": "LOJA*", **fields, **YES}
    answer = operator.post(NEW_OF_ALL, asked)
    assert answer.status_code == 422
    assert f"{problem}: " in words_of(answer.text)
    assert ">LOJA*</textarea>" in answer.text
    assert 'name="confirmado"' not in answer.text
    assert desk_server.client.get("/limits").json()["limits"] == []


def test_only_an_operator_is_led_to_the_forms(desk_server: Server, account: str) -> None:
    home = f"/console/contas/{account}"
    for role, is_led in (("operador", True), ("supervisor", False), ("auditor", False)):
        desk = desk_of(desk_server, role)
        pages = desk.get(home).text + desk.get(OF_ALL).text
        for path in (f"{home}/novo-limite", f"{home}/situacao", NEW_OF_ALL):
            assert (path in pages) == is_led, (role, path)


def test_an_account_is_frozen_made_active_again_and_closed(
    operator: Desk, desk_server: Server, account: str
) -> None:
    client, home = desk_server.client, f"/console/contas/{account}"
    assert "Pode ser desfeito" in operator.get(f"{home}/situacao?status=frozen").text
    assert operator.post(f"{home}/situacao", {"status": "frozen"}).status_code == 422, "why?"
    page = operator.do(f"{home}/situacao", status="frozen", reason="investigação")
    assert "está congelada: nela nada se aprova." in words_of(page.text)
    assert client.authorize(purchase(account, "1.00", mcc="5999")).reason == "account_frozen"
    assert "Tornar ativa" in operator.get(home).text
    operator.do(f"{home}/situacao", status="active", reason="nada foi achado")
    assert client.authorize(purchase(account, "100.00", mcc="5999")).code == "00"
    assert "é para sempre" in operator.get(f"{home}/situacao?status=closed").text
    page = operator.do(f"{home}/situacao", status="closed", reason="pedido do cliente")
    assert "está encerrada" in words_of(page.text)
    assert "/situacao" not in page.text, "there is no way back"
    refused = operator.post(f"{home}/situacao", {"status": "active", "reason": "engano"})
    assert refused.status_code == 409
    assert operator.get(f"{home}/situacao?status=talvez").status_code == 422
    story = words_of(operator.get(home).text)
    assert "encerrada pedido do cliente" in story
    assert story.index("nada foi achado") < story.index("investigação"), "the newest first"
    events = done("inspect", "--account", account, "--data", desk_server.data)
    told = [json.loads(line) for line in events.splitlines() if "account_status_changed" in line]
    assert [line["reason"] for line in told] == [
        "investigação",
        "nada foi achado",
        "pedido do cliente",
    ]
    assert all(line["by"].startswith("operador:@pessoa") for line in told)


def test_an_account_with_money_is_not_closed(
    operator: Desk, desk_server: Server, account: str
) -> None:
    fields = {"status": "closed", "reason": "engano"}
    answer = operator.post(f"/console/contas/{account}/situacao", fields)
    assert answer.status_code == 409
    assert "100.00 in CASH" in words_of(answer.text)
    status = desk_server.client.get(f"/accounts/{account}/balances").json()["status"]
    assert status == "active"


@pytest.mark.parametrize(
    ("text", "reais"),
    [
        ("12", "12"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234", "1234"),
        ("1,234", "1234"),
        ("0,5", "0.5"),
        ("0.50", "0.50"),
        ("R$ 1.000.000,00", "1000000.00"),
    ],
)
def test_an_amount_is_read_in_either_language(text: str, reais: str) -> None:
    assert reais_of(text) == Decimal(reais)


@pytest.mark.parametrize("text", ["", "1.23,4", "1.2345", "-1", "1e3", "٣", "1,2,3", "9" * 21])
def test_what_is_no_amount_is_none(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        reais_of(text)


@pytest.mark.parametrize(
    "form",
    [
        {"janela": "month", "valor": "10,05", "modo": "enforce"},
        {"duracao": "PT1H30M", "compras": "3", "modo": "shadow", "cards": "a\nb"},
        {"janela": "P7D", "valor": "0,00", "modo": "enforce", "merchants": "LOJA, A*\nB"},
    ],
)
def test_a_form_filled_in_from_a_limit_asks_for_the_same(form: dict[str, str]) -> None:
    _, terms = asked_limit(form, "n")
    filled = {key: text for key, text in fields_of("n", terms).items() if text}
    assert asked_limit(filled) == ("n", terms)
