"""The people of a simulated history: their data, their complaints, and their being forgotten."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from authorizer.actors.timers import SLOT_US
from authorizer.domain.customers.commands import ErasePersonalData, RegisterCustomer
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.commands import OpenTicket, Resolution, ResolveTicket
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, Priority
from authorizer.simulation.checks import must, same
from authorizer.simulation.machine import Machine, Task
from authorizer.simulation.memory_disk import MachineDied
from authorizer.simulation.naive_bank import NaiveBank
from authorizer.simulation.requests import BY

_LEVEL: Final = DEFAULT_SERVICE_LEVELS[Priority.HIGH]
"""That of every ticket here."""


class People:
    """Customers and their tickets. What is asked here is answered, and so durable, at once."""

    def __init__(self, machine: Machine, bank: NaiveBank) -> None:
        self._machine = machine
        self._bank = bank
        self._phones: dict[str, str] = {}
        self._erased_at: dict[str, int] = {}
        """The position of each person's erasure."""
        self._tickets: dict[str, str] = {}
        """The status of each ticket."""
        self._owed: dict[str, dict[str, int]] = {}
        """By when each ticket at work owes what, and was not escalated for it yet."""
        self._told: dict[str, list[tuple[str, int]]] = {}
        """What each ticket was escalated for, the earliest first."""

    def register(self, account_id: str, number: int) -> None:
        """A customer's data is put, or put anew; refused for one who was erased."""
        account = self._bank.accounts.get(account_id)
        if account is None or account.card is None:
            return
        customer_id, phone = f"c-{account_id}", f"+55 31 {number:07}"
        person = ("João", "12345678900", phone, None, (), ())
        asked = RegisterCustomer(customer_id, account_id, True, *person, BY)
        answer = self._answer(self._machine.actors.onboarding.register(asked, ()))
        same("registering the erased", isinstance(answer, Refusal), self.is_erased(customer_id))
        if not isinstance(answer, Refusal):
            self._phones[customer_id] = phone

    def open_ticket(self, account_id: str) -> None:
        """A customer complains."""
        customer_id = f"c-{account_id}"
        asked = OpenTicket(
            customer_id, "card", "lost", "card", Priority.HIGH, "App", None, None, BY
        )
        answer = self._answer(self._machine.actors.tickets.open(asked))
        exists = customer_id in self._phones and not self.is_erased(customer_id)
        same("opening a ticket", not isinstance(answer, Refusal), exists)
        if not isinstance(answer, Refusal):
            ticket = answer[1].ticket
            must(ticket.ticket_id not in self._tickets, "a ticket's id was given twice", ticket)
            self._tickets[ticket.ticket_id] = ticket.status
            self._told[ticket.ticket_id] = []
            self._owed[ticket.ticket_id] = {
                "primeira_resposta": ticket.opened_at_us + _LEVEL.first_response_us,
                "resolucao": ticket.opened_at_us + _LEVEL.resolution_us,
                "prazo_legal": ticket.legal_due_us,
            }

    def resolve_ticket(self, number: int) -> None:
        """A ticket is resolved."""
        if number >= len(self._tickets):
            return
        ticket_id = sorted(self._tickets)[number]
        asked = ResolveTicket(ticket_id, Resolution("Ana", "replaced"), "App", BY)
        answer = self._answer(self._machine.actors.tickets.ask(asked))
        self._escalated(ticket_id)
        if not isinstance(answer, Refusal):
            self._tickets[ticket_id] = answer[1].ticket.status
            self._owed[ticket_id].clear()

    def tickets_due(self, now_us: int) -> set[str]:
        """The tickets that the timers ask by now: something is over, and was not told."""
        slot = now_us // SLOT_US
        return {
            ticket_id
            for ticket_id, owed in self._owed.items()
            if owed and -(-(min(owed.values()) + 1) // SLOT_US) <= slot
        }

    def escalate(self, ticket_id: str) -> None:
        """The timers ask a ticket."""
        running = self._machine.running

        async def asked() -> object:
            return await running.escalate(ticket_id)

        self._answer(asked())
        self._escalated(ticket_id)

    def _escalated(self, ticket_id: str) -> None:
        """Whatever was asked of a ticket: what is over by now has been told."""
        now_us, owed = self._machine.running.clock.now_us(), self._owed[ticket_id]
        over = sorted((due_us, name) for name, due_us in owed.items() if due_us < now_us)
        for due_us, name in over:
            del owed[name]
            self._told[ticket_id].append((name, due_us))

    def erase(self, account_id: str, dies_after: int | None) -> bool:
        """A customer is forgotten. True: the machine must die now, or has died meanwhile."""
        customer_id, machine = f"c-{account_id}", self._machine
        if customer_id not in self._phones:
            return False
        before = machine.appended
        if dies_after is not None:
            machine.memory.die_after(dies_after)
        task = machine.ask(machine.actors.erasure.erase(ErasePersonalData(customer_id, BY)))
        with suppress(MachineDied):
            machine.answer(task)
            has_key = machine.running.vault.has_key(customer_id)
            must(not has_key, "answered, and the key is still there", customer_id)
        events = machine.appended - before
        self._bank.note_events(events)
        if events:
            self._erased_at[customer_id] = self._bank.position
        return dies_after is not None

    def check(self) -> None:
        """Who is not erased can be read; who is has no key, for good. No ticket is lost."""
        for customer_id, phone in self._phones.items():
            found = self._answer(self._machine.actors.customers.read(customer_id))
            if self.is_erased(customer_id):
                must(isinstance(found, Refusal), "an erased person can be read", customer_id)
                has_key = self._machine.running.vault.has_key(customer_id)
                must(not has_key, "an erased person still has a key", customer_id)
            else:
                must(not isinstance(found, Refusal), "a person can't be read", customer_id, found)
                same(f"phone of {customer_id}", found.person.phone, phone)
        for ticket_id, status in self._tickets.items():
            answer = self._answer(self._machine.actors.tickets.read(ticket_id))
            must(not isinstance(answer, Refusal), "a ticket is lost", ticket_id, answer)
            same(f"status of ticket {ticket_id}", answer[1].ticket.status, status)
            self._escalated(ticket_id)
            told = [(each.deadline, each.due_us) for each in answer[1].ticket.escalations]
            same(f"escalations of ticket {ticket_id}", told, self._told[ticket_id])

    def go_back(self, position: int) -> None:
        """An erasure behind a position has not happened."""
        self._erased_at = {who: at for who, at in self._erased_at.items() if at <= position}

    def is_erased(self, customer_id: str) -> bool:
        """Whether a customer was erased."""
        return customer_id in self._erased_at

    def _answer(self, question: Any) -> Any:
        before = self._machine.appended
        task: Task = self._machine.ask(question)
        answer = self._machine.answer(task)
        self._bank.note_events(self._machine.appended - before)
        return answer
