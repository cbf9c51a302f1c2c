"""The dispatcher: who is asked, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import (
    BlockCard,
    Credit,
    OpenAccount,
    QueryLimit,
    ReadAccount,
)
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Done, Outcome, Reason, Refusal, RefusalKind
from tests.actors.documents import put
from tests.support.builders import BY, refusal_kind, terms
from tests.support.house import START_NS, House, begun, everything

pytestmark = pytest.mark.anyio


# --- purchases -----------------------------------------------------------------------------------


async def test_a_purchase_on_an_unknown_account_is_answered_at_once_and_leaves_no_event() -> None:
    house = House()
    task = begun(house.purchase("x"))
    await asyncio.sleep(0)
    assert task.result() == Outcome(Reason.ACCOUNT_NOT_FOUND)
    assert house.appended == 0


async def test_purchases_on_one_account_are_decided_in_the_order_in_which_they_came() -> None:
    house = House()
    await house.open("a", CASH=10)
    answers = [begun(house.purchase("a", amount)) for amount in (4, 5, 2, 1, 1)]
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.answer_code for answer in answers] == [
        "00",
        "00",
        "51",
        "00",
        "51",
    ]


async def test_copies_of_one_id_that_are_in_flight_together_debit_once() -> None:
    house = House()
    await house.open("a")
    answers = [begun(house.purchase("a", 10_00, transaction_id="t")) for _ in range(20)]
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.name_on_wire for answer in answers] == ["approved"] * 20
    assert [answer.result().replayed for answer in answers] == [False] + [True] * 19
    assert await house.cash("a") == 90_00


async def test_the_wait_in_the_inbox_counts_against_the_deadline() -> None:
    house = House(deadline_ms=80)
    await house.open("a")
    answer = begun(house.purchase("a"))
    await asyncio.sleep(0)
    house.monotonic_ns += 80_000_000
    assert (await house.done(answer)).reason is Reason.TOO_LATE
    punctual = begun(house.purchase("a"))
    await asyncio.sleep(0)
    house.monotonic_ns += 79_999_999
    assert (await house.done(punctual)).reason is Reason.APPROVED
    assert await house.cash("a") == 99_00


# --- cards ---------------------------------------------------------------------------------------


async def test_a_card_is_found_by_its_id_on_whatever_account_it_is() -> None:
    house = House(max_resident=1)
    await put(house, "c", "a")
    await put(house, "d", "b", cards=(terms("k2"), terms("k3")))
    found = {
        card_id: house.dispatcher.account_of_card(card_id) for card_id in ("k", "k2", "k3", "k4")
    }
    assert found == {"k": "a", "k2": "b", "k3": "b", "k4": None}
    assert await house.done(house.actors.cards.read("k3")) == terms("k3")
    assert refusal_kind(await house.done(house.actors.cards.read("k4"))) is RefusalKind.NOT_FOUND


async def test_no_purchase_with_a_card_is_approved_from_the_moment_its_block_is_answered() -> None:
    house = House()
    await put(house)
    before = begun(house.purchase("a", 1_00, card_id="k"))
    command = BlockCard("a", "k", BlockReason.OTHER, "App", BY)
    block = begun(house.dispatcher.ask(command))
    after = begun(house.purchase("a", 1_00, card_id="k"))
    await house.done(block)
    assert (await house.done(before)).reason is Reason.APPROVED
    assert (await house.done(after)).reason is Reason.CARD_BLOCKED


async def test_a_block_is_answered_with_the_blocked_card() -> None:
    house = House()
    await put(house)
    done, card = await house.block("a", "k", "roubo")
    assert done == Done(created=True)
    assert (card.status, card.block_reason) == ("bloqueado", "roubo")
    assert card.blocked_at == WrittenTime(START_NS // 1000)


async def test_a_limit_is_told_with_the_record_of_its_being_told() -> None:
    house = House()
    await put(house)
    await house.buy("a", 2_00, card_id="k")
    query = QueryLimit("a", "k", "WhatsApp", BY)
    answer = await house.done(house.dispatcher.ask(query))
    assert not isinstance(answer, Refusal)
    card, operation = answer[1]
    assert card.limit_used_cents == 2_00
    assert (operation.kind, operation.available_cents) == ("consulta_limite", 998_00)
    unknown = await house.done(house.dispatcher.ask(query._replace(account_id="x")))
    assert refusal_kind(unknown) is RefusalKind.NOT_FOUND


# --- customers -----------------------------------------------------------------------------------


# --- merchants and accounts ----------------------------------------------------------------------


async def test_an_override_counts_from_the_purchase_behind_it_on_until_it_is_removed() -> None:
    house = House()
    await house.open("a", MEAL=10_00, CASH=10_00)
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "CASH"
    await house.done(house.dispatcher.ask(RegisterMerchant("UBER*", "5812", BY)))
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "MEAL"
    await house.done(house.dispatcher.ask(RemoveMerchant("uber *", BY)))
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "CASH"
    missing = await house.done(house.dispatcher.ask(RemoveMerchant("UBER*", BY)))
    assert refusal_kind(missing) is RefusalKind.NOT_FOUND
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)


async def test_an_account_is_opened_once_however_many_ask_together() -> None:
    house = House()
    command = OpenAccount("a", {"CASH": 1_00}, None, BY)
    tasks = [begun(house.dispatcher.ask(command)) for _ in range(10)]
    answers = [await house.done(task) for task in tasks]
    created = [answer[0] for answer in answers if not isinstance(answer, Refusal)]
    assert created == [Done(created=True), *[Done()] * 9]
    assert house.appended == 1


async def test_a_credit_counts_for_the_purchase_behind_it() -> None:
    house = House()
    await house.open("a", CASH=0)
    credit = begun(house.dispatcher.ask(Credit("a", "c", "CASH", 5_00, BY)))
    buy = begun(house.purchase("a", 5_00))
    await house.done(credit)
    assert (await house.done(buy)).reason is Reason.APPROVED


# --- any command ---------------------------------------------------------------------------------


async def test_a_command_waits_for_no_room_in_an_inbox() -> None:
    house = House(max_inbox=2)
    await house.open("a")
    waiting = [begun(house.dispatcher.ask(ReadAccount("a"))) for _ in range(3)]
    await asyncio.sleep(0)
    answers = [await house.done(each) for each in waiting]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, False, True]
    assert refusal_kind(answers[2]) is RefusalKind.OVERLOADED


async def test_what_is_sent_has_no_bound_and_its_refusal_is_there_at_once() -> None:
    """The importer sends, and bounds its waves by itself."""
    house = House(max_inbox=2)
    await house.open("a")
    sent = [house.dispatcher.send(Credit("a", f"c{n}", "CASH", 1, BY)) for n in range(5)]
    answers = [await house.done(each) for each in sent]
    assert not any(isinstance(answer, Refusal) for answer in answers)
    assert refusal_kind(await house.dispatcher.send(ReadAccount("x"))) is RefusalKind.NOT_FOUND
