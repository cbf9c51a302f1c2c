"""The time of events while the wall clock jumps."""

from __future__ import annotations

import pytest

from authorizer.actors.clock import Clock, ClockBounds, ClockState
from authorizer.domain.access import ApiKey, Role
from authorizer.http.access.control import Access, Denied
from authorizer.http.access.credentials import new_credential
from tests.support.house import House

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
START_US = 1_700_000_000 * SECOND_US


class Clocks:
    """Both clocks, in the hands of the test."""

    def __init__(self, **bounds: int) -> None:
        self.wall_us = START_US
        self.monotonic_us = 5
        self.clock = Clock(
            lambda: self.wall_us * 1000, lambda: self.monotonic_us * 1000, ClockBounds(**bounds)
        )

    def let_pass(self, time_us: int) -> None:
        self.wall_us += time_us
        self.monotonic_us += time_us

    def event(self) -> int:
        """The time of an event that happens now, relative to the beginning."""
        at_us = self.clock.now_us()
        self.clock.happened(at_us)
        return at_us - START_US


def test_the_time_of_an_event_is_the_wall_clocks() -> None:
    clocks = Clocks()
    assert clocks.event() == 0
    clocks.let_pass(7)
    assert clocks.event() == 7


def test_small_steps_are_followed_and_never_back() -> None:
    clocks = Clocks(jump_us=100)
    clocks.wall_us += 100
    assert clocks.event() == 100
    clocks.wall_us -= 200
    assert clocks.event() == 100
    clocks.let_pass(201)
    assert clocks.event() == 101


def test_small_steps_do_not_add_up_to_a_jump() -> None:
    clocks = Clocks(jump_us=100)
    for _ in range(50):
        clocks.wall_us += 90
        clocks.event()
    assert clocks.event() == 90
    clocks.let_pass(5)
    assert clocks.event() == 95


def test_a_jump_is_not_believed_and_time_goes_on() -> None:
    for jump_us in (40 * DAY_US, -40 * DAY_US):
        clocks = Clocks()
        clocks.event()
        clocks.wall_us += jump_us
        clocks.let_pass(HOUR_US)
        assert clocks.event() == HOUR_US
        assert clocks.clock.wall_us() == clocks.wall_us
        clocks.wall_us -= jump_us
        clocks.let_pass(1)
        assert clocks.event() == HOUR_US + 1


def test_to_ask_for_the_time_moves_nothing() -> None:
    clocks = Clocks(jump_us=100)
    clocks.wall_us += 100
    clocks.clock.now_us()
    clocks.wall_us -= 100
    assert clocks.event() == 0


def test_a_confirmed_jump_is_believed() -> None:
    clocks = Clocks()
    clocks.wall_us += 40 * DAY_US
    assert clocks.clock.state() is ClockState.AHEAD
    assert clocks.clock.wall_ahead_seconds() == 40 * 24 * 3600
    clocks.clock.confirm()
    assert clocks.clock.state() is ClockState.AGREES
    assert clocks.event() == 40 * DAY_US


def test_events_stand_still_behind_a_confirmed_jump_back() -> None:
    clocks = Clocks()
    clocks.event()
    clocks.wall_us -= HOUR_US
    assert clocks.clock.state() is ClockState.BEHIND
    clocks.clock.confirm()
    clocks.let_pass(HOUR_US // 2)
    assert clocks.event() == 0
    assert clocks.clock.state() is ClockState.BEHIND
    clocks.let_pass(HOUR_US)
    assert clocks.event() == HOUR_US // 2
    assert clocks.clock.state() is ClockState.AGREES


def test_small_steps_over_a_long_time_are_taken_over() -> None:
    clocks = Clocks()
    for _ in range(100):
        clocks.wall_us += 30 * SECOND_US
        for _ in range(40):
            clocks.let_pass(1000 * SECOND_US)
            assert clocks.clock.look() is ClockState.AGREES
    assert clocks.event() == 100 * 30 * SECOND_US + 4000 * 1000 * SECOND_US


def test_a_start_believes_a_clock_that_fits_the_journal() -> None:
    for ahead_us, believed in (
        (0, True),
        (72 * HOUR_US, True),
        (72 * HOUR_US + 1, False),
        (-60 * SECOND_US, True),
        (-60 * SECOND_US - 1, False),
    ):
        clocks = Clocks()
        clocks.clock.go_on_from(START_US - ahead_us)
        assert (clocks.clock.state() is ClockState.AGREES) == believed
        clocks.let_pass(HOUR_US)
        assert clocks.event() == (HOUR_US if believed else HOUR_US - ahead_us)


def test_a_start_without_a_journal_believes_any_clock() -> None:
    clocks = Clocks()
    clocks.clock.go_on_from(0)
    assert (clocks.event(), clocks.clock.state()) == (0, ClockState.AGREES)


@pytest.mark.anyio
async def test_a_jump_that_only_a_read_saw_makes_no_id_new() -> None:
    house = House()
    await house.open("ck")
    assert not (await house.buy("ck", 1_00, transaction_id="A")).replayed
    house.wall_ns += 40 * DAY_US * 1000
    await house.read("ck")
    house.wall_ns -= 40 * DAY_US * 1000
    assert (await house.buy("ck", 1_00, transaction_id="A")).replayed
    assert await house.cash("ck") == 99_00


@pytest.mark.anyio
async def test_nor_does_one_that_events_saw() -> None:
    house = House()
    await house.open("ck")
    await house.buy("ck", 1_00, transaction_id="A")
    house.wall_ns += 40 * DAY_US * 1000
    assert (await house.buy("ck", 1_00, transaction_id="A")).replayed
    await house.buy("ck", 1_00, transaction_id="B")
    await house.credit("ck", "C", 1)
    house.wall_ns -= 40 * DAY_US * 1000
    assert (await house.buy("ck", 1_00, transaction_id="A")).replayed
    assert await house.cash("ck") == 98_01
    assert [event.at_us * 1000 for event in house.journal.events()] == [house.wall_ns] * 4


def test_a_key_lives_by_the_wall_clock() -> None:
    clocks = Clocks()
    credential = new_credential()
    key = ApiKey(
        credential.key_id, Role.AUDITOR, "k", credential.digest, START_US, START_US + DAY_US, None
    )
    access = Access([key], clocks.clock.wall_us)
    headers = [(b"authorization", b"Bearer " + str(credential).encode())]
    for jump_us, let_in in ((40 * DAY_US, False), (-40 * DAY_US, True)):
        clocks.wall_us += jump_us
        clocks.event()
        found = access.admit(headers, frozenset((Role.AUDITOR,)))
        assert isinstance(found, Denied) is not let_in
