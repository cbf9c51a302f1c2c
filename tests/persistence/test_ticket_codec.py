"""A ticket's bytes in a snapshot: the order of its parts, which no name in them tells."""

from __future__ import annotations

from typing import Any, Final

import orjson

from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.state import (
    Interaction,
    ReopeningWait,
    Ticket,
    TicketStatus,
    pack,
    unpack,
)

PARTS: Final[dict[str, Any]] = {
    "status": TicketStatus.REOPENED,
    "interactions": [Interaction(21, "cliente", "Ana", "App", True, Sealed("said"))],
    "reopening_waits": [ReopeningWait(22, 23), ReopeningWait(24, None)],
    "attendant": "Bia",
    "card_id": "k",
    "category": "bloqueio",
    "channel": "Chat",
    "client_id": "own-1",
    "closed_at_us": 1,
    "customer_id": "c",
    "first_resolved_at_us": 2,
    "first_response_at_us": 3,
    "first_response_target_us": 4,
    "opened_at_us": 5,
    "opened_priority": "media",
    "position": 6,
    "priority": "alta",
    "ticket_id": "20250224000007",
    "ran_us": 7,
    "reopening": Sealed("again"),
    "reopenings": 8,
    "resolution": Sealed("solved"),
    "resolution_target_us": 9,
    "resolved_at_us": 10,
    "runs_since_us": 11,
    "sealed_chars": 12,
    "text": Sealed("asked"),
    "unanswered_since_us": None,
}
BYTES: Final = (
    b'["reaberto",[[21,"cliente","Ana","App",true,"said"]],[[22,23],[24,null]],'
    b'"Bia","k","bloqueio","Chat","own-1",1,"c",2,3,4,5,"media",6,"alta","20250224000007",7,'
    b'"again",8,"solved",9,10,11,12,"asked",null]'
)


def test_a_ticket_lies_in_a_snapshot_as_it_always_did() -> None:
    ticket = Ticket("")
    assert set(PARTS) == set(Ticket.__slots__)
    for name, value in PARTS.items():
        setattr(ticket, name, value)
    assert orjson.dumps(pack(ticket)) == BYTES


def test_every_part_of_a_ticket_is_read_back_into_its_own_place() -> None:
    ticket = unpack(orjson.loads(BYTES))
    assert {name: getattr(ticket, name) for name in Ticket.__slots__} == PARTS
