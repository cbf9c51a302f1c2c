"""A person is masked until a reason is given, and the reason is on record."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command_line import done
from tests.support.people import Desk, desk_of
from tests.support.server import Server

HOME = "/console/clientes/12345"
FULL = ("123.456.789-00", "+55 31 98765-4321", "leonardo@email.com")


def shows(desk: Desk, path: str = HOME) -> bool:
    page = desk.get(path).text
    return any(text in page for text in FULL)


@pytest.mark.parametrize("role", ["atendente", "supervisor", "auditor"])
def test_nobody_sees_them_unasked(desk_server: Server, role: str) -> None:
    desk = desk_of(desk_server, role)
    assert not shows(desk)
    assert not shows(desk, "/console/busca?q=Leonardo")
    assert "***.***.789-**" in desk.get("/console/busca?q=Leonardo").text


def test_a_reason_shows_them_for_a_while_and_is_on_record(desk_server: Server) -> None:
    desk, other = desk_of(desk_server), desk_of(desk_server)
    desk.get(HOME)
    desk.do(f"{HOME}/revelacao", motivo="curiosidade")
    assert not shows(desk), "it is none of the reasons"
    shown = desk.do(f"{HOME}/revelacao", motivo="fraude")
    assert all(text in shown.text for text in FULL)
    assert not shows(other)
    lines = done("inspect", "--accesses", "--customer", "12345", "--data", desk_server.data)
    kinds = [json.loads(line)["kind"] for line in lines.splitlines()]
    assert kinds.count("revelacao:fraude") == 1
    assert not any("curiosidade" in kind for kind in kinds)
    supervisor = desk_of(desk_server, "supervisor")
    page = supervisor.get(f"{HOME}/acessos").text
    assert "Dados mostrados por inteiro" in page
    assert "Investigar uma fraude" in page
    newest = desk_server.client.get(f"{HOME.removeprefix('/console')}/acessos").json()["acessos"]
    told = next(line for line in newest if line["tipo"] == "revelacao")
    assert told["motivo"] == "fraude"
    assert (told["papel"], "chave" in told) == ("atendente", False)
    assert told["pessoa"].startswith("pessoa")


def test_an_auditor_may_not_and_a_search_of_masked_parts_finds_nobody(desk_server: Server) -> None:
    desk = desk_of(desk_server, "auditor")
    desk.get(HOME)
    assert desk.post(f"{HOME}/revelacao", {"motivo": "fraude"}).status_code == 403
    assert "Leonardo" not in desk.get("/console/busca?q=123.456").text
    assert "Leonardo" in desk.get("/console/busca?q=123.456.789-00").text


def test_every_page_that_shows_a_person_is_recorded(desk_server: Server) -> None:
    desk = desk_of(desk_server, "supervisor")
    customer = "/console/clientes/12345"
    contest = re.search(r"/contestacoes/\d+", desk.get(customer).text)
    ticket = desk_server.client.get("/chamados", cliente_id="12345").json()["chamados"][-1]
    assert contest is not None
    seen = len(records(desk_server))
    for path, kind in (
        (customer, "documento"),
        (f"{customer}{contest[0]}", "documento"),
        (f"{customer}/chamados", "documento"),
        (f"/console/chamados/{ticket['protocolo']}", "chamado"),
        ("/console/fila?de=todas", "chamados"),
        ("/console/relatorios/chamados", "chamados"),
        ("/console/busca?q=Leonardo", "busca"),
        ("/console/busca?q=555666777", "busca"),
        ("/console/busca?q=6777", "busca"),
    ):
        assert desk.get(path).status_code == 200, path
        new = records(desk_server)[seen:]
        seen += len(new)
        assert {line["kind"] for line in new} == {kind}, path


def records(server: Server) -> list[dict[str, str]]:
    """Who read the data of the demo's customer, oldest first."""
    told = done("inspect", "--accesses", "--customer", "12345", "--data", server.data)
    return [json.loads(line) for line in told.splitlines()]
