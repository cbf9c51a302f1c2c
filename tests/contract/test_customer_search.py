"""Customers are found by what is known of them, at once, in order, as the caller may see them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api_keys import key_per_role
from tests.support.client import Answer, Client, path_of
from tests.support.documents import Document, card, customer
from tests.support.server import PATIENT, Server

PEOPLE: list[Document] = [
    customer("c1", card("s-k1"), card("s-k2"), nome="Leonardo Morais", cpf="111.222.333-44",
             telefone="+55 31 98765-4321", email="leo@email.com", conta="conta-c1"),
    customer("c2", nome="Álvaro de Morais", cpf="11122233355", telefone="31 98765-0000",
             email="alvaro@email.com"),
    customer("c3", nome="ana leonarda", cpf="999.222.333-44", telefone="+1 212 555 0100",
             email="Ana@Example.com"),
    customer("c4", nome="Ana Leonarda", cpf="99922233300"),
]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that recovered two of the people and was told of the others."""
    flags = (*PATIENT, "--reports", "false", "--log-level", "debug")
    server = Server(tmp_path_factory.mktemp("search"), flags)
    try:
        client = server.start().client
        for document in PEOPLE[:2]:
            assert client.put_customer(document).status == 201
        server.kill()
        client = server.start().client
        for document in PEOPLE[2:]:
            assert client.put_customer(document).status == 201
        yield server
    finally:
        server.end()


def find(client: Client, **query: str) -> list[str]:
    answer = client.get("/clientes", **query)
    assert answer.status == 200, answer
    return [each["cliente_id"] for each in answer.json()["clientes"]]


EVERYBODY = ["c2", "c3", "c4", "c1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, EVERYBODY),
        ({"cpf": ""}, None),
        ({"telefone": ""}, None),
        ({"email": ""}, None),
        ({"nome": " "}, None),
        ({"nome": "morais leonardo"}, ["c1"]),
        ({"cpf": "111 222 333 44"}, ["c1"]),
        ({"telefone": "(031) 98765-4321"}, ["c1"]),
        ({"telefone": "0055 31 98765-4321 ramal 12"}, ["c1"]),
        ({"telefone": "31\u00a08765\u20114321"}, ["c1"]),
        ({"nome": "morais"}, ["c2", "c1"]),
        ({"nome": "MORÁIS"}, ["c2", "c1"]),
        ({"nome": "leonardo mor"}, ["c1"]),
        ({"nome": "leonard"}, ["c3", "c4", "c1"]),
        ({"nome": "alvaro de"}, ["c2"]),
        ({"nome": "nobody"}, []),
        ({"cpf": "111.222"}, ["c2", "c1"]),
        ({"cpf": "11122233344"}, ["c1"]),
        ({"telefone": "5531"}, ["c2", "c1"]),
        ({"telefone": "31 98765-4"}, ["c1"]),
        ({"telefone": "98765"}, ["c2", "c1"]),
        ({"telefone": "+1 212"}, ["c3"]),
        ({"email": "ANA@"}, ["c3"]),
        ({"nome": "morais", "cpf": "111.222.333-5"}, ["c2"]),
        ({"nome": "ana", "email": "leo"}, []),
        ({"unknown": "x"}, None),
        ({"nome": "100%"}, []),
        ({"nome": "_"}, None),
        ({"cpf": "abc"}, None),
        ({"cpf": "123456789012"}, None),
        ({"telefone": "none"}, None),
        ({"limite": "0"}, None),
        ({"limite": "201"}, None),
        ({"limite": "many"}, None),
        ({"cursor": "nonsense"}, None),
        ({"cursor": "WzEsMl0"}, None),
        ({"nome": "x" * 257}, None),
    ],
)
def test_the_search(house: Server, query: dict[str, str], expected: list[str] | None) -> None:
    if expected is not None:
        assert find(house.client, **query) == expected
        return
    answer = house.client.get("/clientes", **query)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_a_customer_is_shown_with_the_ids_of_the_cards(house: Server) -> None:
    (found,) = house.client.get("/clientes", cpf="11122233344").json()["clientes"]
    head = {name: value for name, value in PEOPLE[0].items() if name != "historico_operacoes"}
    assert found == head | {"cartoes": ["s-k1", "s-k2"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_go_on_where_the_last_one_ended(house: Server, limit: int) -> None:
    found: list[str] = []
    query = {"limite": str(limit)}
    while True:
        answer = house.client.get("/clientes", **query).json()
        found += [each["cliente_id"] for each in answer["clientes"]]
        if answer["proximo"] is None:
            break
        query["cursor"] = answer["proximo"]
    assert found == EVERYBODY


def test_who_writes_finds_it_at_once(house: Server) -> None:
    """Under the new name, and under the old one no more; also with many writing at a time."""
    client = house.client

    def write(number: int) -> None:
        for name in ("Zacarias", "Zuleica"):
            document = customer(f"w{number}", nome=f"{name} Escreve{number}", cpf="00000000000")
            assert client.put_customer(document).status in {200, 201}
            assert find(client, nome=f"{name} escreve{number}") == [f"w{number}"]
        assert find(client, nome=f"zacarias escreve{number}") == []

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(10, 26)))
    for number in range(10, 26):
        assert client.delete(path_of("clientes", f"w{number}", "dados-pessoais")).status == 204
    assert find(client, nome="zuleica") == []
    assert find(client) == EVERYBODY


def test_nothing_of_it_is_logged(house: Server) -> None:
    log = house.log_path.read_text()
    assert log
    for secret in ("Morais", "leonard", "11122233344", "111.222", "98765", "@"):
        assert secret not in log


