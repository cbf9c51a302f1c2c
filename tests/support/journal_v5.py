"""What the journal of `tests/fixtures/journal-v5` holds, batch by batch.

All that the one before it holds, as it is written since the first operation on a purchase of one
message says what that was answered. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.purchase_events import (
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
)
from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US
from tests.support.journal_v2 import AT_US, BY, make_keys
from tests.support.journal_v4 import BATCHES as BEFORE

__all__ = ["BATCHES", "make_keys"]

A: Final = "vida longa ñ"
SHOP: Final = "PADARIA DO ZÉ               SAO PAULO BR"
NOW_US: Final = AT_US + DAY_US
LATER_US: Final = NOW_US + 40 * DAY_US
"""When every id of the day before is forgotten."""


def said(cents: int) -> str:
    return f"{cents}\0\0005812\0{SHOP}"


BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        AccountOpened(NOW_US, BY, A, {"FOOD": 0, "MEAL": 100_00, "CASH": 0}, None),
        PurchaseApproved(NOW_US + 1, BY, A, "t-1", 10_00, "5812", SHOP, None, "5811", "MEAL"),
        PurchaseApproved(NOW_US + 2, BY, A, "t-2", 20_00, "5812", SHOP, None, None, "MEAL"),
        PurchaseDeclined(
            NOW_US + 3, BY, A, "t-3", 10**20, "5812", SHOP, None, None, "insufficient_funds"
        ),
    ],
    [
        PurchaseRefunded(
            NOW_US + 4, BY, A, "t-1", "f-1", 3_00, 3_00, "MEAL", 0,
            StoredAnswer(NOW_US + 1, "approved", said(10_00), "MEAL", "5811"),
        ),
        PurchaseReversed(
            NOW_US + 5, BY, A, "t-2", "r-1", 20_00, None, None, "MEAL", False, 0, "reversed",
            StoredAnswer(NOW_US + 2, "approved", said(20_00), "MEAL"),
        ),
        PurchaseCaptured(
            NOW_US + 6, BY, A, "t-3", "k-1", 0, 5_00, 0, False, 5_00, True, True,
            None, None, None, "MEAL", True, 0, 0, "closed",
            StoredAnswer(NOW_US + 3, "insufficient_funds", said(10**20)),
        ),
        PurchaseRefunded(NOW_US + 7, BY, A, "t-1", "f-2", 7_00, None, "MEAL", 0),
    ],
    [PurchaseApproved(LATER_US, BY, A, "t-4", 50_00, "5812", SHOP, None, None, "MEAL")],
]  # fmt: skip
