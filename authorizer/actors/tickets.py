"""Tickets: opened under an id of ours, once for each id of the client's; answered with texts."""

import asyncio

from authorizer.actors.cards import Cards
from authorizer.actors.customer_file import CustomerFiles
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.entity import ActorContext
from authorizer.actors.keys import Keys
from authorizer.actors.ticket_file import TicketFile, ticket_file_in_steps
from authorizer.domain.moments import moment_of
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.domain.tickets.commands import OpenTicket, ReadTicket, TicketCommand
from authorizer.domain.tickets.state import (
    TICKET_OF_REQUEST,
    TicketView,
    request_key,
    running_number,
    ticket_id_of,
)

TicketAnswer = Answer[TicketFile]


class Tickets:
    """Opens tickets, and answers for each with its file."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        customers: CustomerFiles,
        cards: Cards,
        keys: Keys,
        around: ActorContext,
    ) -> None:
        self._dispatcher = dispatcher
        self._customers = customers
        self._cards = cards
        self._keys = keys
        self._sealer = around.context.sealer
        self._clock = around.clock
        self._ticket_of_request = around.state.indexes[TICKET_OF_REQUEST]
        self._opening: dict[str, asyncio.Task[TicketAnswer]] = {}
        """Openings on their way, by the client's own id."""
        self._newest_number = max(map(running_number, dispatcher.tickets.ids()), default=0)

    async def open(self, command: OpenTicket) -> TicketAnswer:
        """Open a ticket, or give the one that the client opened under its own id before.

        The same id with other fields is a conflict. Requests under one id wait for each other: the
        second one finds the ticket of the first, or opens it where the first was refused. An
        opening goes on when its client leaves.
        """
        if command.client_id is None:
            return await self._open(command)
        key = request_key(command.customer_id, command.client_id)
        while (first := self._opening.get(key)) is not None:
            await asyncio.wait((first,))
        ticket_id = self._ticket_of_request.get(key)
        if ticket_id is not None:
            return await self._opened_before(ticket_id, command)
        opening = asyncio.get_running_loop().create_task(self._open(command))
        self._opening[key] = opening
        opening.add_done_callback(lambda _: self._opening.pop(key))
        return await asyncio.shield(opening)

    def opened_under(self, customer_id: str, client_id: str) -> str | None:
        """The ticket that was opened under an id of the client's; None where none was."""
        return self._ticket_of_request.get(request_key(customer_id, client_id))

    async def ask(self, command: TicketCommand) -> TicketAnswer:
        """Ask a ticket; the answer is its file."""
        return await self._with_file(await self._dispatcher.ask(command))

    async def read(self, ticket_id: str) -> TicketAnswer:
        """A ticket as it stands."""
        return await self.ask(ReadTicket(ticket_id))

    async def _opened_before(self, ticket_id: str, command: OpenTicket) -> TicketAnswer:
        refusal = await self._customers.refusal(command.customer_id)
        if refusal is not None:
            return refusal
        answer = await self.read(ticket_id)
        if isinstance(answer, Refusal):
            return answer
        file = answer[1]
        if file.texts.subject is None:
            return Refusal(RefusalKind.UNAVAILABLE, f"the key of ticket {ticket_id} is missing")
        if _fields_of(command) != _opening_fields_of(file):
            detail = f"ticket {ticket_id} was opened under this id with other fields"
            return Refusal(RefusalKind.CONFLICT, detail)
        return answer

    async def _open(self, command: OpenTicket) -> TicketAnswer:
        """Open a ticket under a new id."""
        refusal = await self._customers.refusal(command.customer_id)
        if refusal is None and command.card_id is not None:
            refusal = await self._foreign_card(command.card_id, command.customer_id)
        if refusal is None:
            refusal = await self._keys.ensure(command.customer_id)
        if refusal is not None:
            return refusal
        return await self._with_file(await self._dispatcher.ask(command, self._next_id()))

    async def _foreign_card(self, card_id: str, customer_id: str) -> Refusal | None:
        owner = await self._cards.owner(card_id)
        if owner == customer_id:
            return None
        if isinstance(owner, Refusal) and owner.kind is not RefusalKind.NOT_FOUND:
            return owner
        return Refusal(RefusalKind.INVALID, "must be a card of this customer", "cartao_id")

    def _next_id(self) -> str:
        """The id of the next ticket. No number is given twice, nor that of a refused ticket."""
        self._newest_number += 1
        today = moment_of(self._clock.now_us())
        return ticket_id_of(f"{today:%Y%m%d}", self._newest_number)

    async def _with_file(self, answer: Answer[TicketView]) -> TicketAnswer:
        if isinstance(answer, Refusal):
            return answer
        done, ticket = answer
        now_us = self._clock.wall_us()
        return done, await ticket_file_in_steps(ticket, self._sealer, now_us)


def _fields_of(command: OpenTicket) -> tuple[str | None, ...]:
    """The fields that a repeated opening must say again."""
    return (
        command.subject,
        command.description,
        command.category,
        command.priority.value,
        command.channel,
        command.card_id,
    )


def _opening_fields_of(file: TicketFile) -> tuple[str | None, ...]:
    """The same fields of a ticket, as it was opened."""
    ticket, texts = file.ticket, file.texts
    return (
        texts.subject,
        texts.description,
        ticket.category,
        ticket.opened_priority,
        ticket.channel,
        ticket.card_id,
    )
