"""What the journal of `tests/fixtures/journal-v4` holds, batch by batch.

All that the one before it holds, as it is written since purchases came to have a life: holds,
captures, reversals, refunds, limits, and credits that pay debts. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.deciders import Decider
from authorizer.domain.accounts.events import AccountCredited, AccountOpened, PurchaseApproved
from authorizer.domain.accounts.limits import LimitEntry, LimitScope
from authorizer.domain.accounts.purchase_events import (
    AccountStatusChanged,
    CardControlsPut,
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    IncrementDeclined,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    PurchaseReversedBefore,
    WalletAdjusted,
)
from authorizer.domain.limits.events import GlobalLimitPut, GlobalLimitRemoved
from authorizer.domain.messages import Event
from tests.support.journal_v2 import AT_US, BY, make_keys
from tests.support.journal_v3 import BATCHES as BEFORE

__all__ = ["BATCHES", "make_keys"]

A: Final = "vida ñ"
SHOP: Final = "PADARIA DO ZÉ               SAO PAULO BR"
HOUR_US: Final = 3_600_000_000
NOW_US: Final = AT_US + 30

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        AccountOpened(NOW_US, BY, A, {"FOOD": 100_00, "MEAL": 100_00, "CASH": 50_00}, None),
        AccountCredited(NOW_US + 1, BY, A, "c-1", "MEAL", 10_00, 0),
        HoldApproved(
            NOW_US + 2, BY, A, "h-1", 40_00, 40_00, "5812", SHOP, None, None, "MEAL",
            NOW_US + 168 * HOUR_US, False, None, "01",
        ),
        HoldIncremented(NOW_US + 3, BY, A, "h-1", "i-1", 5_00, "MEAL"),
        IncrementDeclined(NOW_US + 4, BY, A, "h-1", "i-2", 10**20, "insufficient_funds", None),
        PurchaseCaptured(
            NOW_US + 5, BY, A, "h-1", "k-1", 20_00, 0, 0, False, 20_00, False, False,
            None, None, None, "MEAL", False, 0, 0, "pending",
        ),
        PurchaseReversed(
            NOW_US + 6, BY, A, "h-1", "r-1", 25_00, None, None, "MEAL", True, 0, "closed"
        ),
        PurchaseRefunded(NOW_US + 7, BY, A, "h-1", "f-1", 7_00, 7_00, "MEAL", 0),
    ],
    [
        HoldDeclined(
            NOW_US + 8, BY, A, "h-2", 10**20, "5411", SHOP, None, "5411", "amount_limit",
            Decider("limit", "dia", None),
            True, 12, None,
        ),
        HoldApproved(
            NOW_US + 9, BY, A, "h-3", 30_00, 30_00, "5411", SHOP, None, None, "FOOD",
            NOW_US + 9 + HOUR_US, True, 1, None,
        ),
        PurchaseCaptured(
            NOW_US + 10, BY, A, "h-4", "k-1", 0, 60_00, 0, False, 60_00, True, True,
            None, None, None, "CASH", True, 10_00, 0, "closed",
        ),
        PurchaseReversedBefore(NOW_US + 11, BY, A, "h-5", "r-1", 9_00, "decline"),
        WalletAdjusted(NOW_US + 12, BY, A, "a-1", "CASH", 15_00, "contagem do dia", 10_00),
        PurchaseApproved(NOW_US + 13, BY, A, "t-9", 1_00, "5812", SHOP, None, "5811", "MEAL"),
        HoldExpired(NOW_US + 9 + HOUR_US, "expiry", A, "h-3", 30_00, "FOOD", 0, "expired"),
    ],
    [
        LimitPut(
            NOW_US + 10 + HOUR_US, BY, A, "dia", False, "PT10M", 600_000_000, 500_00, None,
            LimitScope(("MEAL",), (), ("UBER*",), ()), "enforce", 0, 0, 1_00, 1,
            (LimitEntry("t-9", NOW_US + 13, 1_00),),
        ),
        LimitPut(
            NOW_US + 11 + HOUR_US, BY, A, "mês", True, "month", None, None, 10,
            LimitScope(), "shadow", 1, 2, 0, 0, (),
        ),
        LimitWindowBegan(NOW_US + 12 + HOUR_US, BY, A, "mês", True, 2, 3),
        LimitRemoved(NOW_US + 13 + HOUR_US, BY, A, "dia", False),
        GlobalLimitPut(
            NOW_US + 14 + HOUR_US, BY, "mês", "month", None, None, 10, LimitScope(), "shadow"
        ),
        GlobalLimitPut(
            NOW_US + 15 + HOUR_US, BY, "ano", "year", None, 9_000_00, None,
            LimitScope(mccs=("7995",)), "enforce",
        ),
        GlobalLimitRemoved(NOW_US + 16 + HOUR_US, BY, "ano"),
        CardControlsPut(
            NOW_US + 17 + HOUR_US, BY, "123", "9999-2",
            CardControls(None, ("7995",), ("CASSINO*",), 500_00),
        ),
        AccountStatusChanged(NOW_US + 18 + HOUR_US, BY, A, "frozen", "pedido do titular"),
    ],
]  # fmt: skip
