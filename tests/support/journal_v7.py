"""What the journal of `tests/fixtures/journal-v7` holds, batch by batch.

All that the one before it holds, as it is written since a purchase of one message says of which
product it is. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.deciders import Decider
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from authorizer.domain.messages import Event
from tests.support.journal_v2 import BY, make_keys
from tests.support.journal_v4 import HOUR_US, SHOP
from tests.support.journal_v6 import BATCHES as BEFORE
from tests.support.journal_v6 import NOW_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

A: Final = "benefício"
NOW_US: Final = BEFORE_US + 24 * HOUR_US

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        AccountOpened(NOW_US, BY, A, {"FOOD": 100_00, "MEAL": 100_00, "CASH": 50_00}, None),
        PurchaseApproved(
            NOW_US + 1, BY, A, "t-1", 9_00, "5812", SHOP, None, None, "MEAL", (), "01"
        ),
        PurchaseApproved(NOW_US + 2, BY, A, "t-2", 9_00, "5812", SHOP, None, None, "MEAL"),
        PurchaseDeclined(
            NOW_US + 3, BY, A, "t-3", 10**20, "5411", SHOP, None, "5812", "merchant_not_eligible",
            Decider("product", "02", None), (), "02",
        ),
    ],
]  # fmt: skip
