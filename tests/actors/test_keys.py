"""Keys of personal data are durable before what needs them, and gone after an erasure."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from authorizer.actors.disk_room import NO_ROOM, DiskRoom
from authorizer.actors.keys import Keys
from authorizer.domain.accounts.commands import UnblockCard
from authorizer.domain.accounts.events import CardUnblocked
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.domain.customers.state import ERASED
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.domain.sealing import is_plain, unsealed
from authorizer.persistence.privacy.vault import FILE, Vault
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from authorizer.simulation.world import inline
from tests.actors.documents import put
from tests.support.builders import BY, terms
from tests.support.commands import registration
from tests.support.house import STEPS, House, begun
from tests.support.machine import Machine

pytestmark = pytest.mark.anyio


class Counting(Vault):
    """A vault that notes how many keys it was asked for at a time."""

    def __init__(self) -> None:
        super().__init__(MemoryDisk(), "keys")
        self.batches: list[int] = []

    def create(self, customer_ids: Any) -> None:
        self.batches.append(len(customer_ids))
        super().create(customer_ids)


def never_sealed(_: str) -> bool:
    return False


async def test_keys_that_are_asked_for_together_are_made_together() -> None:
    """A hundred thousand imported customers are not a hundred thousand syncs."""
    vault = Counting()
    keys = Keys(vault, set(), never_sealed, inline, lambda _: None, DiskRoom())
    waiting = [begun(keys.ensure(f"c{number}")) for number in range(1000)]
    for each in waiting:
        await each
    assert sum(vault.batches) == 1000
    assert len(vault.batches) <= 2
    await keys.ensure("c1")
    assert sum(vault.batches) == 1000


async def test_no_key_is_made_while_the_disk_is_short() -> None:
    """The event that would need it is not to come, and the disk may have no room for a key."""
    vault, room = Counting(), DiskRoom(reserve_bytes=100)
    keys = Keys(vault, set(), never_sealed, inline, lambda _: None, room)
    await keys.ensure("before")
    room.look(99, now_s=1.0)
    assert await keys.ensure("c") == NO_ROOM
    assert await keys.ensure("before") is None
    assert vault.batches == [1]
    room.go_on()
    assert await keys.ensure("c") is None
    assert vault.has_key("c")


async def test_who_was_erased_never_gets_a_key_again() -> None:
    vault = Counting()
    keys = Keys(vault, {"gone"}, never_sealed, inline, lambda _: None, DiskRoom())
    await keys.ensure("gone")
    assert not vault.has_key("gone")


async def test_a_store_that_cannot_be_written_ends_everything_without_an_answer() -> None:
    failures: list[BaseException] = []

    async def failing(*_: object) -> None:
        raise OSError("full")

    keys = Keys(Counting(), set(), never_sealed, failing, failures.append, DiskRoom())
    waiting = begun(keys.ensure("c"))
    with pytest.raises(OSError, match="full"):
        await keys.destroy("c")
    for _ in range(STEPS):
        await asyncio.sleep(0)
    assert len(failures) == 2
    assert not waiting.done()
    waiting.cancel()


async def test_a_customer_who_exists_never_gets_another_key() -> None:
    """What was sealed under the first one would be lost in silence."""
    house = House()
    await house.done(house.actors.onboarding.register(registration("c", "a"), ()))
    house.vault.destroy(["c"])
    answer = await house.done(
        house.actors.onboarding.register(registration("c", "a", name="N"), ())
    )
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert not house.vault.has_key("c")


async def test_a_customer_of_an_old_journal_gets_a_key_before_a_card_is_unblocked() -> None:
    """Their data was journaled before texts were sealed, so there never was a key."""
    house = House()
    await put(house)
    customer = house.dispatcher.customers.active("c")
    assert customer is not None
    customer.state.personal = unsealed("[]")
    house.vault.destroy(["c"])
    await house.block("a", "k")
    unblock = UnblockCard("a", "k", "App", "found again", BY)
    answer = await house.done(house.actors.cards.unblock(unblock))
    assert not isinstance(answer, Refusal), answer
    assert house.vault.has_key("c")
    (event,) = [each for each in house.journal.events() if isinstance(each, CardUnblocked)]
    assert not is_plain(event.justification)


async def test_a_document_that_is_refused_makes_no_key() -> None:
    house = House()
    command = registration("c", "a", card_ids=("k",))
    await house.done(house.actors.onboarding.register(command, ()))
    await house.open("other")
    await house.open_card("other", _card("k9"))
    taken = house.actors.onboarding.register(registration("d", "d"), (_card("k9"),))
    assert isinstance(await house.done(taken), Refusal)
    assert not house.vault.has_key("d")


def _card(card_id: str) -> Any:
    return terms()._replace(card_id=card_id)


# --- crashes at every step -----------------------------------------------------------------------


@pytest.mark.parametrize("power", [False, True])
@pytest.mark.parametrize("steps", range(12))
def test_a_crash_at_any_step_of_an_erasure_leaves_the_person_whole_or_gone(
    steps: int, power: bool
) -> None:
    """And once it was answered, or the event is durable, gone for good."""
    machine = Machine()
    machine.start()
    try:
        command = registration("c", "a", [])
        assert not isinstance(
            machine.answer(machine.ask(machine.actors.onboarding.register(command, ()))), Refusal
        )
        machine.memory.die_after(steps)
        task = machine.ask(machine.actors.erasure.erase(ErasePersonalData("c", BY)))
        with suppress(MachineDied):
            machine.commit()
            while machine.step():
                machine.commit()
        answered = task.done() and not task.cancelled() and task.exception() is None
        machine.lose_power(Random(steps)) if power else machine.kill()
        recovered = machine.start()
        content = machine.memory.read(f"keys/{FILE}")
        read = machine.answer(machine.ask(machine.actors.customers.read("c")))
        if "c" in recovered.state.indexes[ERASED]:
            assert isinstance(read, Refusal)
            assert read.kind is RefusalKind.GONE
            assert set(content[64:]) == {0}
        else:
            assert not answered
            assert read.person.name == command.name
    finally:
        machine.close()


def test_who_is_erased_stays_so_in_snapshots() -> None:
    """They are shortcuts to the same state."""
    machine = Machine()
    machine.start()
    try:
        for customer_id in ("c", "d"):
            command = registration(customer_id, customer_id, [])
            machine.answer(machine.ask(machine.actors.onboarding.register(command, ())))
        machine.answer(machine.ask(machine.actors.erasure.erase(ErasePersonalData("c", BY))))
        machine.take_snapshot()
        machine.kill()
        recovered = machine.start()
        assert recovered.from_snapshot
        assert recovered.replayed_events == 0
        replayed = machine.recover(use_snapshots=False)
        for found in (recovered, replayed):
            assert list(found.state.indexes[ERASED]) == ["c"]
    finally:
        machine.close()
