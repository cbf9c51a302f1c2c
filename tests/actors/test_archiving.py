"""Purchases leave memory and come back, and nobody can tell by an answer where they lay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.actors import archiving
from authorizer.actors.batches import MAX_SHARE
from authorizer.actors.reply import LoopFuture
from authorizer.domain.accounts import idempotency, leaving
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    ReadPurchase,
    Refund,
    Reverse,
)
from authorizer.domain.outcomes import Reason, Refusal, RefusalKind
from authorizer.persistence.archive.protocol import ArchiveError
from tests.actors.desk import Desk, plain
from tests.support.builders import BY, DAY_US
from tests.support.commands import purchase
from tests.support.house import House, awake_account, begun
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio

A_DAY_NS = (DAY_US + 1) * 1000


async def stocked(**settings: Any) -> House:
    """A house in which a purchase and a hold that was captured are a day old, and archived."""
    house = House(**settings)
    await house.open("a", MEAL=100_00, CASH=50_00)
    assert (await house.buy("a", 10_00, mcc="5812", transaction_id="t")).reason is Reason.APPROVED
    await house.done(house.dispatcher.ask(hold("h", 20_00)))
    await house.done(house.dispatcher.ask(capture("h", "c")))
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    assert await archive(house) == 2
    account = awake_account(house, "a")
    assert account.purchases == {}
    assert len(account.purchase_keys) == 0
    return house


async def archive(house: House) -> int:
    """Have all that is old leave; how many did."""
    before = house.archiving.archived
    house.around.crowded("a")
    await house.done(house.archiving.work())
    await house.settle()
    return house.archiving.archived - before


def hold(purchase_id: str, cents: int) -> AuthorizeHold:
    return AuthorizeHold("a", purchase_id, cents, "5812", "LOJA X", None, False, None, None, 0, BY)


def capture(purchase_id: str, operation_id: str, cents: int | None = None) -> Capture:
    return Capture("a", purchase_id, operation_id, cents, True, False, None, None, None, BY)


def refund(purchase_id: str, operation_id: str, cents: int | None = None) -> Refund:
    return Refund("a", purchase_id, operation_id, cents, BY)


async def ask(house: House, command: Any) -> Any:
    return await house.done(house.dispatcher.ask(command))


async def meal(house: House) -> int:
    house_read = await house.read("a")
    assert not isinstance(house_read, Refusal)
    return house_read[1].wallets_cents["MEAL"]


async def test_an_id_that_has_left_never_debits_twice() -> None:
    house = await stocked()
    again = await house.buy("a", 10_00, mcc="5812", transaction_id="t")
    assert (again.reason, again.replayed) == (Reason.APPROVED, True)
    other = await house.buy("a", 11_00, mcc="5812", transaction_id="t")
    assert (other.reason, other.replayed) == (Reason.DUPLICATE_MISMATCH, False)
    of_hold = await house.buy("a", 20_00, mcc="5812", transaction_id="h")
    assert of_hold.reason is Reason.DUPLICATE_MISMATCH
    assert await meal(house) == 70_00


async def test_a_hold_under_an_id_that_has_left_is_the_purchase_as_it_stands() -> None:
    house = await stocked()
    done, view = await ask(house, hold("h", 20_00))
    assert not done.created
    assert (view.captured_cents, view.status.value) == (20_00, "closed")
    refused = await ask(house, hold("t", 9_00))
    assert isinstance(refused, Refusal)
    assert await meal(house) == 70_00


async def test_money_goes_back_and_the_purchase_stays_in_memory_until_it_is_old_again() -> None:
    house = await stocked()
    for name, cents in (("t", 4_00), ("h", 20_00)):
        _, view = await ask(house, refund(name, "r", cents))
        assert view.refunded_cents == cents
    assert await meal(house) == 94_00
    assert set(awake_account(house, "a").purchases) == {"t", "h"}
    assert await archive(house) == 0
    house.let_pass(A_DAY_NS)
    assert await archive(house) == 2
    refused = await ask(house, refund("t", "r2", 7_00))
    assert isinstance(refused, Refusal)
    _, view = await ask(house, Reverse("a", "t", "v", None, None, BY))
    assert (view.reversed_cents, view.refunded_cents) == (6_00, 4_00)
    assert await meal(house) == 100_00


async def test_what_has_left_is_read_as_it_was() -> None:
    house = await stocked()
    for name in ("t", "h"):
        _, view = await ask(house, ReadPurchase("a", name))
        assert (view.purchase_id, view.source) == (name, "MEAL")
    unknown = await ask(house, ReadPurchase("a", "x"))
    assert isinstance(unknown, Refusal)
    assert unknown.kind is RefusalKind.NOT_FOUND
    assert awake_account(house, "a").purchases == {}


async def test_a_reversal_that_came_first_declines_the_purchase_a_day_later() -> None:
    house = await stocked()
    await ask(house, Reverse("a", "later", "v", None, "decline", BY))
    await ask(house, Reverse("a", "hold", "v", None, "decline", BY))
    house.let_pass(A_DAY_NS)
    assert await archive(house) == 2
    late = await house.buy("a", 1_00, mcc="5812", transaction_id="later")
    assert late.reason is Reason.REVERSED_BEFORE
    _, view = await ask(house, hold("hold", 1_00))
    assert view.status.value == "declined"
    kept = awake_account(house, "a").purchases
    assert [each.status.value for each in kept.values()] == ["declined", "declined"]


async def test_past_the_retention_an_id_is_free_again() -> None:
    house = await stocked(id_retention_days=2)
    house.let_pass(30 * A_DAY_NS)
    house.clock.confirm()
    free = await house.buy("a", 10_00, mcc="5812", transaction_id="t")
    assert (free.reason, free.replayed) == (Reason.APPROVED, False)


async def test_past_the_retention_a_purchase_of_several_messages_is_found_no_more() -> None:
    """Counted from its last change."""
    house = await stocked(id_retention_days=10)
    await ask(house, refund("h", "r", 1))
    assert await archive_after(house, 10) == 1
    _, view = await ask(house, ReadPurchase("a", "h"))
    assert view.refunded_cents == 1
    house.let_pass(30 * A_DAY_NS)
    house.clock.confirm()
    answer = await ask(house, ReadPurchase("a", "h"))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.NOT_FOUND
    done, _ = await ask(house, hold("h", 5_00))
    assert done.created


async def archive_after(house: House, days: int) -> int:
    house.let_pass(days * A_DAY_NS)
    house.clock.confirm()
    return await archive(house)


async def test_an_account_that_sleeps_lets_go_too() -> None:
    house = House(max_resident=1)
    await house.open("a", MEAL=100_00)
    await house.buy("a", 10_00, mcc="5812", transaction_id="t")
    await house.open("b")
    assert house.dispatcher.accounts.active("a") is None
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    assert await archive(house) == 1
    assert house.dispatcher.accounts.active("a") is None
    assert len(house.dispatcher.accounts.at_rest("a").purchase_keys) == 0
    assert (await house.buy("a", 10_00, mcc="5812", transaction_id="t")).replayed


async def test_too_many_leave_however_young(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 4)
    house = House(purchases_in_memory=4)
    await house.open("a")
    for number in range(20):
        bought = await house.buy("a", 1, transaction_id=str(number))
        assert bought.reason is Reason.APPROVED
        await house.done(house.archiving.work())
        await house.settle()
    assert len(awake_account(house, "a").purchase_keys) <= 9
    for number in range(20):
        assert (await house.buy("a", 1, transaction_id=str(number))).replayed


async def test_a_purchase_that_was_put_before_its_id_left_is_no_second_one() -> None:
    """It was told that the archive has nothing; so the account must still know the id."""
    house = House()
    await house.open("a", CASH=100_00)
    await house.buy("a", 1_00, transaction_id="t")
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    gate = asyncio.get_running_loop().create_future()

    async def gated(function: Any, *arguments: Any) -> Any:
        await gate
        return function(*arguments)

    gated_archiving: Any = house.archiving
    gated_archiving._off_loop = gated
    house.around.crowded("a")
    working = begun(house.archiving.work())
    await house.settle()
    gate.set_result(None)  # the archive takes it in the next step, before the account's turn
    reply = LoopFuture()
    command = purchase(1_00, "5999", "LOJA X", account_id="a", transaction_id="t")
    assert house.dispatcher.submit(command, reply) is None
    await house.done(working)
    assert (await reply).replayed
    assert await house.cash("a") == 99_00


async def test_a_look_up_that_an_archiving_overtakes_is_made_again() -> None:
    """The id left between the look and the message: nothing was there, and nothing is in memory."""
    house = await stocked()
    await house.buy("a", 1_00, mcc="5812", transaction_id="u")
    house.let_pass(A_DAY_NS)
    recall = house.dispatcher.recall
    real, looks = recall.archive.find, 0

    def find(account_id: str, purchase_id: str, before: int = 2**63 - 1) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:
            recall.changes += 1
            return None
        return real(account_id, purchase_id, before)

    lying: Any = recall.archive
    lying.find = find
    assert (await house.buy("a", 10_00, mcc="5812", transaction_id="t")).replayed
    assert looks == 2


async def test_nothing_is_decided_on_an_id_that_cannot_be_looked_up() -> None:
    house = await stocked()

    def find(*_: Any) -> Any:
        raise ArchiveError("the disk is gone")

    lying: Any = house.dispatcher.recall.archive
    lying.find = find
    assert (await house.buy("a", 1_00, transaction_id="t")).reason is Reason.UNAVAILABLE
    refused = await ask(house, refund("h", "r"))
    assert isinstance(refused, Refusal)
    assert refused.kind is RefusalKind.UNAVAILABLE
    assert (await house.buy("a", 1_00, transaction_id="new")).reason is Reason.APPROVED
    assert (await house.buy("a", 1_00)).reason is Reason.APPROVED


async def test_a_bug_on_the_way_to_the_archive_is_told_to_who_waits() -> None:
    house = await stocked()

    def find(*_: Any) -> Any:
        raise RuntimeError("a bug")

    lying: Any = house.dispatcher.recall.archive
    lying.find = find
    with pytest.raises(RuntimeError, match="a bug"):
        await house.buy("a", 1_00, transaction_id="t")


async def test_a_bug_while_purchases_leave_is_not_the_end_of_it() -> None:
    house = House()
    await house.open("a")
    await house.buy("a", 1_00, transaction_id="t")
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    broken: Any = house.dispatcher.recall.archive
    real = broken.put

    def put(_: Any) -> None:
        broken.put = real
        raise RuntimeError("a bug")

    broken.put = put
    running = asyncio.ensure_future(house.archiving.run())
    house.around.crowded("a")
    await house.settle()
    assert house.archiving.failed
    assert not running.done()
    assert await archive(house) == 1
    running.cancel()


async def test_nothing_leaves_memory_while_the_disk_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not forgotten, either, that it is to leave."""
    monkeypatch.setattr(archiving, "PAUSE_SECONDS", 0.001)
    house = House(disk_reserve_mib=1)
    await house.open("a")
    await house.buy("a", 1_00, transaction_id="t")
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    room = house.around.disk_room
    room.look(0, now_s=1.0)
    running = asyncio.ensure_future(house.archiving.run())
    house.around.crowded("a")
    await house.settle()
    assert house.archiving.archived == 0
    room.go_on()
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not house.archiving.archived:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.001)
    running.cancel()


