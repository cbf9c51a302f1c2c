"""All that is held on a person is made a document of in parts: it may be a lot."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from authorizer.actors.personal_data_export import PersonalDataExport
from authorizer.domain.access import LOCAL
from authorizer.domain.outcomes import Refusal
from authorizer.http.personal_data import personal_data_document
from authorizer.http.ticket_document import ticket_document
from tests.support import commands
from tests.support.commands import registration
from tests.support.house import House

pytestmark = pytest.mark.anyio

TICKETS = 5


async def test_others_have_their_turn_between_two_tickets() -> None:
    house = House()
    await house.done(house.actors.onboarding.register(registration("c", "c"), ()))
    for number in range(TICKETS):
        command = commands.ticket("c", f"Assunto {number}", None, None)
        assert not isinstance(await house.done(house.actors.tickets.open(command)), Refusal)
    found = await house.done(house.actors.exports.gather("c"))
    assert isinstance(found, PersonalDataExport)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.ensure_future(others())
    document: dict[str, Any] = await personal_data_document(found, LOCAL)
    waiting.cancel()
    assert turns >= TICKETS
    told = orjson.loads(orjson.dumps(document))["chamados"]
    assert told == [ticket_document(file) for file in found.tickets]
    assert [ticket["assunto"] for ticket in told] == [f"Assunto {n}" for n in range(TICKETS)]
