"""Reports over HTTP: periods, groupings, forms. tests/followers/reports tests what they count."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from tests.support.client import Answer, Client, path_of
from tests.support.documents import Number
from tests.support.server import PATIENT, Server, running

NewId = Callable[[], str]
SERVICE = "/relatorios/atendimento"
PURCHASES = "/relatorios/transacoes"


@pytest.fixture(scope="module")
def desk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: past a hundred names a report tells them together."""
    day = datetime.now(UTC).weekday()
    far = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(day + 3) % 7]
    flags = ("--business-days", far, "--time-zone", "UTC")
    with running(tmp_path_factory.mktemp("reports"), *PATIENT, *flags) as server:
        yield server


@pytest.fixture
def client(desk_server: Server) -> Client:
    return desk_server.client


@pytest.fixture
def mark(new_id: NewId) -> str:
    """A name that nothing else on the shared server has."""
    return f"relatorio {new_id()}"


def customer(client: Client, customer_id: str) -> str:
    document = {"cliente_id": customer_id, "nome": "Ana", "cpf": "12345678900", "cartoes": []}
    assert client.put_customer(document).status == 201
    return customer_id


def ticket(client: Client, customer_id: str, category: str, channel: str = "App") -> str:
    document = {"assunto": "a", "descricao": "b", "categoria": category, "canal": channel}
    answer = client.post(path_of("clientes", customer_id, "chamados"), document)
    assert answer.status == 201, answer
    return str(answer.json()["protocolo"])


def post(client: Client, protocol: str, what: str, **document: Any) -> Answer:
    answer = client.post(path_of("chamados", protocol, what), document)
    assert answer.status in (200, 201), answer
    return answer


def group(answer: Answer, name: str | None) -> dict[str, Any]:
    assert answer.status == 200, answer
    found = [group for group in answer.json()["grupos"] if group["grupo"] == name]
    assert len(found) == 1, answer
    return dict(found[0])


def minutes(since: str, until: str) -> float:
    ends = [datetime.fromisoformat(text) for text in (since, until)]
    return (ends[1] - ends[0]) / timedelta(minutes=1)


def test_the_metrics_are_those_of_the_tickets_themselves(
    client: Client, new_id: NewId, mark: str
) -> None:
    who = customer(client, new_id())
    first, second = ticket(client, who, mark), ticket(client, who, mark)
    post(client, first, "interacoes", autor="robo", canal="App", mensagem="Oi")
    post(client, first, "interacoes", autor="atendente", nome="Rui", canal="App", mensagem="Oi")
    for _ in range(2):
        post(client, first, "resolucao", atendente="Rui", resolucao="r", canal="App")
        post(client, first, "reabertura", motivo="m", canal="App")
    post(client, first, "resolucao", atendente="Rui", resolucao="r", canal="App")
    post(client, second, "interacoes", autor="robo", canal="App", mensagem="Oi")

    found = group(client.get(SERVICE, agrupar="categoria"), mark)
    seen = client.get(path_of("chamados", first)).json()
    assert (found["abertos"], found["em_aberto"], found["resolvidos"]) == (2, 1, 1)
    assert found["taxa_resolucao"] == Decimal("0.5")
    assert (found["resolucoes"], found["reaberturas"]) == (3, 2)
    response = found["primeira_resposta"]
    assert (response["quantidade"], response["sem_resposta"], response["so_robo"]) == (1, 1, 1)
    answered = minutes(seen["aberto_em"], seen["primeira_resposta_em"])
    assert float(response["media"]) == pytest.approx(answered, abs=1e-4)
    last = minutes(seen["aberto_em"], seen["resolvido_em"])
    assert float(found["resolucao_ultima"]["p90"]) == pytest.approx(last, abs=1e-4)


@pytest.mark.parametrize("by", ["dia", "canal", "categoria", "atendente"])
@pytest.mark.parametrize("hours", ["calendario", "comercial"])
def test_every_way_to_tell_them(client: Client, by: str, hours: str) -> None:
    answer = client.get(SERVICE, agrupar=by, horario=hours)
    assert answer.status == 200, answer
    document = answer.json()
    assert (document["agrupar"], document["horario"]) == (by, hours)
    assert sum(group["abertos"] for group in document["grupos"]) == document["abertos"]


