"""Every route refuses parameters that it does not know, or is given twice, by their name."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from authorizer.http.api.endpoints import Endpoint
from authorizer.http.api.query import SYNONYMS
from tests.support.client import Client
from tests.support.documents import Document, Number, card, customer
from tests.support.endpoints import ENDPOINTS

NewId = Callable[[], str]

ROUTED = [endpoint for endpoint in ENDPOINTS if endpoint.handler is not None]
LISTS = [one for one in ROUTED if {"limit", "limite"} & one.query.model_fields.keys()]


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def ask(client: Client, endpoint: Endpoint, query: str) -> tuple[int, list[str]]:
    path = re.sub(r"\{[^}]*\}", "nobody", endpoint.path)
    body = b"{}" if endpoint.method in ("POST", "PUT") else b""
    answer = client.send(endpoint.method, f"{path}?{query}", body)
    errors = answer.json().get("errors", []) if answer.status == 422 else []
    return answer.status, [error["field"] for error in errors]


@pytest.mark.parametrize("endpoint", ROUTED, ids=name_of)
def test_an_unknown_parameter_is_422_on_every_route(client: Client, endpoint: Endpoint) -> None:
    status, fields = ask(client, endpoint, "telefon=55319876")
    assert (status, fields[:1]) == (422, ["telefon"])


@pytest.mark.parametrize("endpoint", ROUTED, ids=name_of)
def test_a_repeated_parameter_is_422_on_every_route(client: Client, endpoint: Endpoint) -> None:
    for name in endpoint.query.model_fields:
        for again in filter(None, (name, SYNONYMS.get(name))):
            status, fields = ask(client, endpoint, f"{name}=1&{again}=1")
            assert status == 422
            assert again in fields


def test_head_is_asked_like_get(client: Client) -> None:
    assert client.send("HEAD", "/health?x=1").status == 422
    assert client.send("HEAD", "/health").status == 200


@pytest.mark.parametrize("path", ["/transactions", "/transaction", "/authorize"])
def test_the_query_of_a_transaction_is_not_looked_at(
    client: Client, new_id: NewId, path: str
) -> None:
    account = client.open_account(new_id(), CASH="10.00")
    document = {"account": account, "totalAmount": Number("1.00"), "mcc": "x", "merchant": "y"}
    answer = client.post(f"{path}?x=1&x=2&%FF", document)
    assert (answer.status, answer.code) == (200, "00")


@pytest.mark.parametrize("endpoint", LISTS, ids=name_of)
@pytest.mark.parametrize("limit", ["limit", "limite"])
@pytest.mark.parametrize("cursor", ["before", "cursor"])
def test_every_list_takes_both_names(
    client: Client, endpoint: Endpoint, limit: str, cursor: str
) -> None:
    status, fields = ask(client, endpoint, f"{limit}=0&{cursor}=~")
    assert (status, sorted(fields)) == (422, sorted((limit, cursor)))


@pytest.mark.parametrize("endpoint", LISTS, ids=name_of)
def test_a_cursor_that_is_left_blank_is_not_page_one_again(
    client: Client, endpoint: Endpoint
) -> None:
    assert ask(client, endpoint, "cursor=") == (422, ["cursor"])


def test_there_is_no_page_one_for_ever(client: Client, new_id: NewId) -> None:
    """What a client's other language was passed over for."""
    account, customer_id = client.open_account(new_id(), CASH="10.00"), new_id()
    client.put_customer(customer(customer_id, card(new_id())))
    for number in range(3):
        document: Document = {"account": account, "totalAmount": Number("1.00"), "id": str(number)}
        client.authorize(document | {"mcc": "x", "merchant": "y"})
        ticket = {"assunto": str(number), "descricao": "d", "categoria": "c", "canal": "App"}
        client.post(f"/clientes/{customer_id}/chamados", ticket)

    def pages(path: str, rows: str, following: str, **query: str) -> list[Document]:
        found: list[Document] = []
        first = client.get(path, **query).json()
        found += first[rows]
        second = client.get(path, **query, cursor=first[following]).json()
        found += second[rows]
        return found

    statement = pages(f"/accounts/{account}/transactions", "transactions", "next", limite="2")
    assert [line["id"] for line in statement] == ["2", "1", "0"]
    tickets = pages("/chamados", "chamados", "proximo", limit="2", cliente_id=customer_id)
    assert [line["assunto"] for line in tickets] == ["2", "1", "0"]
