"""Two attendants change one customer: the one who has not seen the other's change is told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Answer, Client, path_of
from tests.support.documents import Document, card, customer, encode
from tests.support.together import Request, send_together

NewId = Callable[[], str]


def put(client: Client, document: Document, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = path_of("clientes", document["cliente_id"])
    return client.send("PUT", path, encode(document), named)


def tag_of(client: Client, customer_id: str) -> str:
    answer = client.get(path_of("clientes", customer_id))
    assert answer.status == 200
    return answer.headers["etag"]


@pytest.fixture
def document(client: Client, new_id: NewId) -> Document:
    one = customer(new_id(), card(new_id()), nome="Ana Prado")
    assert client.put_customer(one).status == 201
    return one


def test_of_two_who_saw_the_same_one_loses(client: Client, document: Document) -> None:
    seen = tag_of(client, document["cliente_id"])
    first = put(client, document | {"telefone": "11 98888-0001"}, If_Match=seen)
    assert first.status == 200
    second = put(client, document | {"email": "ana@example.com"}, If_Match=seen)
    assert second.status == 412
    assert "read them again" in second.json()["detail"]
    now = client.get(path_of("clientes", document["cliente_id"]))
    assert now.json()["telefone"] == "11 98888-0001"
    assert now.headers["etag"] == first.headers["etag"] != seen
    assert put(client, document, If_Match=first.headers["etag"]).status == 200


def test_of_many_at_once_one_wins(client: Client, document: Document) -> None:
    """Whether somebody was faster is known only at the moment of the change."""
    path = path_of("clientes", document["cliente_id"])
    headers = (("If-Match", tag_of(client, document["cliente_id"])),)
    phones = [f"11 98888-00{number:02}" for number in range(20)]
    requests = [
        Request("PUT", path, encode(document | {"telefone": phone}), headers) for phone in phones
    ]
    answers = send_together(client.port, requests)
    statuses = [answer.status for answer in answers if answer]
    assert sorted(statuses) == [200] + [412] * 19
    won = phones[statuses.index(200)]
    assert client.customer(document["cliente_id"])["telefone"] == won


def test_who_says_nothing_is_not_held_up(client: Client, document: Document) -> None:
    for phone in ("11 98888-0001", "11 98888-0002"):
        assert put(client, document | {"telefone": phone}).status == 200


def test_what_changes_nothing_leaves_the_version(client: Client, document: Document) -> None:
    seen = tag_of(client, document["cliente_id"])
    assert put(client, document, If_Match=seen).headers["etag"] == seen
    assert tag_of(client, document["cliente_id"]) == seen


def test_a_purchase_and_a_block_are_no_change_of_the_document(
    client: Client, document: Document
) -> None:
    """They are not what a document replaces, and would make every edit of a used card fail."""
    seen = tag_of(client, document["cliente_id"])
    (one,) = document["cartoes"]
    block = {"motivo": "em_analise", "canal": "App"}
    assert client.post(path_of("cartoes", one["cartao_id"], "bloqueio"), block).status == 200
    assert put(client, document | {"nome": "Ana P"}, If_Match=seen).status == 200


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ("*", 200),
        ('"0", {}', 200),
        ('{} , W/"1"', 200),
        ("W/{}", 412),
        ('"0"', 412),
        ('"nonsense"', 412),
        ('"99999999999999999999999"', 412),
        ("17", 422),
        ('"17', 422),
        ("", 422),
    ],
)
def test_what_if_match_may_say(client: Client, document: Document, tags: str, status: int) -> None:
    seen = tag_of(client, document["cliente_id"])
    answer = put(client, document | {"nome": "Ana P"}, If_Match=tags.format(seen))
    assert answer.status == status
    assert (tag_of(client, document["cliente_id"]) != seen) == (status == 200)
    if status == 422:
        (error,) = answer.json()["errors"]
        assert error["field"] == "If-Match"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_Match": "*"}, 412),
        ({"If_Match": '"1"'}, 412),
        ({"If_Match": '"0"'}, 412),
        ({"If_None_Match": "*", "If_Match": "*"}, 412),
        ({"If_None_Match": '"1"'}, 422),
        ({"If_None_Match": "*"}, 201),
    ],
)
def test_nothing_is_made_where_something_was_to_be_changed(
    client: Client, new_id: NewId, headers: dict[str, Any], status: int
) -> None:
    one = customer(new_id(), card(new_id()))
    assert put(client, one, **headers).status == status
    made = 200 if status == 201 else 404
    assert client.get(path_of("clientes", one["cliente_id"])).status == made
    assert client.get(path_of("accounts", one["cliente_id"])).status == made


def test_who_means_to_make_one_changes_none(client: Client, document: Document) -> None:
    assert put(client, document | {"nome": "Eva"}, If_None_Match="*").status == 412
    assert client.customer(document["cliente_id"])["nome"] == "Ana Prado"


def test_an_erased_customer_is_gone_whatever_was_seen(client: Client, document: Document) -> None:
    seen = tag_of(client, document["cliente_id"])
    erased = client.delete(path_of("clientes", document["cliente_id"], "dados-pessoais"))
    assert erased.status == 204
    assert put(client, document, If_Match="*").status == 410
    assert put(client, document, If_Match=seen).status in {410, 412}


def test_a_second_customer_with_one_cpf_is_told_of(client: Client, new_id: NewId) -> None:
    first, second, other = (new_id() for _ in range(3))
    assert client.get("/clientes", cpf="00000000001").status == 200, "the index is there"
    cpf = f"{abs(hash(first)) % 10**11:011d}"
    assert "authorizer-same-cpf" not in put(client, customer(first, cpf=cpf)).headers
    dotted = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
    answer = put(client, customer(second, cpf=dotted))
    assert (answer.status, answer.headers["authorizer-same-cpf"]) == (201, first)
    assert put(client, customer(first, cpf=cpf)).headers["authorizer-same-cpf"] == second
    assert "authorizer-same-cpf" not in put(client, customer(other, cpf="00000000001")).headers
