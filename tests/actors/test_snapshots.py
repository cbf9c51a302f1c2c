"""Snapshots that are taken while the accounts go on, the test making every step of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authorizer.actors.directory import BrokenEntityError
from authorizer.actors.snapshots import SnapshotPolicy, Snapshots, SnapshotTaken
from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.outcomes import Reason, Refusal
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.snapshot import SnapshotDamagedError
from tests.support.builders import BY, terms
from tests.support.commands import purchase, registration
from tests.support.house import House, awake_account, begun, everything, replayed

pytestmark = pytest.mark.anyio


class Studio:
    """A house whose snapshots are taken a step at a time, one entity in each slice."""

    def __init__(self, folder: Path, max_resident: int = 3, kept: int = 2) -> None:
        self.house = House(max_resident)
        self.disk = LocalDisk(folder)
        self.seconds = 0.0
        self._steps: list[asyncio.Future[None]] = []
        self.snapshots = Snapshots(
            self.house.around,
            self.house.dispatcher,
            self.disk,
            SnapshotPolicy(every_bytes=1000, every_seconds=60.0, kept=kept),
            self._off_loop,
            self._tick,
        )

    def _tick(self) -> float:
        self.seconds += snapshot.SLICE_SECONDS
        return self.seconds

    async def _off_loop(self, function: Callable[..., Any], *arguments: Any) -> Any:
        allowed = asyncio.get_running_loop().create_future()
        self._steps.append(allowed)
        await allowed
        return function(*arguments)

    async def step(self) -> bool:
        """Let the snapshot go on to its next step; whether it waited for one."""
        await self.house.settle()
        if not self._steps:
            return False
        allowed = self._steps.pop(0)
        if not allowed.cancelled():
            allowed.set_result(None)
        await self.house.settle()
        return True

    async def finish(self, taking: asyncio.Task[SnapshotTaken | None]) -> SnapshotTaken:
        """Let the snapshot go on to its end."""
        while not taking.done():
            if not await self.step():
                self.house.commit()
        taken = taking.result()
        assert taken is not None
        return taken

    async def take(self) -> SnapshotTaken:
        """Take a snapshot while nothing else happens."""
        return await self.finish(begun(self.snapshots.take()))

    def loaded(self, taken: SnapshotTaken) -> dict[str, Any]:
        """All of the state that a snapshot and the journal's tail make."""
        found = snapshot.load(self.disk, snapshot.snapshot_name(taken.position))
        assert found.from_position == taken.position
        assert found.end.journal_position <= len(self.house.journal.records)
        events = self.house.journal.events()
        return everything(replayed(events, found.state, found.from_position))


async def furnished(folder: Path, **how: Any) -> Studio:
    """A studio with accounts, cards, customers and merchants."""
    studio = Studio(folder, **how)
    house = studio.house
    for number in range(6):
        await house.open(f"a{number}")
    for number in range(3):
        document = registration(f"c{number}", f"a{number}", card_ids=(f"k{number}",))
        answer = await house.done(
            house.actors.onboarding.register(document, (terms(f"k{number}"),))
        )
        assert not isinstance(answer, Refusal)
    await house.done(house.dispatcher.ask(RegisterMerchant("UBER*", "5812", BY)))
    return studio


async def happen(house: House, choose: random.Random, number: int) -> None:
    """Something happens somewhere; it may become durable later."""
    account_id = f"a{choose.randrange(6)}"
    deeds: list[Callable[[], Any]] = [
        lambda: begun(house.purchase(account_id, 1, transaction_id=f"t{number}")),
        lambda: begun(house.purchase(account_id, choose.randint(1, 90_00))),
        lambda: begun(house.purchase("a1", 200_00, card_id="k1")),
        lambda: begun(house.credit(account_id, f"c{number}", 5_00)),
        lambda: begun(house.open(f"new{number}")),
        lambda: begun(house.block("a2", "k2", choose.choice(["outro", "em_analise"]))),
        lambda: begun(
            house.actors.onboarding.register(
                registration("c0", "a0", name=f"N{number}", card_ids=("k0",)), (terms("k0"),)
            )
        ),
        lambda: begun(
            house.actors.onboarding.register(
                registration(f"cn{number}", "a4", card_ids=(f"kn{number}",)),
                (terms(f"kn{number}"),),
            )
        ),
        lambda: begun(
            house.dispatcher.ask(RegisterMerchant(f"LOJA {number % 3}", f"{number}", BY))
        ),
        lambda: begun(house.dispatcher.ask(RemoveMerchant(f"LOJA {number % 3}", BY))),
    ]
    choose.choice(deeds)()
    await house.settle()
    if choose.random() < 0.3:
        house.commit()


