"""What the journal of `tests/fixtures/journal-v8` holds, batch by batch.

All that the one before it holds, as it is written since events of tickets tell their deadlines. The
bytes there never change.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.messages import Event
from authorizer.domain.tickets.events import (
    InteractionRecorded,
    TicketOpened,
    TicketPaused,
    TicketPriorityChanged,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from tests.support.journal_v2 import BY, PROTOCOL, _seal, make_keys
from tests.support.journal_v4 import HOUR_US
from tests.support.journal_v7 import BATCHES as BEFORE
from tests.support.journal_v7 import NOW_US as BEFORE_US

__all__ = ["BATCHES", "make_keys"]

NOW_US: Final = BEFORE_US + 24 * HOUR_US
TICKET: Final = f"{int(PROTOCOL) + 100}"
ABOUT: Final = (TICKET, "777")
SAID: Final = _seal('["E o meu caso?",null]')

BATCHES: Final[list[list[Event]]] = [
    *BEFORE,
    [
        TicketOpened(
            NOW_US, BY, *ABOUT, "limite", "media", "App", None, 4 * HOUR_US, 24 * HOUR_US,
            _seal('["Limite","Quero mais"]'), None,
            NOW_US + 4 * HOUR_US, NOW_US + 40 * HOUR_US, NOW_US + 180 * HOUR_US,
        ),
        InteractionRecorded(
            NOW_US + 1, BY, *ABOUT, "atendente", "Ana", "Chat", True, SAID, None
        ),
        TicketPaused(NOW_US + 2, BY, *ABOUT, "Chat", 1),
        InteractionRecorded(
            NOW_US + 3, BY, *ABOUT, "cliente", None, "Chat", True, SAID, NOW_US + 9 * HOUR_US
        ),
        TicketResumed(NOW_US + 3, BY, *ABOUT, "Chat", NOW_US + 41 * HOUR_US),
        TicketPriorityChanged(
            NOW_US + 4, BY, *ABOUT, "alta", "Chat", HOUR_US, 8 * HOUR_US,
            NOW_US + HOUR_US, NOW_US + 8 * HOUR_US, None, NOW_US + 2 * HOUR_US,
        ),
        TicketResolved(NOW_US + 5, BY, *ABOUT, "Ana", "Chat", _seal('["Mudado"]'), 3),
        TicketReopened(
            NOW_US + 6, BY, *ABOUT, "App", _seal('["Não mudou"]'),
            NOW_US + 20 * HOUR_US, NOW_US + 3 * HOUR_US,
        ),
    ],
]  # fmt: skip
