"""Which source pays what is booked by force, where no approval has chosen one."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.purchase_commands import Capture
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    NOW_US,
    apply,
    context,
    opened,
    terms,
    with_card,
)

LIMIT_CENTS = 100_00


@pytest.mark.parametrize("mcc", ["5999", None])
@pytest.mark.parametrize(
    ("cash_cents", "card_id", "cents", "source"),
    [
        (50_00, CARD, 50_00, "CASH"),
        (50_00, CARD, 50_01, "credit_limit"),
        (0, CARD, LIMIT_CENTS, "credit_limit"),
        (0, CARD, LIMIT_CENTS + 1, "CASH"),
        (0, None, 1, "CASH"),
        (0, "another", 1, "CASH"),
    ],
)
def test_the_limit_of_its_card_pays_what_no_wallet_covers(
    mcc: str | None, cash_cents: int, card_id: str | None, cents: int, source: str
) -> None:
    """With an MCC or without one. What nothing covers is a debt of the wallet, not of the card."""
    account = with_card(opened(CASH=cash_cents), terms(limit_cents=LIMIT_CENTS))
    command = Capture(ACCOUNT, "unknown", "c", cents, True, True, mcc, "LOJA X", card_id, BY)
    apply(account, ACCOUNTS.decide(account, command, context(), NOW_US))
    assert account.purchases["unknown"].source == source
    used = account.cards[CARD].limit_used_cents
    assert used == (cents if source == "credit_limit" else 0)
    by_wallet = cents if source == "CASH" else 0
    assert account.wallets_cents["CASH"] == max(0, cash_cents - by_wallet)
    assert account.owed_cents.get("CASH", 0) == max(0, by_wallet - cash_cents)


def test_without_an_mcc_no_wallet_but_the_fallback_pays() -> None:
    account = opened(MEAL=100_00, CASH=0)
    command = Capture(ACCOUNT, "unknown", "c", 1_00, True, True, None, None, None, BY)
    apply(account, ACCOUNTS.decide(account, command, context(), NOW_US))
    assert account.owed_cents == {"CASH": 1_00}
