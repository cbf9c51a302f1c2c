"""What the journal of `tests/fixtures/journal-v6` holds, batch by batch.

All that the one before it holds, as it is written since decisions say what decided, which limits in
the shadow would have, and under which settings. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldIncremented,
    IncrementDeclined,
)
from authorizer.domain.messages import Event
from authorizer.domain.settings.events import PolicyChanged
from tests.support.journal_v2 import BY, make_keys
from tests.support.journal_v4 import HOUR_US, SHOP
from tests.support.journal_v5 import BATCHES as BEFORE
from tests.support.journal_v5 import LATER_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

A: Final = "porquê"
NOW_US: Final = BEFORE_US + 24 * HOUR_US
SHADOW: Final = (LimitName("mês", "global"), LimitName("dia", "account"))

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        AccountOpened(NOW_US, BY, A, {"FOOD": 100_00, "MEAL": 100_00, "CASH": 50_00}, None),
        PurchaseApproved(NOW_US + 1, BY, A, "t-1", 9_00, "5411", SHOP, None, None, "FOOD", SHADOW),
        PurchaseDeclined(
            NOW_US + 2, BY, A, "t-2", 10**20, "5411", SHOP, None, None, "count_limit",
            Decider("limit", "dia", "account"), SHADOW[:1],
        ),
        PurchaseDeclined(
            NOW_US + 3, BY, A, None, 1_00, "7995", SHOP, "9999-2", None, "card_control",
            Decider("controls", "mccs_bloqueados", None),
        ),
        HoldApproved(
            NOW_US + 4, BY, A, "h-1", 40_00, 40_00, "5812", SHOP, None, None, "MEAL",
            NOW_US + 168 * HOUR_US, False, None, None, SHADOW,
        ),
        HoldDeclined(
            NOW_US + 5, BY, A, "h-2", 40_00, "5812", SHOP, None, None, "merchant_not_eligible",
            Decider("product", "02", None), False, None, "02",
        ),
        HoldIncremented(NOW_US + 6, BY, A, "h-1", "i-1", 5_00, "MEAL", SHADOW[1:]),
        IncrementDeclined(
            NOW_US + 7, BY, A, "h-1", "i-2", 50_00, "amount_limit",
            Decider("limit", "mês", "global"),
        ),
    ],
    [
        PolicyChanged(
            NOW_US + 8, "start",
            {
                "categories": {"wallet_by_mcc": {"5812": "MEAL"}, "fallback": "CASH"},
                "deadline_ns": 80_000_000,
                "hold_hours": {"usual": 168, "by_mcc": [[3351, 3999, 744]]},
                "fallback_of": {"MEAL": None},
            },
            "America/Sao_Paulo",
        ),
    ],
]  # fmt: skip
