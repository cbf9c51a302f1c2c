"""`GET /accounts/{account}/transactions`: what was bought, newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, path_of
from tests.support.documents import Document, Number, card, customer
from tests.support.server import MakeServer

NewId = Callable[[], str]


def buy(client: Client, account: str, amount: str, **members: object) -> str:
    """Post a purchase and give its answer code."""
    document: Document = {
        "account": account,
        "totalAmount": Number(amount),
        "mcc": "5811",
        "merchant": "PADARIA DO ZE               SAO PAULO BR",
    }
    return client.authorize(document | members).code


def statement(client: Client, account: str, **query: str) -> Document:
    answer = client.get(path_of("accounts", account, "transactions"), **query)
    assert answer.status == 200, answer
    document: Document = answer.spelled()
    return document


def test_a_purchase_is_there_as_soon_as_it_was_answered(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), MEAL="100.00")
    for number in range(1, 21):
        assert buy(client, account, "1.00", id=str(number)) == "00"
        newest = statement(client, account, limit="1")["transactions"]
        assert [line["id"] for line in newest] == [str(number)]


def test_approved_and_declined_with_reason_and_source(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), MEAL="10.00", CASH="20.00")
    buy(client, account, "10.00", id="meal")
    buy(client, account, "15.5", id="cash")
    buy(client, account, "99999999999999999999999999", merchant="A  B", mcc="x")
    found = statement(client, account)
    assert found["account"] == account
    assert found["next"] is None
    assert [{**line, "at": ""} for line in found["transactions"]] == [
        {
            "type": "purchase",
            "code": "51",
            "reason": "insufficient_funds",
            "amount": Number("99999999999999999999999999.00"),
            "mcc": "x",
            "merchant": "A  B",
            "source": None,
            "wallet": None,
            "available_change": Number("0.00"),
            "held_change": Number("0.00"),
            "at": "",
        },
        line("cash", "15.50", "CASH"),
        line("meal", "10.00", "MEAL"),
    ]
    times = [line["at"] for line in found["transactions"]]
    assert times == sorted(times, reverse=True)


def line(transaction_id: str, amount: str, source: str) -> Document:
    return {
        "type": "purchase",
        "code": "00",
        "reason": "approved",
        "amount": Number(amount),
        "mcc": "5811",
        "merchant": "PADARIA DO ZE               SAO PAULO BR",
        "source": source,
        "wallet": source,
        "available_change": Number(f"-{amount}"),
        "held_change": Number("0.00"),
        "at": "",
        "id": transaction_id,
    }


def test_a_credit_is_a_line_and_balances_follow_from_the_lines(
    client: Client, new_id: NewId
) -> None:
    customer_id, card_id = new_id(), new_id()
    client.open_account(customer_id, MEAL="10.00", CASH="5.00")
    assert client.put_customer(customer(customer_id, card(card_id, "100.00"))).status == 201
    credit = {"id": "c-1", "category": "FOOD", "amount": Number("7.5"), "reference": "vale 7"}
    for _ in range(2):
        client.post(path_of("accounts", customer_id, "credits"), credit)
    buy(client, customer_id, "4.00")
    buy(client, customer_id, "50.00", card=card_id)
    buy(client, customer_id, "200.00", card=card_id)
    declined, by_card, by_wallet, credited = statement(client, customer_id)["transactions"]
    assert credited | {"at": ""} == {
        "type": "credit",
        "id": "c-1",
        "reference": "vale 7",
        "code": "00",
        "reason": "approved",
        "amount": Number("7.50"),
        "source": None,
        "wallet": "FOOD",
        "available_change": Number("7.50"),
        "held_change": Number("0.00"),
        "at": "",
    }
    changes = [
        (one["type"], one["source"], one["wallet"], one["available_change"].text)
        for one in (by_wallet, by_card, declined)
    ]
    assert changes == [
        ("purchase", "MEAL", "MEAL", "-4.00"),
        ("purchase", "credit_limit", None, "0.00"),
        ("purchase", None, None, "0.00"),
    ]
    assert client.balances(customer_id) == {"MEAL": "6.00", "CASH": "5.00", "FOOD": "7.50"}


def test_a_repeat_is_no_purchase_of_its_own(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), MEAL="10.00")
    for _ in range(3):
        buy(client, account, "10.00", id="once")
    assert [found["id"] for found in statement(client, account)["transactions"]] == ["once"]


def test_pages_hold_every_purchase_once_while_more_come_in(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), MEAL="100.00")
    for number in range(7):
        buy(client, account, "1.00", id=str(number))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "3"}
    while True:
        page = statement(client, account, **query)
        seen += [found["id"] for found in page["transactions"]]
        buy(client, account, "1.00", id=f"later{len(seen)}")
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_accounts_do_not_mix(client: Client, new_id: NewId) -> None:
    one, other = (client.open_account(new_id(), MEAL="10.00") for _ in range(2))
    buy(client, one, "1.00", id="x")
    assert statement(client, other)["transactions"] == []


def test_an_unknown_account_is_404(client: Client, new_id: NewId) -> None:
    answer = client.get(path_of("accounts", new_id(), "transactions"))
    assert answer.status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "x"),
        ("limit", ""),
        ("before", "x"),
        ("before", ""),
        ("before", "WzEsMl0"),  # two numbers
        ("before", "WyIxIl0"),  # a text
        ("before", "WzFd" * 40),
        ("before", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OV0"),  # beyond 64 bits
        ("before", "\u00e9"),
    ],
)
def test_what_is_no_page_is_422(client: Client, new_id: NewId, field: str, value: str) -> None:
    account = client.open_account(new_id())
    answer = client.get(path_of("accounts", account, "transactions"), **{field: value})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_switched_off_reports_are_503(make_server: MakeServer) -> None:
    server = make_server("--reports", "false").start()
    server.client.open_account("1")
    answer = server.client.get("/accounts/1/transactions")
    assert answer.status == 503
    health: Any = server.client.get("/health").json()
    assert health["status"] == "ok"
    assert health["reports"] == {"running": False, "position": 0}
