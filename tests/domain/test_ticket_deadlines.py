"""Deadlines of tickets in business time: they stand in events, and pauses count in it too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from authorizer.actors.business_hours import BusinessHours, parse_hours
from authorizer.actors.calendar import windows_in
from authorizer.actors.desk_time import DeskTime
from authorizer.domain.aggregate import Context
from authorizer.domain.moments import HOUR_US, MINUTE_US, moment_of, us_of
from authorizer.domain.outcomes import Done
from authorizer.domain.tickets import commands
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import TicketClock, ticket_clock
from authorizer.domain.tickets.legal_deadline import legal_due_us
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import Ticket, ticket_view
from tests.support.builders import BY, context

ZONE = ZoneInfo("America/Sao_Paulo")
DESK = DeskTime(BusinessHours(parse_hours("08:00-12:00,13:00-18:00"), tuple(range(5)), ZONE.key))
BUSINESS = replace(context(), desk_time=DESK)
ID = "20261120000001"
OPEN = commands.OpenTicket("c", "s", "d", "x", Priority.HIGH, "App", None, None, BY)
PAUSE = commands.PauseTicket(ID, "Chat", "Qual cartão?", "Ana", BY)
RESOLVE = commands.ResolveTicket(ID, commands.Resolution("Ana", "Feito"), "Chat", BY)
REOPEN = commands.ReopenTicket(ID, "Voltou", "App", BY)
RANK = commands.ChangePriority(ID, Priority.URGENT, "Chat", BY)
"""`alta`: the first response in 60 minutes, the resolution in 480. `urgente`: 15 and 240."""


def said(author: str) -> Any:
    return commands.RecordInteraction(ID, author, None, "Chat", "Olá", True, BY)


def at(text: str) -> int:
    return us_of(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def local(at_us: int | None) -> str | None:
    if at_us is None:
        return None
    return f"{moment_of(at_us).astimezone(ZONE):%m-%d %H:%M}"


def ticket_of(*asked: tuple[str, Any], around: Context = BUSINESS) -> Ticket:
    """A ticket after commands, each at its local time."""
    ticket = Ticket(ID)
    for moment, command in asked:
        decision = TICKETS.decide(ticket, command, around, at(moment))
        assert isinstance(decision.outcome, Done), decision
        for event in decision.events:
            TICKETS.evolve(ticket, event, ticket.position + 1)
    return ticket


def clock_of(ticket: Ticket, moment: str) -> TicketClock:
    return ticket_clock(ticket_view(ticket), at(moment))


FRIDAY = "2026-11-20T17:30"


def test_an_opening_on_friday_evening_is_due_on_monday() -> None:
    clock = clock_of(ticket_of((FRIDAY, OPEN)), FRIDAY)
    assert local(clock.first_response_due_us) == "11-23 08:30"
    assert local(clock.resolution_due_us) == "11-23 16:30"


def test_a_changed_desk_rewrites_nothing() -> None:
    """The events tell the deadlines: replay asks no setting, no zone, no holiday."""
    decision = TICKETS.decide(Ticket(ID), OPEN, BUSINESS, at(FRIDAY))
    (opened,) = decision.events
    replayed = Ticket(ID)
    TICKETS.evolve(replayed, opened, 1)
    assert local(replayed.first_response_due_us) == "11-23 08:30"
    assert opened.first_response_due_us == replayed.first_response_due_us  # type: ignore[attr-defined]


def test_time_that_is_paused_counts_in_business_time_too() -> None:
    """Worked: half an hour on Friday before the pause, of 480 minutes; none of the weekend."""
    ticket = ticket_of((FRIDAY, OPEN), ("2026-11-21T10:00", PAUSE))
    assert ticket.ran_us == 30 * MINUTE_US
    assert clock_of(ticket, "2026-12-20T10:00").resolution_due_us is None
    assert not clock_of(ticket, "2026-12-20T10:00").resolution_overdue
    TICKETS.evolve(ticket, said_at(ticket, "2026-11-25T17:00"), 9)
    assert local(ticket.resolution_due_us) == "11-26 15:30"


def said_at(ticket: Ticket, moment: str) -> Any:
    """The event by which the clock runs again."""
    decision = TICKETS.decide(ticket, said("cliente"), BUSINESS, at(moment))
    return decision.events[-1]


@pytest.mark.parametrize(("moment", "late"), [("16:30", False), ("16:31", True)])
def test_what_ends_late_stays_late(moment: str, late: bool) -> None:
    ticket = ticket_of((FRIDAY, OPEN), (f"2026-11-23T{moment}", RESOLVE))
    assert clock_of(ticket, "2026-12-01T10:00").resolution_overdue == late


def test_a_deadline_that_falls_on_the_closing_is_missed_after_it() -> None:
    """Though no more is worked until the morning: due at 18:00, resolved at 20:00 is late."""
    opening = ("2026-11-23T09:00", OPEN)
    for end in (RESOLVE, PAUSE):
        ticket = ticket_of(opening, ("2026-11-23T20:00", end))
        assert local(clock_of(ticket_of(opening), "2026-11-23T10:00").resolution_due_us) == (
            "11-23 18:00"
        )
        assert clock_of(ticket, "2026-11-24T09:00").resolution_overdue
    in_time = ticket_of(opening, ("2026-11-23T18:00", RESOLVE))
    assert not clock_of(in_time, "2026-11-24T09:00").resolution_overdue


def test_a_reopening_has_deadlines_of_its_own() -> None:
    ticket = ticket_of((FRIDAY, OPEN), ("2026-11-20T17:45", RESOLVE), ("2026-11-21T12:00", REOPEN))
    clock = clock_of(ticket, "2026-11-21T12:00")
    assert local(clock.reopening_response_due_us) == "11-23 09:00"
    assert local(clock.resolution_due_us) == "11-23 16:45"


def test_another_priority_moves_every_deadline_in_business_time() -> None:
    ticket = ticket_of((FRIDAY, OPEN), ("2026-11-23T08:10", RANK))
    clock = clock_of(ticket, "2026-11-23T08:10")
    assert local(clock.first_response_due_us) == "11-20 17:45"
    assert clock.first_response_overdue
    assert local(clock.resolution_due_us) == "11-23 11:30"


def test_the_customer_who_writes_again_is_owed_an_answer_in_business_time() -> None:
    ticket = ticket_of(
        ("2026-11-20T10:00", OPEN),
        ("2026-11-20T10:10", said("atendente")),
        (FRIDAY, said("cliente")),
        ("2026-11-20T17:40", said("cliente")),
    )
    clock = clock_of(ticket, FRIDAY)
    assert local(clock.next_response_due_us) == "11-23 08:30"
    assert not clock.next_response_overdue
    assert clock_of(ticket, "2026-11-23T08:31").next_response_overdue
    assert len(ticket.response_waits) == 1
    for event in TICKETS.decide(ticket, RANK, BUSINESS, at("2026-11-20T17:50")).events:
        TICKETS.evolve(ticket, event, 9)
    assert local(ticket.response_waits[-1].due_us) == "11-20 17:45"


def test_a_resolution_settles_a_next_response_but_is_none() -> None:
    ticket = ticket_of(
        ("2026-11-20T10:00", OPEN),
        ("2026-11-20T10:10", said("atendente")),
        ("2026-11-20T11:00", said("cliente")),
        ("2026-11-20T11:30", RESOLVE),
        ("2026-11-20T11:40", said("cliente")),
    )
    (wait,) = ticket.response_waits
    assert (wait.answered_at_us, local(wait.settled_at_us)) == (None, "11-20 11:30")
    assert not clock_of(ticket, "2026-12-20T10:00").next_response_overdue


# --- the law -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "due"),
    [
        ("2026-11-20T00:00", "11-28 00:00"),
        ("2026-11-20T23:59", "11-28 00:00"),
        ("2026-12-27T12:00", "01-04 00:00"),
        ("2028-02-25T12:00", "03-04 00:00"),
        ("2018-10-30T12:00", "11-07 00:00"),  # over a day of 23 hours
    ],
)
def test_the_law_counts_seven_days_after_that_of_the_registration(
    registered: str, due: str
) -> None:
    assert local(legal_due_us(at(registered), windows_in(ZONE.key))) == due


def test_neither_pauses_nor_hours_nor_priorities_move_the_legal_deadline() -> None:
    ticket = ticket_of(("2026-11-20T10:00", OPEN), ("2026-11-20T11:00", PAUSE))
    assert local(clock_of(ticket, FRIDAY).legal_due_us) == "11-28 00:00"
    assert not clock_of(ticket, "2026-11-28T00:00").legal_overdue
    assert clock_of(ticket, "2026-11-28T00:01").legal_overdue
    ranked = ticket_of(("2026-11-20T10:00", OPEN), (FRIDAY, RANK))
    assert ranked.legal_due_us == ticket.legal_due_us


def test_the_first_resolution_keeps_the_law() -> None:
    ticket = ticket_of(
        ("2026-11-20T10:00", OPEN), ("2026-11-27T10:00", RESOLVE), ("2026-11-29T10:00", REOPEN)
    )
    assert not clock_of(ticket, "2026-12-20T10:00").legal_overdue
    assert ticket.opened_at_us + 8 * 24 * HOUR_US > ticket.legal_due_us
