"""The ticket desk: what the outside asks of tickets, and what it may read of them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from authorizer.actors.directory import Directory
from authorizer.actors.entity import EntityActor, Surroundings
from authorizer.actors.sealed_texts import open_texts
from authorizer.domain.moments import moment_of
from authorizer.domain.outcomes import Done, Refusal, RefusalKind
from authorizer.domain.sealing import Sealer
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import TicketClock, ticket_clock
from authorizer.domain.tickets.commands import OpenTicket, ReadTicket, TicketCommand
from authorizer.domain.tickets.state import (
    TICKET_OF_REQUEST,
    Interaction,
    Ticket,
    TicketView,
    request_key,
    running_number,
    ticket_id_of,
)

_TEXTS_AT_ONCE: Final = 32
"""Texts that are opened before others get their turn."""
_FULL = Refusal(RefusalKind.OVERLOADED, "too many requests wait for this ticket")


class TicketTexts(NamedTuple):
    """What is personal in a ticket, opened; None where there is no text, or no key any more."""

    subject: str | None
    description: str | None
    resolution: str | None
    reopening: str | None
    messages: tuple[tuple[str | None, str | None], ...]
    """What was said, and the name of the customer who said it, by interaction."""


class TicketFile(NamedTuple):
    """A ticket as it is shown: what it is, when it is due, what it says."""

    ticket: TicketView
    clock: TicketClock
    texts: TicketTexts


TicketAnswer = tuple[Done, TicketFile] | Refusal


class CustomerDesk(Protocol):
    """What the ticket desk must know of customers and cards."""

    async def known_customer(self, customer_id: str) -> Refusal | None:
        """None once it is durable that there is such a customer; else why nothing can be asked."""

    async def owner_of_card(self, card_id: str) -> str | Refusal:
        """The customer whose card it is."""

    async def ensure_key(self, customer_id: str) -> None:
        """Have a key made, durably, for a customer whose text is about to be sealed."""


class TicketDesk:
    """Routes requests to the tickets' actors, and gives new tickets their ids."""

    def __init__(
        self, around: Surroundings, customers: CustomerDesk, max_resident: int, max_inbox: int
    ) -> None:
        self._around = around
        self._customers = customers
        self._max_inbox = max_inbox
        self._opening: dict[str, asyncio.Task[TicketAnswer]] = {}
        """Openings on their way, by the client's own id."""
        self._newest_number = max(map(running_number, around.state[TICKETS]), default=0)
        self.directory: Directory[EntityActor[Ticket]] = Directory(
            around.state[TICKETS],
            lambda ticket_id, state: EntityActor(TICKETS, ticket_id, state, around),
            max_resident,
        )

    async def open(self, command: OpenTicket) -> TicketAnswer:
        """Open a ticket, or give the one that the client opened under its own id before.

        The same id with other fields is a conflict. Requests under one id wait for each other: the
        second one finds the ticket of the first, or takes its place.
        """
        if command.client_id is None:
            return await self._open(command)
        key = request_key(command.customer_id, command.client_id)
        while (first := self._opening.get(key)) is not None:
            await asyncio.wait((first,))
        ticket_id = self._around.state.indexes[TICKET_OF_REQUEST].get(key)
        if ticket_id is not None:
            return await self._opened_before(ticket_id, command)
        opening = asyncio.get_running_loop().create_task(self._open(command))
        self._opening[key] = opening
        opening.add_done_callback(lambda _: self._opening.pop(key))
        return await asyncio.shield(opening)  # whoever leaves meanwhile opens it all the same

    async def _opened_before(self, ticket_id: str, command: OpenTicket) -> TicketAnswer:
        refusal = await self._customers.known_customer(command.customer_id)
        if refusal is not None:
            return refusal
        answer = await self.read(ticket_id)
        if isinstance(answer, Refusal):
            return answer
        file = answer[1]
        if file.texts.subject is None:
            return Refusal(RefusalKind.UNAVAILABLE, f"the key of ticket {ticket_id} is missing")
        if _asked(command) != _was_asked(file):
            detail = f"ticket {ticket_id} was opened under this id with other fields"
            return Refusal(RefusalKind.CONFLICT, detail)
        return answer

    async def _open(self, command: OpenTicket) -> TicketAnswer:
        """It gets its id here."""
        refusal = await self._customers.known_customer(command.customer_id)
        if refusal is None and command.card_id is not None:
            refusal = await self._foreign_card(command.card_id, command.customer_id)
        if refusal is not None:
            return refusal
        await self._customers.ensure_key(command.customer_id)
        actor = self.directory.find_or_new(self._next_ticket_id())
        return await self._file(await self._tell(actor, command))

    async def ask(self, command: TicketCommand) -> TicketAnswer:
        """Ask a ticket that must exist."""
        actor = self.directory.find(command.ticket_id)
        if actor is None:
            return TICKETS.unknown(command.ticket_id)
        return await self._file(await self._tell(actor, command))

    async def read(self, ticket_id: str) -> TicketAnswer:
        """Describe a ticket as it stands."""
        return await self.ask(ReadTicket(ticket_id))

    async def _foreign_card(self, card_id: str, customer_id: str) -> Refusal | None:
        owner = await self._customers.owner_of_card(card_id)
        if owner == customer_id:
            return None
        if isinstance(owner, Refusal) and owner.kind is not RefusalKind.NOT_FOUND:
            return owner
        return Refusal(RefusalKind.INVALID, "must be a card of this customer", "cartao_id")

    def _next_ticket_id(self) -> str:
        """A number is never given twice, not even when its ticket is then refused."""
        self._newest_number += 1
        today = moment_of(self._around.clock.now_us())
        return ticket_id_of(f"{today:%Y%m%d}", self._newest_number)

    async def _tell(self, actor: EntityActor[Ticket], command: OpenTicket | TicketCommand) -> Any:
        if len(actor.actor_inbox) >= self._max_inbox:
            return _FULL
        return await actor.actor_ref.ask(command, block=False)

    async def _file(self, answer: tuple[Done, TicketView] | Refusal) -> TicketAnswer:
        """The answer with its texts opened. That takes long where many were said: in parts."""
        if isinstance(answer, Refusal):
            return answer
        done, ticket = answer
        around, said = self._around, ticket.interactions
        first = ticket._replace(interactions=said[:_TEXTS_AT_ONCE])
        file = ticket_file(first, around.context.sealer, around.clock.wall_us())
        messages = list(file.texts.messages)
        for at in range(_TEXTS_AT_ONCE, len(said), _TEXTS_AT_ONCE):
            await asyncio.sleep(0)
            part = said[at : at + _TEXTS_AT_ONCE]
            messages += open_messages(part, ticket.customer_id, around.context.sealer)
        return done, TicketFile(ticket, file.clock, file.texts._replace(messages=tuple(messages)))


