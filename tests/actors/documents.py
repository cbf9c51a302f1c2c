"""Customer documents put into a house, and tickets opened in it."""

from __future__ import annotations

from typing import Any

from authorizer.actors.ticket_file import TicketFile
from authorizer.domain.accounts.cards import Operation
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Refusal
from tests.support import commands
from tests.support.builders import terms
from tests.support.commands import registration
from tests.support.house import House

BLOCK = Operation("bloqueio", "k", WrittenTime(5_000_000, "t5"), "App", block_reason="roubo")


async def put(house: House, customer_id: str = "c", account_id: str = "a", **more: Any) -> Any:
    """A customer document with the card `k`, unless it says otherwise."""
    cards = more.pop("cards", (terms("k"),))
    card_ids = tuple(card.card_id for card in cards)
    command = registration(customer_id, account_id, card_ids=card_ids, **more)
    return await house.done(house.actors.onboarding.register(command, cards))


async def open_one(house: House, card: str | None = None, **more: Any) -> Any:
    """A ticket of the customer `c`, unless it says otherwise."""
    command = commands.ticket("c", "Não fui eu", card, None)._replace(**more)
    return await house.done(house.actors.tickets.open(command))


def file_of(answer: Any) -> TicketFile:
    """The file of a ticket in an answer that is no refusal."""
    assert not isinstance(answer, Refusal), answer
    file: TicketFile = answer[1]
    return file
