"""Who is awake: actors wake with a message, sleep as bytes, and leave nothing behind of nobody."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from typing import Any

import pykka
import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import (
    BlockCard,
    Credit,
    OpenCards,
    QueryLimit,
    ReadAccount,
    UnblockCard,
)
from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Outcome, Reason, Refusal, RefusalKind
from tests.support.builders import BY, deep, terms
from tests.support.commands import registration
from tests.support.house import House, awake_account, begun, everything

pytestmark = pytest.mark.anyio


# --- waking and sleeping -------------------------------------------------------------------------


async def test_only_so_many_actors_are_awake_and_nothing_is_lost() -> None:
    house = House(max_resident=2)
    for number in range(20):
        await house.open(f"a{number}", CASH=100_00 + number)
    assert house.dispatcher.accounts.resident == 2
    assert len(house.dispatcher.accounts) == 20
    for number in range(20):
        assert (await house.buy(f"a{number}", 1_00)).reason is Reason.APPROVED
    assert [await house.cash(f"a{number}") for number in range(20)] == [
        99_00 + number for number in range(20)
    ]
    assert house.dispatcher.accounts.resident == 2


async def test_the_one_that_was_silent_longest_sleeps_first() -> None:
    house = House(max_resident=2)
    for account_id in ("a", "b"):
        await house.open(account_id)
    await house.buy("a")
    await house.open("c")
    assert list(house.dispatcher.accounts._active) == ["a", "c"]


async def test_all_of_an_account_survives_its_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 3)
    house = House(max_resident=1)
    await house.done(
        house.actors.onboarding.register(registration("c", "a"), (terms("k"), terms("free", None)))
    )
    await house.credit("a", "x", 10_00)
    for number in range(8):
        await house.buy("a", 1_00, transaction_id=f"t{number}")
        await house.credit("a", f"x{number}", 1)
    await house.block("a", "k", "suspeita_fraude")
    before = deep(awake_account(house, "a"))
    assert len(before["purchase_keys"]["sealed_pages"]) == 2
    await house.open("b")
    assert list(house.dispatcher.accounts._active) == ["b"]
    assert deep(awake_account(house, "a")) == before


async def test_an_id_in_a_sealed_page_is_known_after_the_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    house = House(max_resident=1)
    await house.open("a")
    for number in range(5):
        assert (await house.buy("a", transaction_id=f"t{number}")).reason is Reason.APPROVED
    await house.open("b")
    for number in range(5):
        assert await house.buy("a", transaction_id=f"t{number}") == Outcome(
            Reason.APPROVED, replayed=True
        )
    assert await house.cash("a") == 95_00


async def test_ids_that_are_too_old_are_dropped_a_page_at_a_time_while_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    house = House(credit_id_retention_days=360)
    await house.open("a")
    for number in range(8):
        await house.buy("a", 1, transaction_id=f"t{number}")
        await house.credit("a", f"c{number}", 1)
        house.let_pass(116 * DAY_US * 1000)
    account = awake_account(house, "a")
    for ids in (account.purchase_keys, account.credit_keys):
        assert len(ids) <= 6
    assert (await house.buy("a", 1, transaction_id="t7")).replayed
    assert not (await house.buy("a", 1, transaction_id="t0")).replayed
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)


async def test_an_actor_that_has_messages_does_not_sleep() -> None:
    house = House(max_resident=2)
    for account_id in ("a", "b", "c", "d"):
        await house.open(account_id)
    answers = [begun(house.purchase(account_id)) for account_id in ("a", "b", "c", "d")]
    await asyncio.sleep(0)
    assert house.dispatcher.queued() == 4
    assert house.dispatcher.accounts.resident == 4
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.name_on_wire for answer in answers] == ["approved"] * 4
    for account_id in ("a", "b", "c", "d"):
        assert await house.cash(account_id) == 99_00


async def test_when_a_burst_is_over_the_actors_that_were_too_many_sleep() -> None:
    house = House(max_resident=2)
    for number in range(20):
        await house.open(f"a{number}")
    burst = [begun(house.purchase(f"a{number}")) for number in range(20)]
    await house.settle()
    assert house.dispatcher.accounts.resident == 20
    for number in range(4):
        await house.buy(f"a{number}")
        await house.open(f"b{number}")
    assert house.dispatcher.accounts.resident == 2
    assert [(await house.done(answer)).reason.name_on_wire for answer in burst] == ["approved"] * 20


async def test_an_actor_may_sleep_while_its_answers_wait_for_the_journal() -> None:
    house = House(max_resident=1)
    await house.open("a")
    await house.open("b")
    answer = begun(house.purchase("a", transaction_id="t"))
    await house.settle()
    begun(house.purchase("b"))
    await house.settle()
    assert list(house.dispatcher.accounts._active) == ["b"]
    again = begun(house.purchase("a", transaction_id="t"))
    await house.settle()
    assert (answer.done(), again.done()) == (False, False)
    house.commit()
    await house.settle()
    assert (answer.result().replayed, again.result().replayed) == (False, True)


async def test_whoever_kept_the_ref_of_an_actor_that_sleeps_is_told() -> None:
    house = House(max_resident=1)
    await house.open("a")
    actor = house.dispatcher.accounts.find("a")
    assert actor is not None
    ref = actor.actor_ref
    await house.open("b")
    assert not ref.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        await ref.ask(ReadAccount("a"), block=False)


async def test_an_actor_that_sleeps_leaves_nothing_for_the_garbage_collector() -> None:
    house = House(max_resident=1)
    await house.open("a")
    actor = house.dispatcher.accounts.find("a")
    gone = weakref.ref(actor)
    del actor
    gc.disable()
    try:
        await house.open("b")
        assert gone() is None
    finally:
        gc.enable()


async def test_a_sleeping_account_can_be_looked_at_without_waking_it() -> None:
    house = House(max_resident=1)
    await house.open("a")
    awake = house.dispatcher.accounts.packed("a")
    await house.open("b")
    assert house.dispatcher.accounts.packed("a") == awake
    assert list(house.dispatcher.accounts._active) == ["b"]


async def test_a_look_sees_what_happened_since_the_last_sleep() -> None:
    house = House(max_resident=1)
    await house.open("a")
    await house.open("b")
    asleep = house.dispatcher.accounts.packed("a")
    await house.buy("a")
    assert house.dispatcher.accounts.packed("a") != asleep


@pytest.mark.parametrize("seed", range(5))
async def test_however_many_are_awake_the_answers_are_the_same(seed: int) -> None:
    async def story(max_resident: int) -> list[Any]:
        house, choose = House(max_resident), random.Random(seed)
        for number in range(6):
            await house.open(f"a{number}", CASH=choose.randint(0, 20))
        tasks = []
        for _ in range(60):
            account_id, transaction_id = f"a{choose.randrange(7)}", choose.choice(["t", "u", None])
            asked = house.purchase(account_id, choose.randint(1, 4), transaction_id=transaction_id)
            tasks.append(begun(asked))
            if choose.random() < 0.3:
                await house.settle()
            if choose.random() < 0.3:
                house.commit()
        answers = [await house.done(task) for task in tasks]
        assert everything(house.replayed()) == everything(house.state, house.dispatcher)
        return answers

    assert await story(1) == await story(2) == await story(100)


# --- nobody --------------------------------------------------------------------------------------


async def test_an_unknown_id_is_nobody_and_leaves_nothing_behind() -> None:
    house = House()
    for number in range(50):
        assert house.dispatcher.accounts.find(f"x{number}") is None
        assert (await house.buy(f"x{number}")).reason is Reason.ACCOUNT_NOT_FOUND
        assert isinstance(await house.read(f"x{number}"), Refusal)
        assert isinstance(await house.credit(f"x{number}", "c", 1), Refusal)
        assert isinstance(await house.done(house.actors.customers.read(f"x{number}")), Refusal)
        assert isinstance(await house.done(house.actors.cards.read(f"x{number}")), Refusal)
    assert house.dispatcher.accounts.resident == len(house.dispatcher.accounts) == 0
    assert house.dispatcher.customers.resident == len(house.dispatcher.customers) == 0
    assert house.appended == 0


async def refused_account() -> House:
    """A house in which a document for account `nobody` was refused: its card is on another one."""
    house = House()
    await house.done(house.actors.onboarding.register(registration("c", "a"), (terms("k"),)))
    answer = await house.done(
        house.actors.onboarding.register(registration("d", "nobody"), (terms("k"),))
    )
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.CONFLICT
    return house


async def test_an_account_that_was_refused_to_be_opened_is_still_nobody() -> None:
    house = await refused_account()
    appended = house.appended
    assert await house.buy("nobody") == Outcome(Reason.ACCOUNT_NOT_FOUND)
    assert house.appended == appended
    assert list(house.state[ACCOUNTS]) == ["a"]


@pytest.mark.parametrize(
    "command",
    [
        ReadAccount("nobody"),
        Credit("nobody", "c", "CASH", 1, BY),
        BlockCard("nobody", "k", BlockReason.OTHER, "App", BY),
        UnblockCard("nobody", "k", "App", "x", BY),
        QueryLimit("nobody", "k", "App", BY),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_nobody_answers_no_other_command_either(command: Any) -> None:
    house = await refused_account()
    appended = house.appended
    answer: Any = await house.done(house.dispatcher.ask(command))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.NOT_FOUND
    assert house.appended == appended


async def test_an_account_that_was_refused_to_be_opened_can_be_opened_later() -> None:
    house = await refused_account()
    await house.open("nobody", CASH=5_00)
    assert (await house.buy("nobody", 5_00)).reason is Reason.APPROVED
    assert list(house.state[ACCOUNTS]) == ["a", "nobody"]


async def test_blank_actors_leave_no_trace_when_others_need_room() -> None:
    house = House(max_resident=1)
    await house.done(house.actors.onboarding.register(registration("c", "a"), (terms("k"),)))
    for number in range(5):
        command = OpenCards(f"nobody-{number}", "d", (terms("k"),), BY)
        assert isinstance(await house.done(house.dispatcher.ask(command)), Refusal)
    await house.read("a")
    assert list(house.dispatcher.accounts._active) == ["a"]
    assert list(house.state[ACCOUNTS]) == ["a"]
    assert house.dispatcher.accounts.find("nobody-0") is None


async def test_a_purchase_behind_the_opening_of_its_account_is_decided() -> None:
    house = House()
    opening = begun(house.open("a", CASH=1_00))
    await asyncio.sleep(0)
    answer = begun(house.purchase("a", 1_00))
    await house.done(opening)
    assert (await house.done(answer)).reason is Reason.APPROVED


# --- bounds --------------------------------------------------------------------------------------


async def test_a_full_inbox_is_answered_overloaded_and_moves_nothing() -> None:
    house = House(max_inbox=3)
    await house.open("a")
    await house.open("b")
    answers = [begun(house.purchase("a")) for _ in range(5)]
    other = begun(house.purchase("b"))
    credit = begun(house.dispatcher.ask(Credit("a", "c", "CASH", 1, BY)))
    await asyncio.sleep(0)
    refusal = await credit
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.OVERLOADED
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.name_on_wire for answer in answers] == [
        "approved",
        "approved",
        "approved",
        "overloaded",
        "overloaded",
    ]
    assert other.result().reason is Reason.APPROVED
    assert await house.cash("a") == 97_00
    assert (await house.buy("a")).reason is Reason.APPROVED
