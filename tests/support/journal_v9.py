"""What the journal of `tests/fixtures/journal-v9` holds, batch by batch.

All that the one before it holds, and the escalations of its newest ticket. The bytes there never
change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.messages import Event
from authorizer.domain.tickets.events import TicketEscalated
from tests.support.journal_v2 import make_keys
from tests.support.journal_v4 import HOUR_US
from tests.support.journal_v8 import ABOUT
from tests.support.journal_v8 import BATCHES as BEFORE
from tests.support.journal_v8 import NOW_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

RESPONSE_DUE_US: Final = BEFORE_US + 3 * HOUR_US
RESOLUTION_DUE_US: Final = BEFORE_US + 20 * HOUR_US

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        TicketEscalated(
            RESPONSE_DUE_US + 1, "escalation", *ABOUT, "resposta_reabertura", "vencido",
            RESPONSE_DUE_US,
        ),
    ],
    [
        TicketEscalated(
            RESOLUTION_DUE_US - HOUR_US, "escalation", *ABOUT, "resolucao", "aviso",
            RESOLUTION_DUE_US,
        ),
    ],
]  # fmt: skip
