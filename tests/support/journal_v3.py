"""What the journal of `tests/fixtures/journal-v3` holds, batch by batch.

All that the one before it holds, as it is written since tickets came to have the client's own id,
and what came with that. The bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.messages import Event
from authorizer.domain.tickets.events import TicketOpened, TicketPriorityChanged
from tests.support.journal_v2 import AT_US, BY, _seal, make_keys
from tests.support.journal_v2 import BATCHES as BEFORE

__all__ = ["BATCHES", "make_keys"]

CLIENT_ID: Final = "pedido-é-1"
SECOND_PROTOCOL: Final = "20260701000002"
HOURS_4_US, DAY_US = 14_400_000_000, 86_400_000_000

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        TicketOpened(
            AT_US + 22, BY, SECOND_PROTOCOL, "777", "fatura", "media", "App", None,
            HOURS_4_US, DAY_US, _seal('["Fatura","De novo"]'), CLIENT_ID,
        ),
        TicketPriorityChanged(
            AT_US + 23, BY, SECOND_PROTOCOL, "777", "urgente", "Chat", 900_000_000, HOURS_4_US
        ),
    ],
]  # fmt: skip
