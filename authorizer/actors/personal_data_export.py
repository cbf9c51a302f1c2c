"""The personal-data export: everything that is held on one person."""

import asyncio
from typing import Final, NamedTuple

import orjson

from authorizer.actors.customer_file import CustomerFile, CustomerFiles
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.ticket_file import TicketFile
from authorizer.actors.tickets import Tickets
from authorizer.domain.outcomes import Refusal

_TICKETS_A_STEP: Final = 1000
"""Tickets that are looked through in one step of the loop."""


class PersonalDataExport(NamedTuple):
    """Everything that is held on one person."""

    file: CustomerFile
    tickets: tuple[TicketFile, ...]


class PersonalDataExports:
    """Gathers exports from the entities that hold a person's data."""

    def __init__(self, dispatcher: Dispatcher, customers: CustomerFiles, tickets: Tickets) -> None:
        self._dispatcher = dispatcher
        self._customers = customers
        self._tickets = tickets

    async def gather(self, customer_id: str) -> PersonalDataExport | Refusal:
        """The export of a person; refused as the customer document would be."""
        file = await self._customers.read(customer_id)
        if isinstance(file, Refusal):
            return file
        tickets = await self._tickets_of(customer_id)
        return tickets if isinstance(tickets, Refusal) else PersonalDataExport(file, tickets)

    async def _tickets_of(self, customer_id: str) -> tuple[TicketFile, ...] | Refusal:
        found: list[TicketFile] = []
        for ticket_id in await self._candidates(customer_id):
            answer = await self._tickets.read(ticket_id)
            if isinstance(answer, Refusal):
                return answer
            if answer[1].ticket.customer_id == customer_id:
                found.append(answer[1])
        return tuple(found)

    async def _candidates(self, customer_id: str) -> list[str]:
        """The customer's tickets, and perhaps some more whose bytes name the customer."""
        name = orjson.dumps(customer_id)
        directory = self._dispatcher.tickets
        found = []
        for number, ticket_id in enumerate(list(directory.ids())):
            if number % _TICKETS_A_STEP == _TICKETS_A_STEP - 1:
                await asyncio.sleep(0)
            actor = directory.active(ticket_id)
            if actor is not None:  # packing it takes long
                named = actor.state.customer_id == customer_id
            else:
                named = name in directory.packed(ticket_id).data
            if named:
                found.append(ticket_id)
        return found
