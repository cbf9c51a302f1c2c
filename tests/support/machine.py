"""The simulated machine, with the purchases that tests put to it, and what its states hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.state import Account
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import Customer, customer_view
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.outcomes import Outcome
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import Ticket, ticket_view
from authorizer.persistence.state.state import State
from authorizer.simulation import machine
from authorizer.simulation.machine import Task
from tests.support.purchases import decided


class Machine(machine.Machine):
    """A simulated machine on which purchases are put."""

    @property
    def wall_us(self) -> int:
        return self.wall_ns // 1000

    @wall_us.setter
    def wall_us(self, wall_us: int) -> None:
        self.wall_ns = wall_us * 1000

    def authorize(self, command: Authorize) -> Task:
        """Put a purchase."""
        return self.ask(self._authorize(command))

    def authorize_together(self, commands: Sequence[Authorize]) -> list[Task]:
        """Put purchases in one step of the loop."""
        return self.ask_together(*map(self._authorize, commands))

    async def _authorize(self, command: Authorize) -> Outcome:
        return await decided(self.dispatcher, command)


# --- what a state holds ------------------------------------------------------------------------


def contents(state: State) -> dict[str, Any]:
    """Everything in a state, to be compared: no page of ids, no order of waking is seen in it."""
    return {
        "accounts": {
            name: account_contents(state[ACCOUNTS].load(name)) for name in state[ACCOUNTS]
        },
        "customers": {
            name: customer_contents(state[CUSTOMERS].load(name)) for name in state[CUSTOMERS]
        },
        "tickets": {name: ticket_contents(state[TICKETS].load(name)) for name in state[TICKETS]},
        **{index.name: dict(entries) for index, entries in state.indexes.items()},
        "merchants": (state.single(MERCHANTS).position, state.single(MERCHANTS).entries()),
    }


def account_contents(account: Account) -> dict[str, Any]:
    """Everything in an account."""
    cards = account.cards.values()
    return {
        "position": account.position,
        "customer": account.customer_id,
        "opening": account.opening_cents,
        "wallets": account.wallets_cents,
        "cards": [(card.customer_id, card.opening, card.terms()) for card in cards],
        "operations": account.operations,
        "ids": all_ids(account.purchase_keys),
        "credits": all_ids(account.credit_keys),
    }


def all_ids(remembered: IdempotencyKeys) -> dict[str, str]:
    """Every remembered id with what is remembered of it."""
    together: dict[str, str] = {}
    for page in (*remembered.sealed_pages, remembered.open_page):
        together.update(page)
    return together


def ticket_contents(ticket: Ticket) -> tuple[int, int, Any]:
    """Everything in a ticket."""
    return ticket.position, ticket.sealed_chars, ticket_view(ticket)


def customer_contents(customer: Customer) -> tuple[int, Any]:
    """Everything in a customer."""
    return customer.position, customer_view(customer)