@pytest.mark.parametrize("seed", range(12))
async def test_a_snapshot_taken_while_accounts_change_and_the_tail_make_the_live_state(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    studio, choose = await furnished(tmp_path), random.Random(seed)
    for number in range(5):
        await studio.house.buy("a0", 1, transaction_id=f"before-{number}")
        await studio.house.credit("a0", f"before-{number}", 1)
    for number in range(12):
        await happen(studio.house, choose, number)
    taking = begun(studio.snapshots.take())
    number = 100
    while not taking.done():
        for _ in range(choose.randrange(3)):
            number += 1
            await happen(studio.house, choose, number)
        if not await studio.step():
            studio.house.commit()
    for _ in range(6):
        number += 1
        await happen(studio.house, choose, number)
    while studio.house.commit():
        await studio.house.settle()
    taken = taking.result()
    assert taken is not None
    live = everything(studio.house.state, studio.house.dispatcher)
    assert studio.loaded(taken) == live
    assert everything(studio.house.replayed()) == live
    assert len(live["accounts"]) >= 6


async def test_a_snapshot_alone_is_the_state_where_nothing_happened_since(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    taken = await studio.take()
    assert taken.position == studio.house.appended == len(studio.house.journal.records)
    found = snapshot.load(studio.disk, snapshot.snapshot_name(taken.position))
    assert everything(found.state) == everything(studio.house.state, studio.house.dispatcher)
    assert found.end.journal_position == taken.position
    assert found.end.chain == studio.house.commits.chain.hex()
    assert found.end.at_us == studio.house.clock.newest_us
    assert found.end.counts[:2] == (6, 3)


async def test_a_snapshot_holds_the_loop_for_one_entity_at_a_time(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    taking, steps = begun(studio.snapshots.take()), 0
    while not taking.done():
        steps += await studio.step()
    entities = 6 + 3 + 3
    assert steps > entities


async def test_a_snapshot_is_named_only_when_all_that_is_in_it_is_durable(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    begun(studio.house.purchase("a0", transaction_id="t"))
    await studio.house.settle()
    taking = begun(studio.snapshots.take())
    while await studio.step():
        pass
    assert not taking.done()
    assert snapshot.snapshots(studio.disk) == []
    studio.house.commit()
    taken = await studio.finish(taking)
    assert snapshot.snapshots(studio.disk) == [snapshot.snapshot_name(taken.position)]
    assert studio.loaded(taken) == everything(studio.house.state, studio.house.dispatcher)


async def test_what_was_appended_while_it_was_taken_must_be_durable_too(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    taking = begun(studio.snapshots.take())
    await studio.step()
    actor = studio.house.dispatcher.accounts.find("a5")
    assert actor is not None
    actor.actor_ref.tell(purchase(1_00)._replace(account_id="a5"))
    while await studio.step():
        pass
    assert not taking.done()
    studio.house.commit()
    taken = await studio.finish(taking)
    found = snapshot.load(studio.disk, snapshot.snapshot_name(taken.position))
    assert found.end.journal_position == taken.position + 1


async def test_one_snapshot_is_taken_at_a_time(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    taking = begun(studio.snapshots.take())
    await studio.step()
    assert await studio.snapshots.take() is None
    assert not studio.snapshots.due()
    await studio.finish(taking)
    assert (await studio.take()).position == studio.house.appended


async def test_a_snapshot_that_was_cut_short_is_none_and_the_next_one_is_whole(
    tmp_path: Path,
) -> None:
    studio = await furnished(tmp_path)
    taking = begun(studio.snapshots.take())
    for _ in range(5):
        await studio.step()
    taking.cancel()
    while await studio.step():
        pass
    assert taking.cancelled()
    assert snapshot.snapshots(studio.disk) == []
    taken = await studio.take()
    assert studio.loaded(taken) == everything(studio.house.state, studio.house.dispatcher)


async def test_a_broken_entity_is_in_no_snapshot(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    awake_account(studio.house, "a3")
    actor = studio.house.dispatcher.accounts.find("a3")
    assert actor is not None
    actor.broken = True
    taking = begun(studio.snapshots.take())
    while await studio.step():
        pass
    with pytest.raises(BrokenEntityError, match="a3"):
        taking.result()
    assert snapshot.snapshots(studio.disk) == []
    actor.broken = False
    await studio.take()


async def test_there_is_no_snapshot_with_a_broken_merchant_table(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    studio.house.dispatcher.merchants.broken = True
    taking = begun(studio.snapshots.take())
    while await studio.step():
        pass
    with pytest.raises(BrokenEntityError, match="merchant"):
        taking.result()
    assert snapshot.snapshots(studio.disk) == []


async def test_a_snapshot_that_is_not_whole_is_not_loaded(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    taken = await studio.take()
    name = snapshot.snapshot_name(taken.position)
    whole = studio.disk.read(name)
    (tmp_path / name).write_bytes(whole[:-1])
    with pytest.raises(SnapshotDamagedError):
        snapshot.load(studio.disk, name)


async def test_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    studio = await furnished(tmp_path, kept=2)
    positions = []
    for _ in range(4):
        await studio.house.buy("a0", 1)
        positions.append((await studio.take()).position)
    assert snapshot.snapshots(studio.disk) == [
        snapshot.snapshot_name(position) for position in reversed(positions[-2:])
    ]


async def test_a_snapshot_is_due_by_size_and_by_time_if_anything_happened(tmp_path: Path) -> None:
    studio = await furnished(tmp_path)
    await studio.take()
    assert not studio.snapshots.due()
    studio.seconds += 60
    assert not studio.snapshots.due()
    await studio.house.buy("a0", 1)
    assert studio.snapshots.due()
    await studio.take()
    assert not studio.snapshots.due()
    await studio.house.buy("a0", 1)
    assert not studio.snapshots.due()
    for _ in range(20):
        await studio.house.buy("a0", 1)
    assert studio.snapshots.due()


async def test_money_of_an_account_that_was_refused_and_then_opened_is_in_the_snapshot(
    tmp_path: Path,
) -> None:
    studio = await furnished(tmp_path)
    house = studio.house
    answer = await house.done(
        house.actors.onboarding.register(registration("d", "late"), (terms("k0"),))
    )
    assert isinstance(answer, Refusal)
    await house.credit("late", "x", 5_00)
    await house.buy("late", 1_00)
    await house.open("late", CASH=7_00)
    taken = await studio.take()
    assert studio.loaded(taken) == everything(house.replayed())
    assert await house.cash("late") == 7_00
    assert (await house.buy("late", 7_00)).reason is Reason.APPROVED