def ticket_file(ticket: TicketView, sealer: Sealer, now_us: int) -> TicketFile:
    """A ticket as it is shown at a time, its texts opened as far as they can be."""
    customer_id = ticket.customer_id
    subject, description = open_texts(sealer, customer_id, ticket.text, 2)
    (resolution,) = open_texts(sealer, customer_id, ticket.resolution, 1)
    (reopening,) = open_texts(sealer, customer_id, ticket.reopening, 1)
    messages = open_messages(ticket.interactions, customer_id, sealer)
    texts = TicketTexts(subject, description, resolution, reopening, tuple(messages))
    return TicketFile(ticket, ticket_clock(ticket, now_us), texts)


def open_messages(
    interactions: Sequence[Interaction], customer_id: str, sealer: Sealer
) -> list[tuple[str | None, str | None]]:
    """What was said, and the name of the customer who said it."""
    opened = []
    for interaction in interactions:
        message, name = open_texts(sealer, customer_id, interaction.text, 2)
        opened.append((message, name))
    return opened


def _asked(command: OpenTicket) -> tuple[str | None, ...]:
    """What must be the same for an opening to be the same again."""
    return (
        command.subject,
        command.description,
        command.category,
        command.priority.value,
        command.channel,
        command.card_id,
    )


def _was_asked(file: TicketFile) -> tuple[str | None, ...]:
    ticket, texts = file.ticket, file.texts
    return (
        texts.subject,
        texts.description,
        ticket.category,
        ticket.opened_priority,
        ticket.channel,
        ticket.card_id,
    )
