"""Events of purchases, short to write. Times are days since `FIRST`."""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.moments import DAY_US

FIRST: Final = 20_409
"""2025-11-17, in days since 1970."""


def approved(
    cents: int, day: int = 0, mcc: str = "5811", merchant: str = "M", wallet: str | None = "MEAL"
) -> PurchaseApproved:
    at_us = (FIRST + day) * DAY_US
    return PurchaseApproved(at_us, "t", "a", None, cents, mcc, merchant, None, None, wallet)


def declined(
    cents: int,
    day: int = 0,
    mcc: str = "5811",
    merchant: str = "M",
    reason: str = "insufficient_funds",
) -> PurchaseDeclined:
    at_us = (FIRST + day) * DAY_US
    return PurchaseDeclined(at_us, "t", "a", None, cents, mcc, merchant, None, None, reason)


def numbered(number: int, account_id: str = "a") -> PurchaseApproved:
    """The purchase of this number: its id, and its microseconds since 1970."""
    return PurchaseApproved(
        number, "t", account_id, str(number), 100, "5811", "M", None, None, "MEAL"
    )
