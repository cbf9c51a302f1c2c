"""What the journal of `tests/fixtures/journal-v10` holds, batch by batch.

All that the one before it holds, another ceiling of the limit that is left there, and a credit that
says what it is for. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.events import AccountCredited
from authorizer.domain.accounts.purchase_events import LimitCeilingsChanged
from authorizer.domain.messages import Event
from tests.support.journal_v2 import BY, make_keys
from tests.support.journal_v4 import HOUR_US, A
from tests.support.journal_v9 import BATCHES as BEFORE
from tests.support.journal_v9 import RESOLUTION_DUE_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

MOST: Final = 5
REFERENCE: Final = "venda 4711 não entregue"

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        LimitCeilingsChanged(BEFORE_US + HOUR_US, BY, A, "mês", True, None, MOST, "enforce"),
    ],
    [
        AccountCredited(BEFORE_US + HOUR_US + 1, BY, A, "c-2", "MEAL", 12_34, 0, REFERENCE),
        AccountCredited(BEFORE_US + HOUR_US + 2, BY, A, "c-3", "MEAL", 1),
    ],
]
