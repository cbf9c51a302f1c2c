"""What the journal of `tests/fixtures/journal-v10` holds, batch by batch.

All that the one before it holds, and another ceiling of the limit that is left there. The bytes
there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.purchase_events import LimitCeilingsChanged
from authorizer.domain.messages import Event
from tests.support.journal_v2 import BY, make_keys
from tests.support.journal_v4 import HOUR_US, A
from tests.support.journal_v9 import BATCHES as BEFORE
from tests.support.journal_v9 import RESOLUTION_DUE_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

MOST: Final = 5

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        LimitCeilingsChanged(BEFORE_US + HOUR_US, BY, A, "mês", True, None, MOST, "enforce"),
    ],
]
