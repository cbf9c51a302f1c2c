"""Whatever the wall clock does: no id debits twice while it is remembered, and no event is older.

The clock jumps both ways, the authorizer restarts, and true time is known to the test alone.
"""

from __future__ import annotations

import asyncio

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.house import START_NS, House

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
RETENTION_NS = 31 * DAY_NS

OFF = st.sampled_from(
    [0, 0, 0, 30 * SECOND_NS, -30 * SECOND_NS, 3 * HOUR_NS, -3 * HOUR_NS, 40 * DAY_NS, -40 * DAY_NS]
)
"""How far the wall clock is off true time."""
STEPS = st.lists(
    st.tuples(st.just("buy"), st.integers(0, 3))
    | st.tuples(st.just("read"), st.just(0))
    | st.tuples(st.just("set"), OFF)
    | st.tuples(
        st.just("pass"), st.sampled_from([SECOND_NS, HOUR_NS, DAY_NS, 10 * DAY_NS, 29 * DAY_NS])
    )
    | st.tuples(st.just("restart"), st.sampled_from([0, HOUR_NS, 70 * HOUR_NS, 10 * DAY_NS])),
    max_size=40,
)


class Story:
    """An account at work under a clock that is not to be believed."""

    def __init__(self) -> None:
        self.house = House()
        self.true_ns = 0
        self.off_ns = 0
        self.debited: dict[str, int] = {}
        """When an id was debited, in true time."""

    def let_pass(self, time_ns: int) -> None:
        self.true_ns += time_ns
        self.house.monotonic_ns += time_ns
        self.set(self.off_ns)

    def set(self, off_ns: int) -> None:
        self.off_ns = off_ns
        self.house.wall_ns = START_NS + self.true_ns + off_ns

    def restart(self, down_ns: int) -> None:
        """The monotonic clock may begin anew, so it tells nothing of the time between."""
        self.house.monotonic_ns -= down_ns
        self.let_pass(down_ns)
        self.house.clock.go_on_from(self.house.clock.newest_us)

    async def buy(self, number: int) -> None:
        identity = f"t{number}"
        answer = await self.house.buy("a", 1, transaction_id=identity)
        age_ns = self.true_ns - self.debited.get(identity, -(10**30))
        assert answer.replayed or age_ns > RETENTION_NS
        if not answer.replayed:
            self.debited[identity] = self.true_ns


async def told(steps: list[tuple[str, int]]) -> None:
    story = Story()
    await story.house.open("a")
    restarted = False
    for what, how in steps:
        if what == "buy":
            await story.buy(how)
        elif what == "read":
            await story.house.read("a")
        elif what == "set":
            story.set(how)
        elif what == "pass":
            story.let_pass(how)
        else:
            restarted = True
            story.restart(how)
        story.house.clock.look()
        if not restarted:
            true_us = (START_NS + story.true_ns) // 1000
            assert abs(story.house.clock.now_us() - true_us) <= 120 * SECOND_NS // 1000
    times = [event.at_us for event in story.house.journal.events()]
    assert times == sorted(times)


@settings(max_examples=150)
@example([("buy", 0), ("set", 40 * DAY_NS), ("read", 0), ("set", 0), ("buy", 0)])
@example([("buy", 0), ("set", 40 * DAY_NS), ("buy", 1), ("set", 0), ("buy", 0)])
@example([("buy", 0), ("set", 40 * DAY_NS), ("restart", 0), ("buy", 1), ("set", 0), ("buy", 0)])
@example([("set", 3 * HOUR_NS), ("restart", 0), ("buy", 0), ("set", 0), ("pass", DAY_NS)])
@given(STEPS)
def test_no_id_debits_twice_and_no_event_is_older_than_the_one_before(
    steps: list[tuple[str, int]],
) -> None:
    asyncio.run(told(steps))
