"""L1: which wallet an MCC names."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.categories import DEFAULT_WALLETS, CategoryTable


@pytest.mark.parametrize(
    ("mcc", "wallet"),
    [
        ("5411", "FOOD"),
        ("5412", "FOOD"),
        ("5811", "MEAL"),
        ("5812", "MEAL"),
        ("5413", "CASH"),
        ("5810", "CASH"),
        ("5813", "CASH"),
        ("5999", "CASH"),
        ("0000", "CASH"),
        ("whatever", "CASH"),
    ],
)
def test_an_mcc_names_a_wallet_and_any_other_names_cash(mcc: str, wallet: str) -> None:
    assert CategoryTable().wallet_for(mcc) == wallet


@pytest.mark.parametrize("mcc", [" 5411", "5411 ", "05411", "\N{FULLWIDTH DIGIT FIVE}411", "541"])
def test_an_mcc_is_compared_as_exact_text(mcc: str) -> None:
    assert CategoryTable().wallet_for(mcc) == "CASH"


def test_the_table_is_configuration() -> None:
    table = CategoryTable({"4111": "TRANSPORT"}, "OTHER")
    assert table.wallet_for("4111") == "TRANSPORT"
    assert table.wallet_for("5411") == "OTHER"
    assert table.wallets() == ("TRANSPORT", "OTHER")


def test_an_account_has_each_wallet_of_the_table_once_by_default() -> None:
    assert CategoryTable().wallets() == DEFAULT_WALLETS == ("FOOD", "MEAL", "CASH")
    assert CategoryTable({"1": "CASH", "2": "A"}, "CASH").wallets() == ("CASH", "A")
