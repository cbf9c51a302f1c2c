"""A disk that is short: nothing is appended, what needs no event is answered as ever."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.actors.disk_room import (
    FASTEST_BYTES,
    LEAST_SECONDS,
    MOST_SECONDS,
    NO_ROOM,
    SHORT_SECONDS,
    DiskRoom,
)
from authorizer.actors.snapshots import SnapshotPolicy, Snapshots
from authorizer.actors.timers import SLOT_US
from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import BlockCard, OpenAccount, QueryLimit
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    ExpireHolds,
    ReadPurchase,
)
from authorizer.domain.accounts.purchase_events import HoldExpired
from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.merchants.commands import RegisterMerchant
from authorizer.domain.outcomes import Reason, Refusal, RefusalKind
from authorizer.domain.settings.commands import ChangePolicy
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot
from authorizer.simulation.world import inline
from tests.actors.desk import Desk, plain
from tests.support.builders import BY, terms
from tests.support.commands import registration
from tests.support.house import House, everything

MIB: Final = 1 << 20
HOUR_US: Final = 3_600_000_000


# --- when it is short, and when it is looked at -------------------------------------------------


def test_it_is_short_below_the_reserve_and_goes_on_with_some_to_spare() -> None:
    room = DiskRoom(reserve_bytes=100)
    for free_bytes, is_short, may_go_on in (
        (100, False, False), (99, True, False), (100, True, False), (124, True, False),
        (125, True, True),
    ):  # fmt: skip
        room.look(free_bytes, now_s=1.0)
        assert (room.is_short, room.may_go_on) == (is_short, may_go_on)
    room.go_on()
    assert (room.is_short, room.may_go_on) == (False, False)
    room.look(100, now_s=2.0)
    assert not room.is_short


def test_without_a_reserve_it_is_never_short() -> None:
    room = DiskRoom()
    room.look(0, now_s=1.0)
    assert not room.is_short
    assert room.next_look_seconds() == MOST_SECONDS


def test_what_is_written_beside_the_journal_leaves_the_reserve_alone() -> None:
    room = DiskRoom(reserve_bytes=100)
    assert room.has(1 << 40)
    room.look(150, now_s=1.0)
    assert room.has(50)
    assert not room.has(51)
    room.look(90, now_s=2.0)
    room.look(500, now_s=3.0)
    assert not room.has(1)


@pytest.mark.parametrize("bytes_a_second", [0, 20 * MIB, 1 << 30, 2 << 30])
@pytest.mark.parametrize("reserve_bytes", [64 * MIB, 128 * MIB, 1 << 30])
def test_whoever_fills_the_disk_does_not_use_the_reserve_up_between_two_looks(
    bytes_a_second: int, reserve_bytes: int
) -> None:
    room, free_bytes, now_s = DiskRoom(reserve_bytes), 64 << 30, 0.0
    looks = 0
    while not room.is_short and looks < 1000:
        room.look(free_bytes, now_s)
        looks += 1
        pause_s = room.next_look_seconds()
        assert LEAST_SECONDS <= pause_s <= MOST_SECONDS
        now_s += pause_s
        free_bytes -= int(bytes_a_second * pause_s)
    at_short = room.free_bytes
    assert at_short is not None
    assert at_short > 0
    assert at_short >= reserve_bytes // 2 - bytes_a_second * LEAST_SECONDS
    assert room.is_short == (bytes_a_second > 20 * MIB)
    if room.is_short:
        assert room.next_look_seconds() == SHORT_SECONDS


def test_who_begins_to_fill_it_just_above_the_reserve_takes_half_of_it_before_that_is_seen() -> (
    None
):
    room = DiskRoom(128 * MIB)
    for now_s in (1.0, 2.0):
        room.look(128 * MIB, now_s)
        assert room.next_look_seconds() * FASTEST_BYTES == 64 * MIB


# --- what is answered ---------------------------------------------------------------------------


def short(house: House) -> None:
    """From now on less is free than the reserve."""
    house.around.disk_room.look(MIB - 1, now_s=1.0)


def hold(hold_id: str, amount_cents: int = 10_00) -> AuthorizeHold:
    return AuthorizeHold("a", hold_id, amount_cents, "5999", "X", None, False, 1, None, 0, BY)


async def furnished() -> House:
    """An account with 100.00, of which a hold has 10.00, and a customer with a card."""
    house = House(disk_reserve_mib=1)
    await house.open("a")
    await house.done(house.dispatcher.ask(hold("h")))
    document = registration("c", "a", card_ids=("k",))
    answer = await house.done(house.actors.onboarding.register(document, (terms("k"),)))
    assert not isinstance(answer, Refusal)
    return house


async def refusal(house: House, asked: Any) -> Refusal | None:
    answer = await house.done(asked)
    return answer if isinstance(answer, Refusal) else None


@pytest.mark.anyio
async def test_a_purchase_is_unavailable_and_its_repetition_answered_as_before() -> None:
    house = await furnished()
    await house.open("plain")
    for account_id in ("a", "plain"):
        bought = await house.buy(account_id, 1_00, transaction_id="t")
        short(house)
        appended = house.appended
        for cents in (1_00, 900_00):
            assert (await house.buy(account_id, cents)).reason is Reason.UNAVAILABLE
            new = await house.buy(account_id, cents, transaction_id="new")
            assert new.reason is Reason.UNAVAILABLE
        again = await house.buy(account_id, 1_00, transaction_id="t")
        assert (again.reason, again.replayed) == (bought.reason, True)
        assert house.appended == appended
        house.around.disk_room.go_on()
        new = await house.buy(account_id, 1_00, transaction_id="new")
        assert (new.reason, new.replayed) == (Reason.APPROVED, False)
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)


def test_lines_of_a_batch_are_unavailable_but_those_that_were_answered_before() -> None:
    async def story() -> None:
        house = House(disk_reserve_mib=1)
        await house.open("a")
        desk = Desk(house)
        await desk.decide(plain("a", "1", 1_00))
        short(house)
        appended = house.appended
        decided = await desk.decide(
            plain("a", "2", 1_00), plain("a", "1", 1_00), plain("a", "3", 900_00)
        )
        assert [(each.reason, each.replayed) for each in decided] == [
            (Reason.UNAVAILABLE, False), (Reason.APPROVED, True), (Reason.UNAVAILABLE, False),
        ]  # fmt: skip
        assert (house.appended, desk.bugs) == (appended, [])

    asyncio.run(story())


@pytest.mark.anyio
async def test_commands_are_refused_without_a_trace_and_what_changes_nothing_is_answered() -> None:
    house = await furnished()
    short(house)
    appended, ask = house.appended, house.dispatcher.ask
    for asked in (
        ask(OpenAccount("b", {"CASH": 1}, None, BY)),
        ask(hold("h2")),
        ask(Capture("a", "h", "c", 1_00, False, False, None, None, None, BY)),
        ask(RegisterMerchant("UBER*", "5812", BY)),
        ask(QueryLimit("a", "k", "App", BY)),
        house.actors.onboarding.register(registration("d", "a"), ()),
        house.credit("a", "cr", 1_00),
        house.block("a", "k"),
    ):
        assert await refusal(house, asked) == NO_ROOM
    assert not house.vault.has_key("d")
    assert await refusal(house, ask(hold("h"))) is None  # a repetition
    assert await house.cash("a") == 90_00
    unknown = await refusal(house, ask(BlockCard("a", "no", BlockReason.of("outro"), "App", BY)))
    assert unknown is not None
    assert unknown.kind is RefusalKind.NOT_FOUND
    assert house.appended == appended
    assert len(house.dispatcher.accounts) == 1
    assert house.bugs == []


# --- holds that run out -------------------------------------------------------------------------


@pytest.mark.anyio
async def test_holds_that_run_out_meanwhile_wait_and_no_reading_ends_them() -> None:
    house = await furnished()
    short(house)
    appended = house.appended
    house.let_pass((2 * HOUR_US + SLOT_US) * 1000)
    answer = await house.done(house.dispatcher.ask(ReadPurchase("a", "h")))
    assert not isinstance(answer, Refusal)
    assert answer[1].status is PurchaseStatus.PENDING
    assert (await house.buy("a", 1_00)).reason is Reason.UNAVAILABLE
    assert house.appended == appended
    house.around.disk_room.go_on()
    assert (await house.buy("a", 95_00)).reason is Reason.APPROVED
    assert [type(event) for event in house.journal.events()].count(HoldExpired) == 1


@pytest.mark.anyio
async def test_who_has_asked_for_room_goes_first() -> None:
    """The end of holds, and the settings that decide, are journaled before anybody else's turn."""
    house = await furnished()
    short(house)
    house.let_pass((2 * HOUR_US + SLOT_US) * 1000)
    assert await refusal(house, house.dispatcher.ask(ExpireHolds("a"))) is None
    assert [type(event) for event in house.journal.events()].count(HoldExpired) == 1
    asked = house.dispatcher.ask(ChangePolicy({"a": 1}, "UTC", BY))
    assert await refusal(house, asked) is None


