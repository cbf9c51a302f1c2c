"""The ticket file: a ticket with its clock, its texts opened."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from authorizer.actors.sealed_texts import open_texts
from authorizer.domain.sealing import Sealer
from authorizer.domain.tickets.clock import TicketClock, ticket_clock
from authorizer.domain.tickets.state import Interaction, TicketView

_TEXTS_AT_ONCE: Final = 32
"""Texts that are opened before other tasks of the loop get their turn."""


class TicketTexts(NamedTuple):
    """The personal texts of a ticket, opened; None where there is no text, or no key any more."""

    subject: str | None
    description: str | None
    resolution: str | None
    reopening: str | None
    messages: tuple[tuple[str | None, str | None], ...]
    """By interaction: the message, and the name of the customer who said it."""


class TicketFile(NamedTuple):
    """A ticket as it is shown: its state, when it is due, its texts."""

    ticket: TicketView
    clock: TicketClock
    texts: TicketTexts


def ticket_file(ticket: TicketView, sealer: Sealer, now_us: int) -> TicketFile:
    """A ticket as it is shown at a time, its texts opened as far as they can be."""
    customer_id = ticket.customer_id
    subject, description = open_texts(sealer, customer_id, ticket.text, 2)
    (resolution,) = open_texts(sealer, customer_id, ticket.resolution, 1)
    (reopening,) = open_texts(sealer, customer_id, ticket.reopening, 1)
    messages = _messages(ticket.interactions, customer_id, sealer)
    texts = TicketTexts(subject, description, resolution, reopening, tuple(messages))
    return TicketFile(ticket, ticket_clock(ticket, now_us), texts)


async def ticket_file_in_steps(ticket: TicketView, sealer: Sealer, now_us: int) -> TicketFile:
    """`ticket_file`, a few texts in each step of the loop: a long ticket takes many ms."""
    said = ticket.interactions
    first = ticket._replace(interactions=said[:_TEXTS_AT_ONCE])
    file = ticket_file(first, sealer, now_us)
    messages = list(file.texts.messages)
    for at in range(_TEXTS_AT_ONCE, len(said), _TEXTS_AT_ONCE):
        await asyncio.sleep(0)
        messages += _messages(said[at : at + _TEXTS_AT_ONCE], ticket.customer_id, sealer)
    return TicketFile(ticket, file.clock, file.texts._replace(messages=tuple(messages)))


def _messages(
    interactions: Sequence[Interaction], customer_id: str, sealer: Sealer
) -> list[tuple[str | None, str | None]]:
    opened = []
    for interaction in interactions:
        message, name = open_texts(sealer, customer_id, interaction.text, 2)
        opened.append((message, name))
    return opened
