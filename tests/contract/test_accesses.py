"""Who read whose data: recorded before the answer, and refused where it can't be recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import FOLDER, read_accesses
from tests.support.api_keys import id_of, key_per_role
from tests.support.client import Client
from tests.support.command_line import done, json_lines
from tests.support.documents import Document, card, customer
from tests.support.server import PATIENT, MakeServer, Server

NewId = Callable[[], str]


class Keyed:
    """A server with a key for each role, and a customer with a ticket."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.keys = key_per_role(server)
        server.start()
        self.care = self.client("atendente")
        for customer_id in ("c", "d"):
            document = customer(customer_id, card(f"k-{customer_id}"), nome=f"Maria {customer_id}")
            assert self.care.put_customer(document).status == 201
        ticket = {"assunto": "a", "descricao": "d", "categoria": "c", "canal": "App"}
        answer = self.care.post("/clientes/c/chamados", ticket)
        self.protocol = answer.json()["protocolo"]

    def client(self, role: str) -> Client:
        return Client(self.server.port, key=self.keys[role])

    def listed(self, customer_id: str = "c", **query: str) -> list[Document]:
        answer = self.client("auditor").get(f"/clientes/{customer_id}/acessos", **query)
        assert answer.status == 200, answer
        found: list[Document] = answer.json()["acessos"]
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    server = Server(tmp_path_factory.mktemp("accesses"), PATIENT)
    try:
        yield Keyed(server)
    finally:
        server.end()


READS = {
    "/clientes/c": "documento",
    "/clientes?nome=maria%20c": "busca",
    "/clientes/c/operacoes": "operacoes",
    "/clientes/c/interacoes": "interacoes",
    "/chamados?cliente_id=c": "chamados",
}


@pytest.mark.parametrize("role", ["atendente", "supervisor", "auditor"])
@pytest.mark.parametrize("path", READS)
def test_a_read_is_recorded_once(house: Keyed, role: str, path: str) -> None:
    before = len(house.listed())
    answer = house.client(role).send("GET", path, headers={"X-Request-Id": "my-request"})
    assert answer.status == 200
    newest, *rest = house.listed()
    assert len(rest) == before
    assert newest["tipo"] == READS[path]
    assert newest["por"] == f"{role}:{id_of(house.keys[role])}"
    assert (newest["papel"], newest["chave"]) == (role, id_of(house.keys[role]))
    assert newest["request_id"] == "my-request"


def test_an_export_and_a_ticket_are_recorded(house: Keyed) -> None:
    assert house.care.get("/clientes/c/dados-pessoais").status == 200
    assert house.listed()[0]["tipo"] == "exportacao"
    assert house.care.get(f"/chamados/{house.protocol}").status == 200
    assert house.listed()[0]["tipo"] == "chamado"


def test_a_search_is_one_record_for_all_who_were_found(house: Keyed) -> None:
    disk = LocalDisk(house.server.data / FOLDER)
    before = len(list(read_accesses(disk)))
    assert len(house.care.get("/clientes", nome="maria").json()["clientes"]) == 2
    records = list(read_accesses(disk))
    assert len(records) == before + 1
    assert set(records[-1].access.customer_ids) == {"c", "d"}
    assert house.listed("c")[0] == house.listed("d")[0]
    assert house.care.get("/clientes", nome="nobody").json()["clientes"] == []
    assert len(list(read_accesses(disk))) == before + 1, "nobody's data was read"


def test_a_change_that_changes_nothing_is_a_read(house: Keyed) -> None:
    opening = {"assunto": "a", "descricao": "d", "categoria": "c", "canal": "App", "id": "mine"}
    protocol = house.care.post("/clientes/c/chamados", opening).json()["protocolo"]
    taking = {"atendente": "Ana", "canal": "App"}
    assert house.care.post(f"/chamados/{protocol}/atendimento", taking).status == 200
    before = len(house.listed(limite="200"))
    for path, body in (
        (f"/chamados/{protocol}/prioridade", {"prioridade": "media", "canal": "App"}),
        (f"/chamados/{protocol}/atendimento", taking),
        ("/clientes/c/chamados", opening),
    ):
        answer = house.care.post(path, body)
        assert (answer.status, answer.json()["descricao"]) == (200, "d")
        assert house.listed()[0]["tipo"] == "chamado", path
    assert house.care.put_customer(house.care.get("/clientes/c").json()).status == 200
    assert [line["tipo"] for line in house.listed()[:2]] == ["documento", "documento"]
    assert len(house.listed(limite="200")) == before + 5
    changing = {"prioridade": "alta", "canal": "App"}
    assert house.care.post(f"/chamados/{protocol}/prioridade", changing).status == 200
    assert len(house.listed(limite="200")) == before + 5, "the journal has it"


def test_whoever_is_named_by_their_cpf_was_found(house: Keyed) -> None:
    first = customer("first", cpf="55566677788")
    assert house.care.put_customer(first).status == 201
    answer = house.care.put_customer(customer("second", cpf="55566677788"))
    assert answer.headers["authorizer-same-cpf"] == "first"
    assert [line["tipo"] for line in house.listed("first")] == ["busca"]
    assert house.listed("second") == []


