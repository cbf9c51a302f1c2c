"""Tickets escalate by themselves, once, across restarts, and before anything else is decided."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.actors.timers import SLOT_US, tickets_at_work
from authorizer.domain.moments import MINUTE_US
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.commands import EscalateTicket, OpenTicket, Resolution, ResolveTicket
from authorizer.domain.tickets.escalation import next_escalation_us
from authorizer.domain.tickets.events import TicketEscalated, TicketResolved
from authorizer.domain.tickets.service_levels import Priority
from tests.actors.documents import file_of, put
from tests.support.builders import BY
from tests.support.commands import registration
from tests.support.house import House
from tests.support.machine import Machine

OPEN = OpenTicket("c", "s", "d", "x", Priority.HIGH, "App", None, None, BY)
ONE, OTHER = "20231114000001", "20231114000002"
"""The ids of the first tickets at the house's time."""


async def begun(*tickets: str) -> House:
    house = House()
    await put(house)
    for ticket_id in tickets:
        opened = file_of(await house.done(house.actors.tickets.open(OPEN)))
        assert opened.ticket.ticket_id == ticket_id
    return house


def pass_us(house: House, micros: int) -> None:
    house.wall_ns += micros * 1000
    house.monotonic_ns += micros * 1000


async def ask_due(house: House) -> list[str]:
    """What the wheel does every quarter of a second."""
    due = house.around.ticket_timers.due()
    for ticket_id in due:
        await house.done(house.dispatcher.send(EscalateTicket(ticket_id)))
    return sorted(due)


def told(house: House) -> list[tuple[str, str]]:
    escalated = [each for each in house.journal.events() if isinstance(each, TicketEscalated)]
    return [(each.ticket_id, each.deadline) for each in escalated]


@pytest.mark.anyio
async def test_a_ticket_that_nobody_asks_for_is_asked_by_the_wheel() -> None:
    house = await begun(ONE, OTHER)
    pass_us(house, 60 * MINUTE_US)
    assert (await ask_due(house), told(house)) == ([], [])
    pass_us(house, SLOT_US)
    assert await ask_due(house) == [ONE, OTHER]
    assert sorted(told(house)) == [(ONE, "primeira_resposta"), (OTHER, "primeira_resposta")]
    assert await ask_due(house) == []
    assert house.around.lives.escalations == {("primeira_resposta", "vencido"): 2}


@pytest.mark.anyio
async def test_what_is_overdue_is_told_before_a_command_is_decided() -> None:
    """A resolution that comes too late finds the ticket escalated."""
    house = await begun(ONE)
    pass_us(house, 481 * MINUTE_US)
    await house.done(
        house.dispatcher.ask(ResolveTicket(ONE, Resolution("Ana", "Feito"), "Chat", BY))
    )
    kinds = [type(event) for event in house.journal.events()][-3:]
    assert kinds == [TicketEscalated, TicketEscalated, TicketResolved]
    assert len(house.around.ticket_timers) == 0


@pytest.mark.anyio
async def test_a_restart_neither_loses_nor_doubles_an_escalation() -> None:
    house = await begun(ONE, OTHER)
    await house.done(
        house.dispatcher.ask(ResolveTicket(OTHER, Resolution("Ana", "Feito"), "Chat", BY))
    )
    pass_us(house, 61 * MINUTE_US)
    await ask_due(house)
    (ticket,) = tickets_at_work(house.replayed())
    assert ticket.ticket_id == ONE
    assert [each.deadline for each in ticket.escalations] == ["primeira_resposta"]
    due_us = next_escalation_us(ticket, house.around.context)
    assert due_us == ticket.resolution_due_us + 1  # type: ignore[operator]


@pytest.mark.anyio
async def test_accounts_and_tickets_are_on_wheels_of_their_own() -> None:
    """Ids of one may be those of the other."""
    house = await begun(ONE)
    await house.open(ONE, CASH=100_00)
    assert (len(house.around.timers), len(house.around.ticket_timers)) == (0, 1)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_is_missed_while_no_server_runs_is_told_at_the_start(end: str) -> None:
    """And what was told before is not told again."""
    machine = Machine()
    try:
        machine.start()
        machine.answer(machine.ask(machine.actors.onboarding.register(registration("c", "a"), ())))
        machine.answer(machine.ask(machine.actors.tickets.open(OPEN)))
        (ticket_id,) = machine.dispatcher.tickets.ids()
        for minutes, expected in ((61, 1), (480, 2), (480, 2)):
            getattr(machine, end)()
            machine.let_pass(minutes * MINUTE_US * 1000)
            machine.start()
            due = machine.running.around.ticket_timers.due()
            assert due == [ticket_id] * (expected > len(deadlines_of(machine, ticket_id)))
            for each in due:
                machine.answer(machine.ask(_awaited(machine.running.escalate(each))))
            assert len(deadlines_of(machine, ticket_id)) == expected
        assert deadlines_of(machine, ticket_id) == ["primeira_resposta", "resolucao"]
    finally:
        machine.close()


async def _awaited(asked: Any) -> Any:
    return await asked


def deadlines_of(machine: Machine, ticket_id: str) -> list[str]:
    """What the journal says that a ticket was escalated for."""
    state = machine.recover(use_snapshots=False).state
    return [each.deadline for each in state[TICKETS].load(ticket_id).escalations]