def test_the_last_thirty_days_are_the_default(client: Client) -> None:
    before = datetime.now(UTC).date()
    document = client.get(SERVICE).json()
    first, last = (datetime.fromisoformat(document[name]).date() for name in ("de", "ate"))
    assert before <= last <= datetime.now(UTC).date()
    assert last - first == timedelta(days=29)
    assert len(document["backlog"]) == 30
    assert "grupos" not in document


def test_a_period_of_instants(client: Client, new_id: NewId, mark: str) -> None:
    who = customer(client, new_id())
    protocol = ticket(client, who, mark)
    opened_at = client.get(path_of("chamados", protocol)).json()["aberto_em"]
    ticket(client, who, mark)
    just_after = datetime.fromisoformat(opened_at) + timedelta(milliseconds=1)
    ate = just_after.isoformat().replace("+00:00", "Z")
    document = client.get(SERVICE, de=opened_at, ate=ate, agrupar="categoria")
    assert group(document, mark)["abertos"] >= 1
    assert client.get(SERVICE, de=ate, ate=ate).status == 422


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (SERVICE, {"de": "ontem"}, "de"),
        (SERVICE, {"ate": "2025-02-30"}, "ate"),
        (SERVICE, {"de": "2025-01-02", "ate": "2025-01-01"}, "ate"),
        (SERVICE, {"de": "2023-01-01", "ate": "2024-01-02"}, "de"),
        (SERVICE, {"de": "2099-01-01"}, "de"),
        (SERVICE, {"agrupar": "cliente"}, "agrupar"),
        (SERVICE, {"agrupar": ""}, "agrupar"),
        (SERVICE, {"horario": "noturno"}, "horario"),
        (PURCHASES, {"de": "2025-01-01T00:00Z"}, "de"),
        (PURCHASES, {"agrupar": "canal"}, "agrupar"),
    ],
)
def test_what_can_not_be_asked(
    client: Client, path: str, query: dict[str, str], field: str
) -> None:
    answer = client.get(path, **query)
    assert answer.status == 422, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_purchases_by_merchant(client: Client, new_id: NewId, mark: str) -> None:
    account = client.open_account(new_id(), CASH="10.00")
    for amount in ("3.30", "4.40", "5.50"):
        purchase = {"account": account, "totalAmount": Number(amount), "mcc": "1", "merchant": mark}
        client.authorize(purchase)
    answer = client.get(PURCHASES, agrupar="estabelecimento")
    found = [group for group in answer.spelled()["grupos"] if group["grupo"] == mark]
    assert found == [
        {
            "grupo": mark,
            "aprovadas": {"quantidade": Number("2"), "valor": Number("7.70")},
            "recusadas": {"quantidade": Number("1"), "valor": Number("5.50")},
        }
    ]


@pytest.mark.parametrize("by", ["dia", "carteira", "mcc", "motivo"])
def test_purchases_add_up_whatever_the_grouping(client: Client, new_id: NewId, by: str) -> None:
    account = client.open_account(new_id(), CASH="10.00")
    purchase = {"account": account, "totalAmount": Number("3.30"), "mcc": "1", "merchant": "M"}
    client.authorize(purchase)
    document = client.get(PURCHASES, agrupar=by).json()
    for kind in ("aprovadas", "recusadas"):
        for figure in ("quantidade", "valor"):
            groups = [group[kind][figure] for group in document["grupos"]]
            assert sum(groups) == document[kind][figure]