async def test_what_the_archive_refuses_stays_in_memory() -> None:
    house = House()
    await house.open("a")
    await house.buy("a", 1_00, transaction_id="t")
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    refusing: Any = house.dispatcher.recall.archive
    real = refusing.put

    def put(_: Any) -> None:
        raise ArchiveError("the disk is full")

    refusing.put = put
    assert await archive(house) == 0
    assert house.archiving.failed
    assert (await house.buy("a", 1_00, transaction_id="t")).replayed
    refusing.put = real
    assert await archive(house) == 1
    assert not house.archiving.failed


async def test_a_change_that_is_not_durable_does_not_reach_the_archive() -> None:
    house = House()
    await house.open("a")
    buying = begun(house.purchase("a", 1_00, transaction_id="t"))
    await house.settle()
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    house.around.crowded("a")
    working = begun(house.archiving.work())
    await house.settle()
    assert not house.dispatcher.recall.archive.has_any
    house.commit()
    await house.settle()
    assert house.dispatcher.recall.archive.has_any
    await house.done(working)
    await house.done(buying)


async def test_an_account_asleep_with_very_many_is_awake_until_they_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To unpack all of them for each few that leave would hold the loop for hours."""
    monkeypatch.setattr(leaving, "MAX_AT_ONCE", 2)
    monkeypatch.setattr(archiving, "MAX_AT_ONCE", 2)
    house = House(max_resident=1)
    await house.open("a", MEAL=100_00, CASH=50_00)
    for number in range(7):
        await house.done(house.dispatcher.ask(hold(f"h{number}", 1)))
        await house.done(house.dispatcher.ask(capture(f"h{number}", "c")))
    await house.open("b", MEAL=1)
    house.let_pass(A_DAY_NS)
    house.clock.confirm()
    directory = house.dispatcher.accounts
    assert directory.active("a") is None
    loads = 0
    at_rest = directory.at_rest

    def counted(account_id: str) -> Any:
        nonlocal loads
        loads += 1
        return at_rest(account_id)

    monkeypatch.setattr(directory, "at_rest", counted)
    for _ in range(4):
        await archive(house)
    assert house.archiving.archived == 7
    assert loads == 1


async def test_a_line_of_a_batch_whose_id_has_left_is_known_and_all_keep_their_order() -> None:
    house = await stocked()
    desk = Desk(house)
    asked = [("n", 1_00), ("t", 10_00), ("o", 68_00), ("t", 11_00), ("p", 2_00), ("q", 1_00)]
    row = [("a", key, cents, "5812", "LOJA X") for key, cents in asked]
    outcomes = await desk.decide(*row)
    ok, mismatch = Reason.APPROVED, Reason.DUPLICATE_MISMATCH
    assert [one.reason for one in outcomes] == [ok, ok, ok, mismatch, ok, ok]
    assert [one.replayed for one in outcomes] == [False, True, False, False, False, False]
    assert [one.wallet for one in outcomes] == ["MEAL", None, "MEAL", None, "CASH", "MEAL"]


async def test_lines_behind_one_that_is_looked_up_wait_for_it_however_many_there_are() -> None:
    house = await stocked()
    desk = Desk(house)
    many = [("a", f"m{number}", 1_00, "5812", "LOJA X") for number in range(2 * MAX_SHARE)]
    outcomes = await desk.decide(("a", "t", 10_00, "5812", "LOJA X"), *many, plain("a", "t", 2_00))
    assert [one.reason for one in outcomes[:-1]] == [Reason.APPROVED] * (1 + len(many))
    page = awake_account(house, "a").purchase_keys.open_page
    assert [key for key in page if key.startswith("m")] == [key for _, key, *_ in many]
    assert outcomes[-1].reason is Reason.DUPLICATE_MISMATCH


async def test_a_line_of_a_batch_is_unavailable_where_the_archive_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = await stocked()
    desk = Desk(house)

    def unreadable(*_: Any) -> Any:
        raise ArchiveError("on purpose")

    monkeypatch.setattr(house.dispatcher.recall.archive, "find", unreadable)
    outcomes = await desk.decide(plain("a", "t", 10_00), plain("a", "n"))
    assert [one.reason for one in outcomes] == [Reason.UNAVAILABLE, Reason.APPROVED]
