"""The watch of the disk: what it does when less than the reserve is free, and when more is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from authorizer.actors.timers import SLICE
from authorizer.domain.accounts.purchase_commands import AuthorizeHold
from authorizer.domain.accounts.purchase_events import HoldExpired
from authorizer.domain.outcomes import Reason
from authorizer.domain.settings.events import PolicyChanged
from authorizer.runtime.disk_watch import DiskWatch
from authorizer.settings.loading import load_settings
from tests.support.builders import BY
from tests.support.house import House, begun

MIB: Final = 1 << 20
HOURS_NS: Final = 3_600_000_000_000
SETTINGS: Final[dict[str, Any]] = {"disk_reserve_mib": 1}

pytestmark = pytest.mark.anyio


def watch_of(house: House) -> DiskWatch:
    settings = load_settings(**SETTINGS)
    running = house.running
    return DiskWatch(running, house.world, lambda: running.record_policy(settings))


async def test_it_stops_and_goes_on_by_itself_and_says_so() -> None:
    house = House(**SETTINGS)
    await house.open("a")
    watch = watch_of(house)
    await house.done(watch.begin())
    with capture_logs() as lines:
        house.free_bytes = MIB - 1
        for _ in range(3):
            await house.done(watch.look())
        assert (await house.buy("a")).reason is Reason.UNAVAILABLE
        house.free_bytes = MIB
        await house.done(watch.look())
        assert (await house.buy("a")).reason is Reason.UNAVAILABLE
        house.free_bytes = 2 * MIB
        await house.done(watch.look())
        assert (await house.buy("a")).reason is Reason.APPROVED
    told = [(line["event"], line["log_level"], line["free_bytes"]) for line in lines]
    assert told == [
        ("the disk is nearly full: nothing is changed", "error", MIB - 1),
        ("the disk has room again", "info", 2 * MIB),
    ]


async def test_a_start_on_a_short_disk_journals_its_settings_when_there_is_room() -> None:
    house = House(**SETTINGS)
    watch = watch_of(house)
    house.free_bytes = 0
    await house.done(watch.begin())
    assert house.appended == 0
    assert house.around.disk_room.is_short
    house.free_bytes = 2 * MIB
    await house.done(watch.look())
    assert [type(event) for event in house.journal.events()] == [PolicyChanged]
    house.free_bytes = 0
    await house.done(watch.look())
    house.free_bytes = 2 * MIB
    await house.done(watch.look())
    assert house.appended == 1


async def test_holds_that_ran_out_end_before_anybody_else_has_a_turn() -> None:
    """Many more than are asked at a time; nobody's purchase is taken before the last of them."""
    house = House(**SETTINGS)
    accounts = [f"a{number}" for number in range(2 * SLICE + 1)]
    for account_id in accounts:
        await house.open(account_id)
        hold = AuthorizeHold(account_id, "h", 1, "5999", "X", None, False, 1, None, 0, BY)
        await house.done(house.dispatcher.ask(hold))
    await house.open("buyer")
    watch = watch_of(house)
    house.free_bytes = 0
    await house.done(watch.look())
    house.let_pass(2 * HOURS_NS)
    house.free_bytes = 2 * MIB
    looking = begun(watch.look())
    bought = 0
    while not looking.done():
        outcome = await house.buy("buyer")
        bought += outcome.reason is Reason.APPROVED
        assert not bought or not house.around.timers.has_due
        house.commit()
    expired = [event for event in house.journal.events() if isinstance(event, HoldExpired)]
    assert len(expired) == len(accounts)
    assert (await house.buy("buyer")).reason is Reason.APPROVED


async def test_where_very_many_are_due_the_disk_is_looked_at_in_between() -> None:
    house = House(**SETTINGS)
    for number in range(2 * SLICE):
        await house.open(f"a{number}")
        hold = AuthorizeHold(f"a{number}", "h", 1, "5999", "X", None, False, 1, None, 0, BY)
        await house.done(house.dispatcher.ask(hold))
    watch, room = watch_of(house), house.around.disk_room
    house.free_bytes = 0
    await house.done(watch.look())
    house.let_pass(2 * HOURS_NS + 1_000_000)  # not at the very end of a slot
    house.free_bytes = 2 * MIB
    house.tick_seconds = 0.2  # so the time is over after a slice
    await house.done(watch.look())
    assert room.is_short
    assert house.around.timers.has_due
    house.tick_seconds = 0.0
    await house.done(watch.look())
    assert not room.is_short
    assert not house.around.timers.has_due


async def test_what_can_not_be_told_changes_nothing() -> None:
    house = House(**SETTINGS)
    watch = watch_of(house)
    await house.done(watch.begin())
    house.free_bytes = 0
    await house.done(watch.look())

    def lost() -> int:
        raise OSError("no such folder")

    broken = DiskWatch(house.running, replace(house.world, free_bytes=lost), _never)
    with capture_logs() as lines:
        await house.done(broken.look())
    assert [line["event"] for line in lines] == ["what is free on the disk can't be told"]
    assert house.around.disk_room.is_short


async def _never() -> None:
    raise AssertionError
