"""Tickets: their ids, whom an opening asks, what is opened; and they are actors like others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.actors.assembly import assemble
from authorizer.actors.directory import BrokenEntityError
from authorizer.actors.dispatcher import Bounds
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.domain.outcomes import Done, Refusal, RefusalKind
from authorizer.domain.sealing import Sealed, is_plain
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.commands import CloseTicket
from authorizer.domain.tickets.events import TicketTaken
from authorizer.domain.tickets.state import Ticket
from authorizer.simulation.world import inline
from tests.actors.documents import file_of, open_one, put
from tests.support import commands
from tests.support.builders import BY, refusal_kind, terms, words
from tests.support.commands import registration
from tests.support.house import START_NS, House, applies_of, begun, everything

pytestmark = pytest.mark.anyio

DAY_NS = 24 * 3600 * 1_000_000_000
FIRST = "20231114000001"
"""The id of the first ticket at the house's time."""


async def step(house: House, what: str, ticket_id: str = FIRST, **how: Any) -> Any:
    command = commands.ticket_step(ticket_id, what, how)
    return await house.done(house.actors.tickets.ask(command))


async def with_customer() -> House:
    house = House()
    await put(house)
    return house


# --- numbers -------------------------------------------------------------------------------------


async def test_ids_are_the_day_and_a_number_that_only_grows() -> None:
    house = await with_customer()
    ticket_ids = [file_of(await open_one(house)).ticket.ticket_id for _ in range(2)]
    house.let_pass(DAY_NS)
    ticket_ids.append(file_of(await open_one(house)).ticket.ticket_id)
    assert ticket_ids == [FIRST, "20231114000002", "20231115000003"]


async def test_numbers_go_on_behind_those_that_were_recovered() -> None:
    """The order in which tickets were recovered says nothing."""
    house = House()
    for ticket_id in ("20250101000007", "20250102000003"):
        ticket = Ticket(ticket_id)
        ticket.position = 1
        house.state[TICKETS].put(ticket_id, ticket)
    started = assemble(
        house.around, house.vault, inline, lambda _: None, house.dispatcher.recall, Bounds(10, 10)
    )
    await house.done(started.onboarding.register(registration("c", "a"), ()))
    answer = await house.done(started.tickets.open(commands.ticket("c", "s", None, None)))
    assert file_of(answer).ticket.ticket_id == "20231114000008"


async def test_a_thousand_tickets_opened_together_have_a_thousand_numbers() -> None:
    house = await with_customer()
    command = commands.ticket("c", "s", None, None)
    tasks = [begun(house.actors.tickets.open(command)) for _ in range(1000)]
    await house.settle()
    house.commit()
    await house.settle()
    found = {file_of(task.result()).ticket.ticket_id for task in tasks}
    assert len(found) == 1000
    assert len(house.state[TICKETS]) == 1000


# --- whom it asks --------------------------------------------------------------------------------


async def test_an_unknown_customer_has_no_tickets() -> None:
    house = House()
    assert refusal_kind(await open_one(house)) is RefusalKind.NOT_FOUND
    assert house.appended == 0


async def test_a_card_must_be_the_customers_own() -> None:
    """Whether another card exists is nobody's business: the refusal is the same."""
    house = await with_customer()
    await put(house, "d", "a", cards=(terms("other"),))
    assert file_of(await open_one(house, "k")).ticket.card_id == "k"
    refusals = [await open_one(house, card) for card in ("other", "none")]
    assert refusals[0] == refusals[1]
    assert (refusals[0].kind, refusals[0].field) == (RefusalKind.INVALID, "cartao_id")


async def test_an_opening_waits_until_the_customer_is_durable() -> None:
    """A ticket must not outlive its customer in a crash."""
    house = House()
    registering = begun(put(house))
    await house.settle()
    opening = begun(house.actors.tickets.open(commands.ticket("c", "s", None, None)))
    await house.settle()
    assert not opening.done()
    assert "TicketOpened" not in words(house.journal.events())
    await house.done(registering)
    await house.done(opening)
    names = words(house.journal.events())
    assert names.index("CustomerRegistered") < names.index("TicketOpened")


async def test_an_answer_waits_until_the_ticket_is_durable() -> None:
    house = await with_customer()
    task = begun(house.actors.tickets.open(commands.ticket("c", "s", None, "r")))
    await house.settle()
    assert not task.done()
    reading = begun(house.actors.tickets.read(FIRST))
    await house.settle()
    assert not reading.done(), "a read rests on the opening too"
    house.commit()
    await house.settle()
    assert task.result()[0] == Done(created=True)
    assert file_of(reading.result()).ticket.status == "resolvido"


