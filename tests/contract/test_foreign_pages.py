"""An open server does not obey the web pages that a browser on this machine shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from authorizer.http.api.endpoints import Endpoint
from tests.support.api_keys import new_key
from tests.support.client import Answer, Client
from tests.support.documents import card, customer
from tests.support.endpoints import ENDPOINTS
from tests.support.server import MakeServer

NewId = Callable[[], str]

FOREIGN = [
    {"Host": "rebound.example"},
    {"Host": "rebound.example:8080", "Origin": "http://rebound.example:8080"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def ask(client: Client, endpoint: Endpoint, headers: dict[str, str]) -> Answer:
    path = re.sub(r"\{[^}]*\}", "nobody", endpoint.path)
    body = b"{}" if endpoint.method in ("POST", "PUT") else b""
    return client.send(endpoint.method, path, body, headers)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_is_answered_to_it(
    client: Client, endpoint: Endpoint, headers: dict[str, str]
) -> None:
    answer = ask(client, endpoint, headers)
    assert (answer.status, answer.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("path", ["/transactions", "/transaction", "/authorize"])
@pytest.mark.parametrize("way", ["straight", "over ASGI"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_purchase_is_decided_for_it(
    client: Client, new_id: NewId, path: str, way: str, headers: dict[str, str]
) -> None:
    account = client.open_account(new_id(), CASH="10.00")
    body = b'{"account":"%s","totalAmount":1.00,"mcc":"x","merchant":"y"}' % account.encode()
    more = {"Content-Type": "text/plain", **headers}
    target = path if way == "straight" else f"{path}?x"
    assert client.send("POST", target, body, more).status == 403
    assert client.balances(account)["CASH"] == "10.00"
    assert client.send("POST", target, body).code == "00"


def test_nothing_is_credited_and_nobody_erased_for_it(client: Client, new_id: NewId) -> None:
    account, customer_id = client.open_account(new_id(), CASH="10.00"), new_id()
    client.put_customer(customer(customer_id, card(new_id())))
    for headers in FOREIGN:
        credit = b'{"id":"x","category":"CASH","amount":1000000}'
        more = {"Content-Type": "text/plain", **headers}
        assert client.send("POST", f"/accounts/{account}/credits", credit, more).status == 403
        path = f"/clientes/{customer_id}/dados-pessoais"
        assert client.send("DELETE", path, headers=headers).status == 403
        assert client.send("GET", path, headers=headers).status == 403
    assert client.balances(account)["CASH"] == "10.00"
    assert client.customer(customer_id)["cliente_id"] == customer_id


def test_our_own_page_and_the_address_bar_are_answered(client: Client) -> None:
    for host in (f"127.0.0.1:{client.port}", "localhost:1", "[::1]:8080"):
        own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert client.send("GET", "/merchants", headers=own).status == 200
        typed = {"Host": host, "Sec-Fetch-Site": "none"}
        assert client.send("GET", "/docs", headers=typed).status == 200


def test_from_the_first_key_on_it_is_the_key_that_counts(make_server: MakeServer) -> None:
    server = make_server()
    key = new_key(server.data, "operador")
    client = Client(server.start().port, key=key)
    for headers in FOREIGN:
        assert client.send("GET", "/merchants", headers=headers).status == 200
        assert client.send("GET", "/health", headers=headers).status == 200