def test_what_was_done_to_purchases(client: Client, new_id: NewId) -> None:
    def told(**asked: str) -> dict[str, Decimal]:
        document = client.get(PURCHASES, **asked).json()
        return {
            f"{word} {figure}": sums[figure]
            for word, sums in document["operacoes"].items()
            for figure in sums
        }

    before = told()
    account = client.open_account(new_id(), CASH="10.00")
    holds = path_of("accounts", account, "authorizations")
    hold = {"amount": 5, "mcc": "1", "merchant": "M"}
    assert client.post(holds, {**hold, "id": "p"}).status == 201
    assert client.post(holds, {**hold, "id": "q", "amount": 50}).status == 201
    for what, amount in (("increments", 2), ("captures", 3), ("reversals", 1), ("refunds", 2)):
        answer = client.post(f"{holds}/p/{what}", {"id": what, "amount": amount})
        assert answer.status in (200, 201), answer
    wanted = {
        "autorizacoes": (1, 5),
        "acrescimos": (1, 2),
        "capturas": (1, 3),
        "estornos": (1, 1),
        "devolucoes": (1, 2),
        "expiracoes": (0, 0),
        "recusas": (1, 50),
    }
    for asked in ({}, {"agrupar": "dia"}):
        after = told(**asked)
        for word, (count, amount) in wanted.items():
            assert after[f"{word} quantidade"] - before[f"{word} quantidade"] == count, word
            assert after[f"{word} valor"] - before[f"{word} valor"] == amount, word
    groups = client.get(PURCHASES, agrupar="dia").json()["grupos"]
    assert groups[-1]["operacoes"]["devolucoes"]["quantidade"] >= 1
    assert "operacoes" not in client.get(PURCHASES, agrupar="mcc").json()


def test_csv_tells_the_same_as_json(client: Client, new_id: NewId, mark: str) -> None:
    ticket(client, customer(client, new_id()), "=" + mark)
    path = f"{SERVICE}?agrupar=categoria"
    answer = client.send("GET", path, headers={"Accept": "text/csv, application/json;q=0.5"})
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert answer.headers["content-disposition"].startswith('attachment; filename="atendimento-')
    rows = list(csv.DictReader(StringIO(answer.body.decode(), newline="")))
    document = client.send("GET", path, headers={"Accept": "application/json"}).json()
    assert [row["grupo"] for row in rows[:-1]] == [
        "'" + group["grupo"] if group["grupo"].startswith("=") else group["grupo"]
        for group in document["grupos"]
    ]
    assert [int(row["abertos"]) for row in rows] == [
        *(group["abertos"] for group in document["grupos"]),
        document["abertos"],
    ]


def test_amounts_in_csv_have_two_decimals(client: Client) -> None:
    answer = client.send("GET", PURCHASES, headers={"Accept": "text/csv"})
    (row,) = csv.DictReader(StringIO(answer.body.decode(), newline=""))
    assert row["aprovadas_valor"][-3] == "."


@pytest.mark.parametrize(
    ("query", "language", "is_brazilian"),
    [
        ("", "", False),
        ("", "pt-BR,pt;q=0.9,en;q=0.8", True),
        ("?estilo=brasil", "", True),
        ("?estilo=internacional", "pt-BR", False),
    ],
)
@pytest.mark.parametrize("path", [SERVICE, PURCHASES])
def test_csv_as_a_brazilian_excel_reads_it(
    client: Client, path: str, query: str, language: str, is_brazilian: bool
) -> None:
    headers = {"Accept": "text/csv", "Accept-Language": language}
    body = client.send("GET", path + query, headers=headers).body
    assert body.startswith("\ufeffde;ate;grupo;".encode()) is is_brazilian
    assert body.startswith(b"de,ate,grupo,") is not is_brazilian


@pytest.mark.parametrize(("path", "title"), [(SERVICE, "Atendimento"), (PURCHASES, "Transações")])
def test_a_browser_is_shown_a_page(client: Client, path: str, title: str) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = client.send("GET", f"{path}?de=2026-11-01&ate=2026-11-30", headers={"Accept": accept})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["vary"] == "Accept, Accept-Language"
    page = answer.body.decode()
    assert page.startswith("<!DOCTYPE html>")
    assert f"<h1>{title}</h1>" in page
    assert "De 01/11/2026 a 30/11/2026." in page
    assert client.send("GET", f"{path}?de=x", headers={"Accept": accept}).status == 422


def test_business_hours_are_a_setting(client: Client, new_id: NewId, mark: str) -> None:
    """The desk works on no day of these, so no minute counts; the calendar's do."""
    protocol = ticket(client, customer(client, new_id()), mark)
    post(client, protocol, "resolucao", atendente="Rui", resolucao="r", canal="App")
    medians = [
        group(client.get(SERVICE, agrupar="categoria", horario=hours), mark)["resolucao_ultima"]
        for hours in ("comercial", "calendario")
    ]
    assert medians[0]["media"] == 0
    assert medians[1]["media"] > 0
