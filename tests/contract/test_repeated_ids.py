"""The same id again: the stored answer, nothing moves; under other fields it is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.documents import Number, card, customer, purchase

NewId = Callable[[], str]


@pytest.fixture
def account(client: Client, new_id: NewId) -> str:
    return client.open_account(new_id(), FOOD="100.00", CASH="0.00")


def test_an_approval_is_answered_again_and_debited_once(client: Client, account: str) -> None:
    transaction = purchase(account, "10.00", id="a")
    first = client.authorize(transaction)
    assert (first.code, first.replayed) == ("00", False)
    for _ in range(3):
        again = client.authorize(transaction)
        assert (again.code, again.reason, again.replayed) == ("00", "approved", True)
    assert client.balances(account)["FOOD"] == "90.00"


def test_a_51_stays_a_51_when_money_has_come(client: Client, account: str) -> None:
    transaction = purchase(account, "150.00", id="a")
    assert client.authorize(transaction).code == "51"
    credit = {"id": "c", "category": "FOOD", "amount": Number("100.00")}
    assert client.post(f"/accounts/{account}/credits", credit).status == 201
    again = client.authorize(transaction)
    assert (again.code, again.reason, again.replayed) == ("51", "insufficient_funds", True)
    assert client.authorize(purchase(account, "150.00", id="b")).code == "00"


def test_a_refused_card_stays_refused_when_it_is_unblocked(
    client: Client, account: str, new_id: NewId
) -> None:
    card_id = new_id()
    document = customer(new_id(), card(card_id, "10.00"), conta=account)
    assert client.put_customer(document).status == 201
    block = {"motivo": "em_analise", "canal": "App"}
    assert client.post(f"/cartoes/{card_id}/bloqueio", block).status == 200
    transaction = purchase(account, "10.00", id="a", card=card_id)
    assert client.authorize(transaction).reason == "card_blocked"
    unblock = {"canal": "App", "justificativa": "ok"}
    assert client.post(f"/cartoes/{card_id}/desbloqueio", unblock).status == 200
    again = client.authorize(transaction)
    assert (again.code, again.reason, again.replayed) == ("07", "card_blocked", True)
    assert client.authorize(purchase(account, "10.00", id="b", card=card_id)).code == "00"


@pytest.mark.parametrize(
    "other",
    [
        {"totalAmount": Number("10.01")},
        {"mcc": "5412"},
        {"merchant": "LOJA Y"},
        {"card": "x"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_other_fields_under_a_known_id_are_refused(
    client: Client, account: str, other: dict[str, object]
) -> None:
    transaction = purchase(account, "10.00", id="a")
    assert client.authorize(transaction).code == "00"
    answer = client.authorize(transaction | other)
    assert (answer.code, answer.reason) == ("07", "duplicate_mismatch")
    assert client.balances(account)["FOOD"] == "90.00"
    assert client.authorize(transaction).code == "00", "the first answer stays"


def test_the_same_fields_in_another_spelling_are_the_same_fields(
    client: Client, account: str
) -> None:
    assert client.authorize(purchase(account, "10.00", id="a")).code == "00"
    other_spelling = {
        "id": "a",
        "merchant": "LOJA X",
        "mcc": "5411",
        "amount": Number("1e1"),
        "accountId": account,
        "ignored": 1,
    }
    again = client.authorize(other_spelling)
    assert (again.code, again.replayed) == ("00", True)
    assert client.balances(account)["FOOD"] == "90.00"


def test_an_id_belongs_to_its_account(client: Client, account: str, new_id: NewId) -> None:
    other = client.open_account(new_id(), FOOD="100.00")
    assert client.authorize(purchase(account, "10.00", id="a")).code == "00"
    answer = client.authorize(purchase(other, "20.00", id="a"))
    assert (answer.code, answer.replayed) == ("00", False)
    assert client.balances(other)["FOOD"] == "80.00"


def test_without_an_id_every_request_is_a_purchase(client: Client, account: str) -> None:
    answers = [client.authorize(purchase(account, "10.00")) for _ in range(3)]
    assert [(answer.code, answer.replayed) for answer in answers] == [("00", False)] * 3
    assert client.balances(account)["FOOD"] == "70.00"
