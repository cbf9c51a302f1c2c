"""What is told of a transaction that can't be taken, and the id in a header."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.documents import Document, Number, encode, purchase

NewId = Callable[[], str]


@pytest.fixture
def account(client: Client, new_id: NewId) -> str:
    """An account with 100.00 of FOOD."""
    return client.open_account(new_id(), FOOD="100.00")


def left(client: Client, account: str) -> str:
    return client.balances(account)["FOOD"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"Id": "t"}, "Id: is not known; id is"),
        ({"transactionId": "t"}, "transactionId: is not known; id is"),
        ({"cartao_id": "c"}, "cartao_id: is not known; card is"),
        ({"currency": "USD"}, "currency: must be BRL"),
        ({"type": "REVERSAL"}, "type: must be a purchase"),
        ({"mcc": None}, "mcc: must be a text"),
    ],
)
def test_a_member_that_is_not_passed_over_is_named(
    client: Client, account: str, more: Document, told: str
) -> None:
    answer = client.authorize(purchase(account, "1.00") | more)
    assert (answer.body, answer.reason) == (b'{"code":"07"}', "malformed")
    assert answer.headers["authorizer-detail"] == told
    assert left(client, account) == "100.00"


@pytest.mark.parametrize("amount", ["0", "10.005", "1e400", "1e99999999999999999999", "9" * 400])
def test_an_amount_that_cannot_be_taken_is_named(client: Client, account: str, amount: str) -> None:
    answer = client.authorize(purchase(account, amount))
    assert (answer.body, answer.reason) == (b'{"code":"07"}', "invalid_amount")
    assert answer.headers["authorizer-detail"].startswith("totalAmount: must be ")
    assert left(client, account) == "100.00"


@pytest.mark.parametrize(
    "more", [{"x": Number("1e400")}, {"currency": "BRL"}, {"type": "purchase"}, {"city": "X"}]
)
def test_any_other_member_is_passed_over(client: Client, account: str, more: Document) -> None:
    answer = client.authorize(purchase(account, "1.00") | more)
    assert (answer.code, answer.reason) == ("00", "approved")
    assert "authorizer-detail" not in answer.headers


def test_a_body_that_is_too_long_is_told(client: Client) -> None:
    answer = client.send("POST", "/transactions", b" " * 65_537)
    assert answer.headers["authorizer-detail"] == "body: is longer than 65536 bytes"


def test_the_header_idempotency_key_is_the_id(client: Client, account: str) -> None:
    def post(key: str, **members: str) -> tuple[str, str | None, bool]:
        body = encode(purchase(account, "1.00") | members)
        answer = client.send("POST", "/transactions", body, {"Idempotency-Key": key})
        return answer.code, answer.reason, answer.replayed

    assert post("k-1") == ("00", "approved", False)
    assert post("k-1") == ("00", "approved", True)
    assert post('"k-1"', id="k-1") == ("00", "approved", True)
    assert post("k-2", id="k-1") == ("07", "malformed", False)
    assert client.authorize(purchase(account, "1.00", id="k-1")).replayed
    assert post("k-1", mcc="5412") == ("07", "duplicate_mismatch", False)
    assert left(client, account) == "99.00"
