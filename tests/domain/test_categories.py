"""L1: which wallet an MCC names."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.categories import DEFAULT_WALLETS, CategoryTable
from authorizer.domain.accounts.policy import Policy


def wallet_for(mcc: str, table: CategoryTable | None = None) -> str:
    """The wallet that is asked first at an MCC."""
    policy = Policy(table or CategoryTable())
    return policy.sources_by_mcc.get(mcc, policy.sources_elsewhere)[0]


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
    assert wallet_for(mcc) == wallet


@pytest.mark.parametrize("mcc", [" 5411", "5411 ", "05411", "\N{FULLWIDTH DIGIT FIVE}411", "541"])
def test_an_mcc_is_compared_as_exact_text(mcc: str) -> None:
    assert wallet_for(mcc) == "CASH"


def test_the_table_is_configuration() -> None:
    table = CategoryTable({"4111": "TRANSPORT"}, "OTHER")
    assert wallet_for("4111", table) == "TRANSPORT"
    assert wallet_for("5411", table) == "OTHER"
    assert table.wallets() == ("TRANSPORT", "OTHER")


def test_an_account_has_each_wallet_of_the_table_once_by_default() -> None:
    assert CategoryTable().wallets() == DEFAULT_WALLETS == ("FOOD", "MEAL", "CASH")
    assert CategoryTable({"1": "CASH", "2": "A"}, "CASH").wallets() == ("CASH", "A")