# --- snapshots and the archive -------------------------------------------------------------------


def snapshots_of(house: House, disk: LocalDisk) -> Snapshots:
    return Snapshots(
        house.around, house.dispatcher, disk, SnapshotPolicy(1, 60.0, 2), inline, lambda: 0.0
    )


@pytest.mark.anyio
async def test_a_snapshot_waits_for_room_beside_the_reserve(tmp_path: Path) -> None:
    house, disk = await furnished(), LocalDisk(tmp_path)
    room, snapshots = house.around.disk_room, snapshots_of(house, disk)
    await house.buy("a")
    assert snapshots.due()
    taken = await house.done(snapshots.take())
    assert taken is not None
    await house.buy("a")
    room.look(MIB + taken.file_bytes - 1, now_s=1.0)
    assert not snapshots.due()
    with pytest.raises(OSError, match="kept for the journal") as refused:
        await house.done(snapshots.take())
    assert refused.value.errno == errno.ENOSPC
    room.look(MIB + taken.file_bytes, now_s=2.0)
    await house.buy("a")
    assert snapshots.due()
    assert await house.done(snapshots.take()) is not None


@pytest.mark.anyio
@pytest.mark.parametrize("first_bytes", [1000, 0])
async def test_a_snapshot_is_given_up_when_the_disk_gets_short_and_needs_more_the_next_time(
    first_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice what it came to, with the part that had no room any more; also if that is the first."""
    house, disk = await furnished(), LocalDisk(tmp_path)
    snapshots, room = snapshots_of(house, disk), house.around.disk_room

    def filling_up(*_: Any) -> Any:
        yield bytes(first_bytes)
        room.look(MIB + 200, now_s=2.0)
        yield bytes(600)

    monkeypatch.setattr(snapshot, "slices", filling_up)
    room.look(MIB + 1200, now_s=1.0)
    await house.buy("a")
    with pytest.raises(OSError, match="kept for the journal"):
        await house.done(snapshots.take())
    assert list((tmp_path / "snapshots").iterdir()) == []
    await house.buy("a")
    expected_bytes = 2 * (first_bytes + 600)
    room.look(MIB + expected_bytes - 1, now_s=3.0)
    assert not snapshots.due()
    room.look(MIB + expected_bytes, now_s=4.0)
    assert snapshots.due()