# --- who may see what ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clients(house: Server) -> dict[str, Client]:
    keys = key_per_role(house)
    house.kill()
    house.start()
    return {role: Client(house.port, key=key) for role, key in keys.items()}


def person(answer: Answer) -> tuple[Any, ...]:
    assert answer.status == 200, answer
    document = answer.json()
    (one,) = document.get("clientes", [document])
    return tuple(one[name] for name in ("nome", "cpf", "telefone", "email"))


FULL = ("Leonardo Morais", "111.222.333-44", "+55 31 98765-4321", "leo@email.com")
MASKED = ("Leonardo Morais", "***.***.333-**", "*********4321", "l***@email.com")


@pytest.mark.parametrize(
    ("role", "seen"), [("atendente", FULL), ("supervisor", FULL), ("auditor", MASKED)]
)
def test_what_is_personal_is_masked_for_who_need_not_know_it(
    clients: dict[str, Client], role: str, seen: tuple[str, ...]
) -> None:
    client = clients[role]
    assert person(client.get(path_of("clientes", "c1"))) == seen
    assert person(client.get("/clientes", email="leo@email.com")) == seen


PARTS = [
    {"cpf": "111222"},
    {"cpf": "111.222.333-4"},
    {"telefone": "31 98765"},
    {"telefone": "987"},
    {"email": "leo"},
    {"email": "leo", "nome": "leonardo"},
    {"email": "leo@"},
]
WHOLE = [
    {"cpf": "11122233344"},
    {"cpf": "111.222.333-44", "nome": "leo"},
    {"telefone": "5531987654321"},
    {"telefone": "+55 31 98765-4321"},
    {"telefone": "(031) 8765-4321"},
    {"email": "LEO@email.com"},
    {"nome": "leonardo m"},
]
PARTS_THAT_COULD_BE_WHOLE = [
    {"telefone": "98765-4321"},
    {"telefone": "55319876"},
    {"telefone": "553198765432"},
    {"email": "leo@email.co"},
]


@pytest.mark.parametrize("query", PARTS)
def test_a_search_does_not_tell_what_is_masked(
    clients: dict[str, Client], query: dict[str, str]
) -> None:
    """Who could look for the beginning of a CPF would have all of it, digit by digit."""
    answer = clients["auditor"].get("/clientes", **query)
    assert answer.status == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == next(iter(query))
    assert "must be whole" in error["message"]
    assert clients["atendente"].get("/clientes", **query).status == 200


@pytest.mark.parametrize("query", WHOLE)
def test_who_sees_it_masked_looks_for_all_of_it(
    clients: dict[str, Client], query: dict[str, str]
) -> None:
    assert person(clients["auditor"].get("/clientes", **query)) == MASKED


@pytest.mark.parametrize("query", PARTS_THAT_COULD_BE_WHOLE)
def test_a_part_that_could_be_whole_finds_nobody_for_who_sees_it_masked(
    clients: dict[str, Client], query: dict[str, str]
) -> None:
    assert find(clients["auditor"], **query) == []
    assert "c1" in find(clients["atendente"], **query)


@pytest.mark.parametrize("role", ["terminal", "operador"])
def test_others_see_no_customers_at_all(clients: dict[str, Client], role: str) -> None:
    for path in ("/clientes", "/clientes/c1", "/clientes/c1/dados-pessoais"):
        assert clients[role].get(path).status == 403


def test_an_auditor_neither_exports_nor_erases(clients: dict[str, Client]) -> None:
    path = path_of("clientes", "c1", "dados-pessoais")
    assert clients["auditor"].get(path).status == 403
    assert clients["auditor"].delete(path).status == 403
    answer = clients["atendente"].get(path)
    assert answer.status == 200
    assert answer.json()["cliente"]["cpf"] == FULL[1]
    assert answer.json()["conta"]["account"] == "conta-c1"
    assert answer.json()["chamados"] == []


@pytest.fixture(scope="module")
def slow_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where three searches may find somebody, and an auditor may guess twice."""
    flags = ("--search-hits-per-minute", "3", "--masked-searches-per-hour", "2")
    server = Server(tmp_path_factory.mktemp("slow"), (*PATIENT, "--reports", "false", *flags))
    try:
        client = server.start().client
        for document in PEOPLE:
            assert client.put_customer(document).status == 201
        yield server
    finally:
        server.end()


def test_who_sees_it_masked_guesses_seldom_and_nobody_lists_everybody_fast(
    slow_house: Server,
) -> None:
    """A guess counts, right or wrong; one that is refused tells nothing, and does not count."""
    keys = key_per_role(slow_house)
    slow_house.kill()
    slow_house.start()
    auditor = Client(slow_house.port, key=keys["auditor"])
    attendant = Client(slow_house.port, key=keys["atendente"])
    assert auditor.get("/clientes", cpf="111").status == 422
    assert find(auditor, cpf="00022233344") == []
    assert find(auditor, telefone="+55 31 98765-4321") == ["c1"]
    denied = auditor.get("/clientes", cpf="11122233344")
    assert denied.status == 429
    assert "guesses too often" in denied.json()["detail"]
    assert 60 < int(denied.headers["retry-after"]) <= 1800
    assert find(auditor, nome="morais") == ["c2", "c1"]
    assert find(auditor, nome="nobody") == []
    for _ in range(3):
        assert find(attendant, cpf="11122233344") == ["c1"]
    denied = attendant.get("/clientes")
    assert denied.status == 429
    assert "looks for people too often" in denied.json()["detail"]
    assert 0 < int(denied.headers["retry-after"]) <= 20
    assert find(attendant, cpf="000") == [], "who finds nobody may go on"
