"""All that is held on a person, from the actors that hold it."""

import asyncio
from typing import Final, NamedTuple

import orjson

from authorizer.actors.dispatcher import CustomerFile, Dispatcher
from authorizer.actors.ticket_file import TicketFile
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.state import AccountView
from authorizer.domain.outcomes import Refusal, RefusalKind

_SLICE_TICKETS: Final = 1000
"""Tickets that are looked through in one step of the loop."""


class PersonalDataExport(NamedTuple):
    """What is held on one person."""

    file: CustomerFile
    account: AccountView | None
    tickets: tuple[TicketFile, ...]


async def holdings(desk: Dispatcher, customer_id: str) -> PersonalDataExport | Refusal:
    """All that is held on a person; refused as the customer document would be."""
    file = await desk.read_customer(customer_id)
    if isinstance(file, Refusal):
        return file
    account = await desk.known_account(ReadAccount(file.customer.account_id))
    if isinstance(account, Refusal) and account.kind is not RefusalKind.NOT_FOUND:
        return account
    tickets = await _tickets(desk, customer_id)
    if isinstance(tickets, Refusal):
        return tickets
    return PersonalDataExport(file, None if isinstance(account, Refusal) else account[1], tickets)


async def _tickets(desk: Dispatcher, customer_id: str) -> tuple[TicketFile, ...] | Refusal:
    found: list[TicketFile] = []
    for ticket_id in await _ticket_ids(desk, customer_id):
        answer = await desk.tickets.read(ticket_id)
        if isinstance(answer, Refusal):
            return answer
        if answer[1].ticket.customer_id == customer_id:
            found.append(answer[1])
    return tuple(found)


async def _ticket_ids(desk: Dispatcher, customer_id: str) -> list[str]:
    """The customer's tickets, and perhaps some more whose bytes name the customer."""
    name = orjson.dumps(customer_id)
    directory = desk.tickets.directory
    found = []
    for number, ticket_id in enumerate(list(directory.ids())):
        if number % _SLICE_TICKETS == _SLICE_TICKETS - 1:
            await asyncio.sleep(0)
        awake = directory.awake(ticket_id)
        if awake is not None:  # to make bytes of it takes long
            named = awake.state.customer_id == customer_id
        else:
            named = name in directory.look(ticket_id).data
        if named:
            found.append(ticket_id)
    return found
