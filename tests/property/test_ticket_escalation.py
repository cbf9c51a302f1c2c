"""Escalation: a missed deadline is told once, and one that soon will be where a setting says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.aggregate import Context
from authorizer.domain.moments import DAY_US, MINUTE_US
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets import commands
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import ticket_clock
from authorizer.domain.tickets.escalation import escalations_overdue, next_escalation_us
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import Deadline, Ticket, ticket_view
from tests.property.ticket_steps import ticket_steps
from tests.support import commands as made
from tests.support.any_event import unhurried
from tests.support.builders import BY, NOW_US, context

CONTEXT: Final = context()
WARNING: Final = replace(CONTEXT, warning_percent=80)
ID: Final = "20261120000001"
OPEN: Final = commands.OpenTicket("c", "s", "d", "x", Priority.HIGH, "App", None, None, BY)
"""The first response in 60 minutes, the resolution in 480."""
PAUSE: Final = commands.PauseTicket(ID, "Chat", "Qual cartão?", "Ana", BY)
TAKE: Final = commands.TakeTicket(ID, "Ana", "Chat", BY)
RESOLVE: Final = commands.ResolveTicket(ID, commands.Resolution("Ana", "Feito"), "Chat", BY)
REOPEN: Final = commands.ReopenTicket(ID, "Voltou", "App", BY)
LEGAL_DAYS_US: Final = 8 * DAY_US


def said(author: str) -> Any:
    return commands.RecordInteraction(ID, author, None, "Chat", "Olá", True, BY)


def rank(priority: Priority) -> Any:
    return commands.ChangePriority(ID, priority, "Chat", BY)


class Life:
    """A ticket, asked as its actor asks it: what is overdue comes before anything else."""

    def __init__(self, around: Context = CONTEXT) -> None:
        self.around = around
        self.now_us = NOW_US
        self.ticket = Ticket(ID)

    def at(self, minute: float, command: Any = None) -> list[tuple[str, str]]:
        """Ask at a minute; what was escalated by then, since the last time."""
        self.now_us = NOW_US + round(minute * MINUTE_US)
        told = escalations_overdue(self.ticket, self.around, self.now_us)
        self._evolve(told)
        if command is not None:
            decision = TICKETS.decide(self.ticket, command, self.around, self.now_us)
            assert not isinstance(decision.outcome, Refusal), decision
            self._evolve(decision.events)
        return [(event.deadline, event.level) for event in told]

    def _evolve(self, events: Any) -> None:
        for event in events:
            TICKETS.evolve(self.ticket, event, self.ticket.position + 1)

    def next_minute(self) -> float | None:
        due_us = next_escalation_us(self.ticket, self.around)
        return None if due_us is None else (due_us - NOW_US - 1) / MINUTE_US


def test_each_deadline_that_is_missed_is_told_once() -> None:
    life = Life()
    assert life.at(0, OPEN) == []
    assert life.next_minute() == 60
    assert life.at(60) == []
    assert life.at(60.001) == [("primeira_resposta", "vencido")]
    assert life.at(61) == []
    assert life.next_minute() == 480
    assert life.at(481) == [("resolucao", "vencido")]
    assert life.at(20 * 24 * 60) == [("prazo_legal", "vencido")]
    assert life.next_minute() is None
    assert life.at(30 * 24 * 60) == []


def test_several_that_were_missed_meanwhile_are_told_in_their_order() -> None:
    """A server that was down tells all of it, with the time at which each was due."""
    life = Life()
    life.at(0, OPEN)
    assert life.at(1000) == [("primeira_resposta", "vencido"), ("resolucao", "vencido")]
    due = [(each.due_us - NOW_US) / MINUTE_US for each in life.ticket.escalations]
    assert due == [60, 480]
    assert {each.at_us for each in life.ticket.escalations} == {life.now_us}


@pytest.mark.parametrize("end", [RESOLVE, said("atendente")])
def test_what_was_given_in_time_is_not_told(end: Any) -> None:
    life = Life()
    life.at(0, OPEN)
    life.at(60, end)
    assert life.at(479) == []
    assert life.at(481) == ([] if end is RESOLVE else [("resolucao", "vencido")])


def test_a_ticket_that_waits_owes_no_resolution_but_the_law_goes_on() -> None:
    life = Life()
    life.at(0, OPEN)
    life.at(30, PAUSE)
    assert life.at(5 * 24 * 60) == []
    assert life.at(9 * 24 * 60) == [("prazo_legal", "vencido")]


def test_a_clock_that_runs_again_is_no_news_where_it_was_late_before() -> None:
    """Its deadline moves with it, and nothing else was missed."""
    life = Life()
    life.at(0, OPEN)
    life.at(10, said("atendente"))
    assert life.at(500, PAUSE) == [("resolucao", "vencido")]
    assert life.at(600, TAKE) == []
    assert life.at(700) == []


def test_a_clock_that_was_stopped_in_time_may_be_late_later() -> None:
    life = Life()
    life.at(0, OPEN)
    life.at(10, said("atendente"))
    life.at(400, PAUSE)
    life.at(1000, TAKE)
    assert life.next_minute() == 1080
    assert life.at(1081) == [("resolucao", "vencido")]


def test_a_reopening_and_a_next_response_are_told_each_time() -> None:
    life = Life()
    life.at(0, OPEN)
    life.at(1, said("atendente"))
    for begun in (10, 110):
        life.at(begun, said("cliente"))
        assert life.at(begun + 61) == [("proxima_resposta", "vencido")]
        life.at(begun + 62, said("atendente"))
    life.at(200, RESOLVE)
    for begun in (300, 400):
        life.at(begun, REOPEN)
        assert life.at(begun + 61) == [("resposta_reabertura", "vencido")]
        life.at(begun + 62, RESOLVE)


def test_another_priority_sets_another_deadline_which_may_be_missed_too() -> None:
    life = Life()
    life.at(0, OPEN)
    assert life.at(61) == [("primeira_resposta", "vencido")]
    life.at(62, rank(Priority.LOW))
    assert life.next_minute() == 480
    life.at(63, rank(Priority.URGENT))
    assert life.at(64) == [], "an earlier deadline is no news"
    life.at(65, rank(Priority.LOW))
    assert life.at(481) == [("primeira_resposta", "vencido")]


def test_a_warning_comes_when_so_much_of_the_time_has_passed() -> None:
    life = Life(WARNING)
    life.at(0, OPEN)
    assert life.at(47.9) == []
    assert life.at(48) == [("primeira_resposta", "aviso")]
    assert life.at(49) == []
    assert life.at(61) == [("primeira_resposta", "vencido")]
    assert life.at(384) == [("resolucao", "aviso")]


def test_a_warning_that_comes_too_late_is_none() -> None:
    life = Life(WARNING)
    life.at(0, OPEN)
    assert life.at(100) == [("primeira_resposta", "vencido")]
    assert life.at(101) == []


def test_a_warning_is_not_told_again_whenever_the_clock_runs() -> None:
    life = Life(WARNING)
    life.at(0, OPEN)
    life.at(1, said("atendente"))
    assert life.at(385, PAUSE) == [("resolucao", "aviso")]
    assert life.at(500, TAKE) == []
    assert life.at(501, PAUSE) == []
    assert life.at(600, TAKE) == []
    assert life.at(600 + 95) == [("resolucao", "vencido")]


def test_a_ticket_that_is_over_or_never_was_has_nothing_to_tell() -> None:
    life = Life()
    assert life.at(0) == []
    assert life.next_minute() is None
    life.at(0, OPEN)
    life.at(1, RESOLVE)
    assert life.next_minute() is None
    assert life.at(20 * 24 * 60) == []


waits_us = st.sampled_from([0, 1, 60_000_000, 900_000_000, 3_600_000_001, 90_000_000_000])


@settings(unhurried, max_examples=60)
@given(st.lists(st.tuples(waits_us, ticket_steps), max_size=20), st.sampled_from([0, 80]))
def test_whatever_happens_all_that_is_missed_is_told_and_only_that(
    steps: list[tuple[int, Any]], percent: int
) -> None:
    """As the clock of the ticket tells it; and when nothing is asked, the timer's time is right."""
    life = Life(replace(CONTEXT, warning_percent=percent))
    life.at(0, OPEN)
    for wait_us, (what, how) in steps:
        due_us = next_escalation_us(life.ticket, life.around)
        if due_us is not None and due_us <= life.now_us + wait_us:
            assert not escalations_overdue(life.ticket, life.around, due_us - 1)
            assert escalations_overdue(life.ticket, life.around, due_us)
        life.now_us += wait_us
        life._evolve(escalations_overdue(life.ticket, life.around, life.now_us))
        assert not escalations_overdue(life.ticket, life.around, life.now_us), "told twice"
        check(life)
        decision = TICKETS.decide(
            life.ticket, made.ticket_step(ID, what, how), life.around, life.now_us
        )
        life._evolve(decision.events)


def check(life: Life) -> None:
    """What the ticket's clock says is late and owed was told."""
    view = ticket_view(life.ticket)
    clock = ticket_clock(view, life.now_us)
    told = {each.deadline for each in life.ticket.escalations if each.level == "vencido"}
    if view.status in ("resolvido", "fechado"):
        return
    late = {
        Deadline.FIRST_RESPONSE: clock.first_response_overdue
        and view.first_response_at_us is None
        and view.first_resolved_at_us is None,
        Deadline.LEGAL: clock.legal_overdue and view.first_resolved_at_us is None,
        Deadline.NEXT_RESPONSE: clock.next_response_overdue
        and view.next_response_settled_at_us is None,
        Deadline.RESOLUTION: clock.resolution_overdue and view.resolution_due_us is not None,
        Deadline.REOPENING_RESPONSE: clock.reopening_response_overdue
        and view.reopening_answered_at_us is None,
    }
    assert {deadline.value for deadline, is_late in late.items() if is_late} <= told
