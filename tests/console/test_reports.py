"""The manager's pages: figures beside those before, what is behind them, and files for Excel."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from authorizer.console.figures import (
    Figure,
    before,
    told,
    with_approval_rate,
)
from authorizer.domain.moments import DAY_US
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from tests.support.documents import customer
from tests.support.people import Desk, desk_of, words_of
from tests.support.server import MakeServer, Server

SERVICE_PAGE = "/console/relatorios"
PURCHASE_PAGE = "/console/relatorios/compras"


@pytest.fixture(scope="module")
def manager(desk_server: Server) -> Desk:
    return desk_of(desk_server, "supervisor")


def test_the_week_s_resolution_rate_is_that_of_the_api(manager: Desk, desk_server: Server) -> None:
    page = manager.get(f"{SERVICE_PAGE}?de=2020-01-01&ate=2020-01-07").text
    assert "Taxa de resolução \N{EN DASH}" in words_of(page)
    page = manager.get(SERVICE_PAGE).text
    asked = re.search(r'name="de" type="date" value="([^"]+)".*?value="([^"]+)"', page, re.DOTALL)
    assert asked is not None
    report = desk_server.client.get("/relatorios/atendimento", de=asked[1], ate=asked[2]).json()
    rate = f"{round(float(report['taxa_resolucao']) * 100, 1):g}".replace(".", ",")
    assert f"Taxa de resolução {rate}%" in words_of(page)


@pytest.mark.parametrize("by", ["dia", "canal", "categoria", "atendente"])
@pytest.mark.parametrize("hours", ["calendario", "comercial"])
def test_a_group_leads_to_its_tickets(manager: Desk, by: str, hours: str) -> None:
    page = manager.get(f"{SERVICE_PAGE}?agrupar={by}&horario={hours}&de=2026-01-01&ate=2026-12-31")
    assert page.status_code == 200
    links = re.findall(r'href="(/console/relatorios/chamados\?[^"]+)">', page.text)
    assert links
    tickets = manager.get(links[-1].replace("&amp;", "&"))
    assert tickets.status_code == 200
    row = re.search(
        re.escape(links[-1]) + r'">.*?<td class="num right"[^>]*>(\d+)<', page.text, re.DOTALL
    )
    assert row is not None
    assert len(set(re.findall(r"/console/chamados/(\d+)", tickets.text))) == int(row[1])


def test_many_tickets_are_shown_page_by_page(make_server: MakeServer) -> None:
    """Behind a figure all of them, in the queue the most urgent ones; each page says so."""
    server = make_server().start()
    client = server.client
    assert client.put_customer(customer("c")).status == 201
    ticket = {"assunto": "A", "descricao": "B", "canal": "App"}
    for number in range(102):
        kind = "muitos" if number < 101 else "outro"
        opened = client.post("/clientes/c/chamados", ticket | {"categoria": kind})
        assert opened.status == 201
    manager = desk_of(server, "supervisor")
    first = manager.get(f"{SERVICE_PAGE}/chamados?categoria=muitos&canal=App")
    (link,) = re.findall(r'href="(\?[^"]*cursor=[^"]*)"', first.text)
    last = manager.get(f"{SERVICE_PAGE}/chamados" + link.replace("&amp;", "&"))
    assert "cursor=" not in last.text
    pages = [re.findall(r'href="/console/chamados/(\d+)"', page.text) for page in (first, last)]
    assert [len(page) for page in pages] == [100, 1]
    assert len({*pages[0], *pages[1]}) == 101
    queue = manager.get("/console/fila?de=todas").text
    assert len(re.findall(r'href="/console/chamados/(\d+)"', queue)) == 50
    assert "Só os 50 mais urgentes são mostrados." in words_of(queue)


@pytest.mark.parametrize("by", ["dia", "carteira", "mcc", "estabelecimento", "motivo"])
def test_purchases_are_told_by_what_is_asked(manager: Desk, by: str) -> None:
    page = manager.get(f"{PURCHASE_PAGE}?agrupar={by}&de=2026-01-01&ate=2026-12-31")
    assert page.status_code == 200
    assert "Compras aprovadas" in page.text
    if by == "motivo":
        assert "O saldo disponível não cobria o valor da compra." in page.text


def test_a_brazilian_excel_reads_the_files(manager: Desk) -> None:
    query = "de=2026-01-01&ate=2026-12-31"
    service = rows_of(manager, f"{SERVICE_PAGE}/atendimento.csv?{query}&agrupar=canal")
    assert service[-1]["grupo"] == "(total)"
    purchases = rows_of(manager, f"{PURCHASE_PAGE}.csv?{query}&agrupar=carteira")
    assert all(re.fullmatch(r"\d+,\d\d", row["aprovadas_valor"]) for row in purchases)


def rows_of(desk: Desk, path: str) -> list[dict[str, str]]:
    """The lines of a file that is to be saved, as an Excel in Brazil reads it."""
    answer = desk.get(path)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=";"))


@pytest.mark.parametrize(
    "query",
    ["de=2026-02-30", "de=ontem", "de=2026-02-02&ate=2026-01-01", "agrupar=lua", "horario=x"],
)
def test_what_is_no_period_is_refused_in_words(manager: Desk, query: str) -> None:
    answer = manager.get(f"{SERVICE_PAGE}?{query}")
    assert answer.status_code == 422
    assert "Um campo não pode ser aceito." in answer.text


def test_an_operator_sees_figures_and_no_tickets(desk_server: Server) -> None:
    desk = desk_of(desk_server, "operador")
    page = desk.get(f"{SERVICE_PAGE}?de=2026-01-01&ate=2026-12-31")
    assert page.status_code == 200
    assert "/console/relatorios/chamados" not in page.text
    assert desk.get("/console/relatorios/chamados").status_code == 403


MORE = Figure("t", "number", ("a", "b"), True)


@pytest.mark.parametrize(
    ("now", "earlier", "more_is_better", "trend"),
    [
        (2, 1, True, "better"),
        (1, 2, True, "worse"),
        (2, 1, False, "worse"),
        (1, 2, False, "better"),
        (1, 1, True, "same"),
        (2, 1, None, ""),
        (None, 1, True, ""),
        (2, None, True, ""),
        ("20", "3", True, "better"),
    ],
)
def test_a_figure_is_better_or_worse_than_before(
    now: Any, earlier: Any, more_is_better: bool | None, trend: str
) -> None:
    figure = MORE._replace(more_is_better=more_is_better)
    (found,) = told((figure,), {"a": {"b": now}}, {"a": {"b": earlier}})
    assert found.trend == trend


def test_the_period_before_has_as_many_days() -> None:
    days = LocalDays("UTC")
    week = Period(10 * DAY_US, 17 * DAY_US)
    assert before(week, days) == Period(3 * DAY_US, 10 * DAY_US)
    assert before(Period(10 * DAY_US + 5, 10 * DAY_US + 9), days) == Period(9 * DAY_US, 10 * DAY_US)


def test_the_rate_of_no_purchases_is_none() -> None:
    none = {"aprovadas": {"quantidade": 0}, "recusadas": {"quantidade": 0}}
    some = {"aprovadas": {"quantidade": 3}, "recusadas": {"quantidade": 1}}
    assert with_approval_rate(none)["taxa_aprovacao"] is None
    assert with_approval_rate(some)["taxa_aprovacao"] == 0.75
