"""Events of purchases, short to write. Times are days since `FIRST`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    IncrementDeclined,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    PurchaseReversedBefore,
)
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


_OF: Final = ("t", "a", "p")
"""Who did it, the account, the purchase."""
OPERATIONS: Final[dict[str, Callable[[int, int], Any]]] = {
    "hold": lambda at_us, cents: HoldApproved(
        at_us,
        *_OF,
        cents,
        cents,
        "5811",
        "M",
        None,
        None,
        "MEAL",
        at_us + DAY_US,
        False,
        None,
        None,
    ),
    "part": lambda at_us, cents: HoldApproved(
        at_us,
        *_OF,
        cents + 1,
        cents,
        "5811",
        "M",
        None,
        None,
        "MEAL",
        at_us + DAY_US,
        True,
        None,
        None,
    ),
    "declined hold": lambda at_us, cents: HoldDeclined(
        at_us, *_OF, cents, "5811", "M", None, None, "too_late", None, False, None, None
    ),
    "increment": lambda at_us, cents: HoldIncremented(at_us, *_OF, "o", cents, "MEAL"),
    "declined increment": lambda at_us, cents: IncrementDeclined(
        at_us, *_OF, "o", cents, "amount_limit", None
    ),
    "capture": lambda at_us, cents: PurchaseCaptured(
        at_us,
        *_OF,
        "o",
        cents - 1,
        1,
        3,
        False,
        None,
        True,
        False,
        None,
        None,
        None,
        "MEAL",
        False,
        0,
        0,
        "closed",
    ),
    "reversal": lambda at_us, cents: PurchaseReversed(
        at_us, *_OF, "o", cents, None, None, "MEAL", True, 0, "reversed"
    ),
    "reversal before": lambda at_us, _: PurchaseReversedBefore(at_us, *_OF, "o", None, "reverse"),
    "refund": lambda at_us, cents: PurchaseRefunded(at_us, *_OF, "o", cents, None, "MEAL", 0),
    "expiry": lambda at_us, cents: HoldExpired(at_us, *_OF, cents, "MEAL", 0, "expired"),
}
"""Every kind of operation of a purchase, made of its time and its centavos."""


def done(what: str, cents: int, day: float = 0) -> Any:
    """An operation of a purchase."""
    return OPERATIONS[what](int((FIRST + day) * DAY_US), cents)
