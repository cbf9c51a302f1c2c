"""The personal-data export: a person's tickets are found, and nobody else's are read."""

from __future__ import annotations

import pytest

from authorizer.actors.personal_data_export import PersonalDataExport
from authorizer.domain.outcomes import Refusal, RefusalKind
from tests.actors.documents import file_of, open_one, put
from tests.support.house import House

pytestmark = pytest.mark.anyio


async def tickets_held(house: House, customer_id: str) -> list[str] | Refusal:
    found = await house.done(house.actors.exports.gather(customer_id))
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, PersonalDataExport)
    return [file.ticket.ticket_id for file in found.tickets]


async def test_a_persons_tickets_are_found_awake_and_asleep() -> None:
    house = House(max_resident=2)
    for customer_id in ("c", "d"):
        await put(house, customer_id, customer_id, cards=())
    own = [
        file_of(await open_one(house, customer_id=customer_id)).ticket.ticket_id
        for customer_id in "cdccdcdd"
    ]
    assert house.dispatcher.tickets.resident == 2
    assert await tickets_held(house, "c") == [own[at] for at in (0, 2, 3, 5)]


async def test_what_is_held_on_a_person_does_not_rest_on_others_tickets() -> None:
    """Neither does it encode them anew: there may be ten thousand of them awake."""
    house = House()
    for customer_id in ("c", "d"):
        await put(house, customer_id, customer_id, cards=())
    own = file_of(await open_one(house, customer_id="c")).ticket.ticket_id
    other = file_of(await open_one(house, customer_id="d")).ticket.ticket_id
    actor = house.dispatcher.tickets.find(other)
    assert actor is not None
    actor.broken = True
    assert await tickets_held(house, "c") == [own]
    refused = await tickets_held(house, "d")
    assert isinstance(refused, Refusal)
    assert refused.kind is RefusalKind.UNAVAILABLE