async def test_a_full_inbox_refuses() -> None:
    house = House(max_inbox=1)
    await put(house)
    await open_one(house)
    asked = [begun(house.actors.tickets.read(FIRST)) for _ in range(3)]
    await house.settle()
    house.commit()
    await house.settle()
    kinds = [task.result() for task in asked]
    assert [isinstance(answer, Refusal) for answer in kinds] == [False, True, True]
    assert refusal_kind(kinds[1]) is RefusalKind.OVERLOADED


# --- texts ---------------------------------------------------------------------------------------


async def test_no_word_stands_in_the_journal_and_every_word_can_be_read() -> None:
    house = await with_customer()
    await open_one(house)
    await step(house, "say", author="cliente", name="Leo", text="palavra-1", public=True)
    await step(house, "resolve", who="Ana", text="palavra-2")
    await step(house, "reopen", text="palavra-3")
    written = b"".join(house.journal.records)
    for word in ("palavra", "Leo", "fui eu"):
        assert word.encode() not in written
    texts = file_of(await house.done(house.actors.tickets.read(FIRST))).texts
    assert texts == ("Não fui eu", "d", "palavra-2", "palavra-3", (("palavra-1", "Leo"),))
    for event in house.journal.events():
        assert not is_plain(getattr(event, "text", Sealed("")))


async def test_a_long_ticket_is_told_whole_and_in_order() -> None:
    """Its texts are opened in parts, so that the loop goes on in between."""
    house = await with_customer()
    await open_one(house)
    said = [f"{number}" for number in range(100)]
    for text in said:
        await step(house, "say", author="cliente", name=None, text=text, public=True)
    reading = begun(house.actors.tickets.read(FIRST))
    for _ in range(4):
        await asyncio.sleep(0)
    assert not reading.done()
    messages = file_of(await house.done(reading)).texts.messages
    assert [message for message, _ in messages] == said


async def test_after_erasure_a_ticket_is_there_without_its_words() -> None:
    """Nothing more can be written about the customer; what is open can be brought to its end."""
    house = await with_customer()
    for _ in range(2):
        await open_one(house)
    await step(house, "resolve", who="Ana", text="feito")
    await house.done(house.actors.erasure.erase(ErasePersonalData("c", BY)))
    second = "20231114000002"
    refused = [
        await open_one(house),
        await open_one(house, "none"),
        await step(house, "say", author="robo", name=None, text="?", public=True),
        await step(house, "reopen", text="?"),
        await step(house, "resolve", second, who="Ana", text="?"),
        await step(house, "hold", second, text="?"),
    ]
    assert [refusal_kind(answer) for answer in refused] == [RefusalKind.GONE] * len(refused)
    file = file_of(await house.done(house.actors.tickets.read(FIRST)))
    assert file.texts == (None, None, None, None, ())
    assert file.ticket.status == "resolvido"
    closed = await house.done(house.actors.tickets.ask(CloseTicket(FIRST, "App", BY)))
    assert file_of(closed).ticket.status == "fechado"
    assert file_of(await step(house, "take", second, who="Ana")).ticket.attendant == "Ana"


# --- actors like others --------------------------------------------------------------------------


async def test_live_state_is_what_replay_makes() -> None:
    house = House(max_resident=2)
    await put(house)
    for _ in range(5):
        await open_one(house, "k")
    for number in (1, 3, 5, 2):
        ticket_id = f"2023111400000{number}"
        house.let_pass(DAY_NS)
        await step(house, "say", ticket_id, author="atendente", name="A", text="x", public=True)
        await step(house, "hold", ticket_id, text="?")
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)
    assert house.dispatcher.tickets.resident == 2


async def test_a_bug_in_a_ticket_is_that_tickets_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await with_customer()
    await open_one(house)
    await open_one(house)

    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setitem(applies_of(TICKETS), TicketTaken, broken)
        assert refusal_kind(await step(house, "take", who="Ana")) is RefusalKind.UNAVAILABLE
    assert [entity for entity, _ in house.bugs] == [FIRST]
    assert refusal_kind(await step(house, "close")) is RefusalKind.UNAVAILABLE
    with pytest.raises(BrokenEntityError):
        house.dispatcher.tickets.packed(FIRST)
    other = await step(house, "take", "20231114000002", who="Ana")
    assert file_of(other).ticket.attendant == "Ana"


async def test_the_time_of_a_ticket_is_the_houses() -> None:
    house = await with_customer()
    file = file_of(await open_one(house))
    assert file.ticket.opened_at_us == START_NS // 1000
    house.let_pass(DAY_NS)
    read = file_of(await house.done(house.actors.tickets.read(FIRST)))
    assert (file.clock.resolution_overdue, read.clock.resolution_overdue) == (False, True)
