"""A ticket's bytes in a snapshot: the order of its parts, which no name in them tells."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest

from authorizer.domain.moments import DAY_US
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.at_rest import (
    is_over,
    pack,
    unpack,
    with_deadlines,
    with_escalations,
)
from authorizer.domain.tickets.state import (
    Escalation,
    Interaction,
    ReopeningWait,
    ResponseWait,
    Ticket,
    TicketStatus,
)

PARTS: Final[dict[str, Any]] = {
    "status": TicketStatus.REOPENED,
    "interactions": [Interaction(21, "cliente", "Ana", "App", True, Sealed("said"))],
    "reopening_waits": [ReopeningWait(22, 23, 26), ReopeningWait(24, None, 28)],
    "response_waits": [ResponseWait(31, 32, 33, 34), ResponseWait(35, 36, None, None)],
    "escalations": [Escalation(41, "resolucao", "vencido", 40)],
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
    "first_response_due_us": 13,
    "resolution_due_us": 14,
    "legal_due_us": 15,
}
BYTES: Final = (
    b'["reaberto",[[21,"cliente","Ana","App",true,"said"]],[[22,23,26],[24,null,28]],[[31,32,33,34],[35,36,null,null]],'
    b'[[41,"resolucao","vencido",40]],'
    b'"Bia","k","bloqueio","Chat","own-1",1,"c",2,3,4,5,"media",6,"alta","20250224000007",7,'
    b'"again",8,"solved",9,10,11,12,"asked",null,13,14,15]'
)
OF_VERSION_5: Final = BYTES.replace(b'[[41,"resolucao","vencido",40]],', b"")
OF_VERSION_4: Final = (
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


def test_a_ticket_of_version_4_is_due_in_calendar_time() -> None:
    """As it was then: its targets from the opening, from the last reopening, from its clock on."""
    ticket = unpack(with_escalations(with_deadlines(orjson.loads(OF_VERSION_4))))
    assert {name: getattr(ticket, name) for name in Ticket.__slots__} == {
        **PARTS,
        "reopening_waits": [ReopeningWait(22, 23, 22 + 4), ReopeningWait(24, None, 24 + 4)],
        "response_waits": [],
        "escalations": [],
        "first_response_due_us": 5 + 4,
        "resolution_due_us": 11 + 9 - 7,
        "legal_due_us": 5 + 7 * DAY_US,
    }


def test_the_clock_of_a_ticket_of_version_4_may_have_stood() -> None:
    values = orjson.loads(OF_VERSION_4.replace(b"9,10,11,12", b"9,10,null,12"))
    assert unpack(with_escalations(with_deadlines(values))).resolution_due_us is None


def test_a_ticket_of_version_5_was_not_escalated() -> None:
    ticket = unpack(with_escalations(orjson.loads(OF_VERSION_5)))
    found = {name: getattr(ticket, name) for name in Ticket.__slots__}
    assert found == PARTS | {"escalations": []}


@pytest.mark.parametrize("status", list(TicketStatus))
def test_a_ticket_at_rest_says_whether_it_is_over(status: TicketStatus) -> None:
    """Without being read: a start looks at all of them."""
    data = BYTES.replace(b"reaberto", status.value.encode())
    assert is_over(data) == (status in (TicketStatus.RESOLVED, TicketStatus.CLOSED))
