"""Accounts: opened once with their opening balances, read with what they hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.client import Client, path_of
from tests.support.documents import Document, Number, card, customer, money, purchase

NewId = Callable[[], str]
OPENING: Document = {"balances": {"FOOD": money("100.00"), "MEAL": money("50.00")}}


def test_an_account_is_opened_and_read(client: Client, new_id: NewId) -> None:
    account = new_id()
    document = {
        "balances": {"FOOD": money("100.00"), "MEAL": money("50.00"), "CASH": money("20.00")},
        "cliente_id": "12345-x",
    }
    assert client.put(f"/accounts/{account}", document).status == 201
    answer = client.get(f"/accounts/{account}")
    assert answer.status == 200
    assert answer.spelled() == {"account": account, "cards": []} | document


def test_the_same_again_changes_nothing_although_money_has_moved(
    client: Client, new_id: NewId
) -> None:
    account = new_id()
    assert client.put(f"/accounts/{account}", OPENING).status == 201
    assert client.put(f"/accounts/{account}", OPENING).status == 200
    assert client.authorize(purchase(account, "30.00")).code == "00"
    assert client.put(f"/accounts/{account}", OPENING).status == 200
    assert client.balances(account) == {"FOOD": "70.00", "MEAL": "50.00"}


@pytest.mark.parametrize(
    "balances",
    [
        {"FOOD": money("100.01"), "MEAL": money("50.00")},
        {"FOOD": money("100.00")},
        {"FOOD": money("100.00"), "MEAL": money("50.00"), "CASH": money("1.00")},
    ],
)
def test_other_opening_balances_are_a_conflict(
    client: Client, new_id: NewId, balances: Document
) -> None:
    account = new_id()
    assert client.put(f"/accounts/{account}", OPENING).status == 201
    assert client.put(f"/accounts/{account}", {"balances": balances}).status == 409
    assert client.balances(account) == {"FOOD": "100.00", "MEAL": "50.00"}


def test_without_balances_the_usual_wallets_are_opened_empty(client: Client, new_id: NewId) -> None:
    account = new_id()
    assert client.put(f"/accounts/{account}", {}).status == 201
    assert client.balances(account) == {"FOOD": "0.00", "MEAL": "0.00", "CASH": "0.00"}
    assert client.put(f"/accounts/{account}", {}).status == 200


@pytest.mark.parametrize("wallet", ["food", "comida", "FOOD ", "CULTURE"])
def test_a_wallet_that_no_setting_names_is_422_with_those_there_are(
    client: Client, new_id: NewId, wallet: str
) -> None:
    account = new_id()
    balances = {"FOOD": money("1.00"), wallet: money("10.00")}
    answer = client.put(f"/accounts/{account}", {"balances": balances})
    assert answer.status == 422
    [error] = answer.json()["errors"]
    assert error["field"] == f"balances.{wallet}"
    assert "FOOD, MEAL, CASH" in error["message"]
    assert client.get(f"/accounts/{account}").status == 404


def test_an_unknown_account_is_404(client: Client, new_id: NewId) -> None:
    answer = client.get(f"/accounts/{new_id()}")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("odd", ["a b", "ção", "a%2Fb", "a?b=c", "a#b", "'; --", "\U0001f34e"])
def test_an_account_id_may_hold_any_character(client: Client, new_id: NewId, odd: str) -> None:
    account = client.open_account(f"{new_id()}{odd}", FOOD="10.00")
    assert client.authorize(purchase(account, "4.00")).code == "00"
    answer = client.get(path_of("accounts", account))
    assert answer.spelled()["account"] == account
    assert client.balances(account) == {"FOOD": "6.00"}


@pytest.mark.parametrize(
    "document",
    [
        {"balances": {"FOOD": Number("-0.01")}},
        {"balances": {"FOOD": Number("10.005")}},
        {"balances": {"FOOD": Number("1e400")}},
        {"balances": {"FOOD": "10.00"}},
        {"balances": {"FOOD": None}},
        {"balances": {"FOOD": True}},
        {"balances": {"": Number("1.00")}},
        {"balances": [1]},
        {"balances": {"FOOD": Number("1.00")}, "cliente_id": 5},
        [],
        "text",
    ],
)
def test_wrong_fields_are_422_and_open_nothing(
    client: Client, new_id: NewId, document: object
) -> None:
    account = new_id()
    assert client.put(f"/accounts/{account}", document).status == 422
    assert client.get(f"/accounts/{account}").status == 404


def test_an_account_names_its_customer_and_its_cards(client: Client, new_id: NewId) -> None:
    account, card_ids = new_id(), [new_id(), new_id()]
    document = customer(account, *(card(card_id) for card_id in card_ids))
    assert client.put_customer(document).status == 201
    seen = client.get(f"/accounts/{account}").json()
    assert (seen["cliente_id"], sorted(seen["cards"])) == (account, sorted(card_ids))


# --- credits ---------------------------------------------------------------------------------


def credit(credit_id: str, category: str = "FOOD", amount: str = "10.00") -> Document:
    return {"id": credit_id, "category": category, "amount": Number(amount)}


@pytest.fixture
def account(client: Client, new_id: NewId) -> str:
    return client.open_account(new_id(), FOOD="1.00", MEAL="0.00")


def test_a_credit_answers_the_new_balances(client: Client, account: str) -> None:
    answer = client.post(f"/accounts/{account}/credits", credit("c"))
    assert answer.status == 201
    assert answer.spelled()["balances"]["FOOD"] == money("11.00")
    assert client.authorize(purchase(account, "11.00")).code == "00"


def test_a_repeated_credit_counts_once(client: Client, account: str) -> None:
    path = f"/accounts/{account}/credits"
    assert client.post(path, credit("c")).status == 201
    assert client.post(path, credit("c")).status == 200
    assert client.post(path, credit("c", amount="1e1")).status == 200
    assert client.balances(account)["FOOD"] == "11.00"


@pytest.mark.parametrize(
    "other",
    [credit("c", amount="10.01"), credit("c", "MEAL"), credit("c") | {"reference": "a sale"}],
)
def test_other_fields_under_a_known_credit_id_are_a_conflict(
    client: Client, account: str, other: Document
) -> None:
    path = f"/accounts/{account}/credits"
    assert client.post(path, credit("c")).status == 201
    assert client.post(path, other).status == 409
    assert client.balances(account) == {"FOOD": "11.00", "MEAL": "0.00"}


def test_a_credit_may_say_what_it_is_for(client: Client, account: str) -> None:
    """A repeat says the same."""
    path, said = f"/accounts/{account}/credits", credit("c") | {"reference": "x" * 100}
    assert client.post(path, said).status == 201
    assert client.post(path, said).status == 200
    for other in ({}, {"reference": None}, {"reference": "x"}):
        assert client.post(path, credit("c") | other).status == 409
    assert client.balances(account)["FOOD"] == "11.00"


def test_a_credit_without_a_reference_may_say_so(client: Client, account: str) -> None:
    path = f"/accounts/{account}/credits"
    assert client.post(path, credit("c")).status == 201
    assert client.post(path, credit("c") | {"reference": None}).status == 200


@pytest.mark.parametrize("reference", ["", " ", "x" * 101, "a\nb", 4711, ["x"]])
def test_a_wrong_reference_of_a_credit_is_422(
    client: Client, account: str, reference: object
) -> None:
    path = f"/accounts/{account}/credits"
    answer = client.post(path, credit("c") | {"reference": reference})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["reference"]
    assert client.balances(account)["FOOD"] == "1.00"


def test_a_credit_goes_to_a_wallet_of_the_account_or_of_the_configuration(
    client: Client, account: str
) -> None:
    path = f"/accounts/{account}/credits"
    assert client.post(path, credit("a", "MEAL")).status == 201
    assert client.post(path, credit("b", "CASH")).status == 201
    answer = client.post(path, credit("c", "TRAVEL"))
    assert answer.status == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "category"
    assert "FOOD, MEAL, CASH" in error["message"]
    assert client.balances(account) == {"FOOD": "1.00", "MEAL": "10.00", "CASH": "10.00"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", None),
        ("id", ""),
        ("id", 5),
        ("category", None),
        ("category", ["FOOD"]),
        ("amount", None),
        ("amount", "10.00"),
        ("amount", Number("0.00")),
        ("amount", Number("-1.00")),
        ("amount", Number("10.005")),
        ("amount", Number("1e400")),
        ("amount", Number("-1e400")),
        ("amount", Number("1e99999999999999999999")),
        ("amount", Number("9" * 400)),
        ("amount", Number("9" * 5000)),
        ("id", Number("1e400")),
    ],
)
def test_a_wrong_field_of_a_credit_is_422(
    client: Client, account: str, member: str, value: object
) -> None:
    path = f"/accounts/{account}/credits"
    answer = client.post(path, credit("c") | {member: value})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [member]
    without = credit("c")
    del without[member]
    assert client.post(path, without).status == 422
    assert client.balances(account)["FOOD"] == "1.00"


def test_a_credit_to_an_unknown_account_is_404(client: Client, new_id: NewId) -> None:
    assert client.post(f"/accounts/{new_id()}/credits", credit("c")).status == 404


def test_an_id_of_a_credit_does_not_answer_a_purchase(client: Client, account: str) -> None:
    """Under one id, a purchase never gets the answer of a credit, nor a credit of a purchase."""
    assert client.post(f"/accounts/{account}/credits", credit("c")).status == 201
    answer = client.authorize(purchase(account, "5.00", id="c"))
    assert not answer.replayed
    assert answer.code == "00" or answer.reason == "duplicate_mismatch"
    spent = "6.00" if answer.code == "00" else "11.00"
    assert client.balances(account)["FOOD"] == spent
