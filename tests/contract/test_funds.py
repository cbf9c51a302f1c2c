"""Which funds pay: the wallet of the category, else CASH, else the card's limit; never two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.client import Client
from tests.support.documents import card, customer, money, purchase

NewId = Callable[[], str]


@dataclass(frozen=True)
class Holder:
    """A customer with FOOD 30.00, MEAL 0.00, CASH 20.00 and a card with 100.00 of 150.00 left."""

    client: Client
    account: str
    card_id: str

    def buy(self, amount: str, *, with_card: bool = True, mcc: str = "5411") -> str:
        more = {"card": self.card_id} if with_card else {}
        return self.client.authorize(purchase(self.account, amount, mcc=mcc, **more)).code

    def used(self) -> object:
        return self.client.card(self.card_id)["limite_utilizado"]

    def wallets(self) -> dict[str, str]:
        return self.client.balances(self.account)


@pytest.fixture
def holder(client: Client, new_id: NewId) -> Holder:
    account = client.open_account(new_id(), FOOD="30.00", MEAL="0.00", CASH="20.00")
    card_id = new_id()
    document = customer(new_id(), card(card_id, "150.00", "50.00"), conta=account)
    assert client.put_customer(document).status == 201
    return Holder(client, account, card_id)


def test_the_wallet_of_the_category_pays_first(holder: Holder) -> None:
    assert holder.buy("15.00") == "00"
    assert holder.wallets() == {"FOOD": "15.00", "MEAL": "0.00", "CASH": "20.00"}
    assert holder.used() == money("50.00")


def test_cash_pays_where_the_wallet_is_short(holder: Holder) -> None:
    assert holder.buy("20.00", mcc="5811") == "00"
    assert holder.wallets() == {"FOOD": "30.00", "MEAL": "0.00", "CASH": "0.00"}
    assert holder.used() == money("50.00")


def test_the_card_pays_where_wallet_and_cash_are_short(holder: Holder) -> None:
    assert holder.buy("100.00") == "00"
    assert holder.wallets() == {"FOOD": "30.00", "MEAL": "0.00", "CASH": "20.00"}
    document = holder.client.card(holder.card_id)
    assert document["limite_total"] == money("150.00")
    assert document["limite_utilizado"] == money("150.00")
    assert document["limite_disponivel"] == money("0.00")


def test_two_sources_never_share_a_purchase(holder: Holder) -> None:
    """30.00 + 20.00 + 100.00 would cover 100.01; no single source does."""
    assert holder.buy("100.01") == "51"
    assert holder.wallets() == {"FOOD": "30.00", "MEAL": "0.00", "CASH": "20.00"}
    assert holder.used() == money("50.00")


def test_a_limit_pays_only_where_the_transaction_names_the_card(holder: Holder) -> None:
    assert holder.buy("60.00", with_card=False) == "51"
    assert holder.used() == money("50.00")


def test_the_limit_is_spent_to_the_last_centavo(holder: Holder) -> None:
    assert [holder.buy("33.34"), holder.buy("33.33"), holder.buy("33.34")] == ["00", "00", "51"]
    assert [holder.buy("33.33"), holder.buy("33.33")] == ["00", "51"]
    assert holder.used() == money("150.00")


def test_another_benefit_never_pays(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), FOOD="10.00", MEAL="100.00", CASH="0.00")
    assert client.authorize(purchase(account, "20.00", mcc="5411")).code == "51"


def test_an_account_without_the_wallet_pays_from_cash(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), CASH="20.00")
    assert client.authorize(purchase(account, "20.00", mcc="5411")).code == "00"
    assert client.balances(account) == {"CASH": "0.00"}