def test_what_shows_nobody_is_not_recorded(house: Keyed) -> None:
    before = house.listed()
    for path in (
        "/clientes/nobody",
        "/cartoes/k-c",
        "/accounts/c",
        "/clientes/c/acessos",
        "/health",
    ):
        house.client("auditor").get(path)
    assert house.client("operador").get("/clientes/c").status == 403
    assert house.listed() == before


def test_the_persons_own_history_does_not_fill_up_with_it(house: Keyed) -> None:
    before = house.care.get("/clientes/c/operacoes").json()["operacoes"]
    for _ in range(5):
        house.care.get("/clientes/c")
    assert house.care.get("/clientes/c/operacoes").json()["operacoes"] == before


def test_the_list_has_pages(house: Keyed) -> None:
    for _ in range(3):
        house.care.get("/clientes/c")
    whole = house.listed(limite="200")
    client, found, cursor = house.client("supervisor"), [], None
    while True:
        query = {"limit": "2"} | ({"before": cursor} if cursor else {})
        page = client.get("/clientes/c/acessos", **query).json()
        found += page["acessos"]
        cursor = page["proximo"]
        if cursor is None:
            break
    assert found == whole
    assert client.get("/clientes/nobody/acessos").status == 404


def test_who_is_no_auditor_or_supervisor_may_not_see_it(house: Keyed) -> None:
    for role in ("atendente", "operador", "terminal"):
        assert house.client(role).get("/clientes/c/acessos").status == 403


def inspected(house: Keyed, *filters: str) -> list[Document]:
    return json_lines(done("inspect", "--accesses", *filters, "--data", house.server.data))


def test_inspect_lists_them(house: Keyed) -> None:
    house.care.get("/clientes/d")
    found = inspected(house, "--customer", "d")
    assert found[-1]["kind"] == "documento"
    assert found[-1]["customers"] == ["d"]
    assert found[-1]["by"] == f"atendente:{id_of(house.keys['atendente'])}"
    assert all("d" in line["customers"] for line in found)
    house.client("auditor").get("/clientes/d")
    by = inspected(house, "--by", "auditor")
    assert {line["by"].partition(":")[0] for line in by} == {"auditor"}


def test_they_survive_a_kill_an_erasure_and_a_lost_index(make_server: MakeServer) -> None:
    server = make_server()
    house = Keyed(server)
    for path in READS:
        assert house.care.get(path).status == 200
    before = house.listed()
    server.kill()
    for file in (server.data / FOLDER).glob("index.sqlite*"):
        file.unlink()
    server.start()
    house.care = house.client("atendente")
    assert house.listed() == before
    assert house.client("supervisor").delete("/clientes/c/dados-pessoais").status == 204
    assert house.listed() == before
    assert house.care.get("/clientes/c").status == 410
    assert house.care.get("/clientes/c/interacoes").status == 200
    assert len(house.listed()) == len(before) + 1


def test_while_there_are_no_keys_whoever_it_is_is_local(client: Client, new_id: NewId) -> None:
    customer_id = new_id()
    client.put_customer(customer(customer_id))
    client.get(f"/clientes/{customer_id}")
    (line,) = client.get(f"/clientes/{customer_id}/acessos").json()["acessos"]
    assert (line["por"], line["tipo"]) == ("local", "documento")
    assert "papel" not in line


def test_nothing_is_recorded_in_a_log_that_was_taken_away(make_server: MakeServer) -> None:
    server = make_server().start()
    client = Client(server.port)
    assert client.put_customer(customer("c", card("k"))).status == 201
    assert client.get("/clientes/c").status == 200
    shutil.rmtree(server.data / FOLDER)
    assert client.get("/clientes/c").status == 503, "it is told once"
    assert client.get("/accounts/c").status == 200
    assert client.get("/clientes/c").status == 200, "a log was begun anew"
    shutil.rmtree(server.data / FOLDER)
    assert client.get("/clientes/c/acessos").status == 503
    assert client.get("/clientes/c").status == 200
    server.kill()
    server.start()
    listed = Client(server.port).get("/clientes/c/acessos").json()["acessos"]
    assert [line["tipo"] for line in listed] == ["documento"]


def test_where_nothing_can_be_recorded_nothing_is_shown(make_server: MakeServer) -> None:
    """A file stands where the log's folder should be made: it can't be opened."""
    server = make_server()
    server.data.mkdir(parents=True)
    (server.data / FOLDER).write_text("")
    client = server.start().client
    assert client.put_customer(customer("c")).status == 201
    for path in ("/clientes/c", "/clientes?nome=maria", "/clientes/c/dados-pessoais"):
        answer = client.get(path)
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert b"Maria" not in answer.body
    assert client.get("/accounts/c").status == 200
    (server.data / FOLDER).unlink()
    assert client.get("/clientes/c").status == 200, "as soon as it can be recorded"
