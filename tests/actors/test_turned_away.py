"""Declines go at once, unless purchases that were taken need the time."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from authorizer.actors.admission import Admission
from authorizer.actors.run_queue import MAX_STEP
from authorizer.actors.turned_away import MOST_TURNS, TurnedAway

DEADLINE_NS = 80


class Hall:
    """Declines that wait, and the hands of the test on the loop and the clock."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], None]] = []
        self.answered: list[int] = []
        self.busy = True
        self.now_ns = 0
        self.admission = Admission(DEADLINE_NS, lambda: 0)
        self.turned_away = TurnedAway(
            lambda waiting, _: self.answered.append(waiting.received_ns),
            self.steps.append,
            lambda: self.busy,
            self.admission,
            lambda: self.now_ns,
        )

    def add(self, count: int) -> None:
        for _ in range(count):
            self.turned_away.add(SimpleNamespace(received_ns=self.now_ns))

    def step(self) -> int:
        """One step of the loop; how many it answered."""
        before = len(self.answered)
        steps, self.steps[:] = list(self.steps), []
        assert len(steps) <= 1, "one step at a time is asked for"
        for make in steps:
            make()
        return len(self.answered) - before


def test_a_loop_that_has_nothing_else_to_do_declines_at_once() -> None:
    hall = Hall()
    hall.busy = False
    hall.add(MAX_STEP * 2)
    assert hall.step() == MAX_STEP * 2
    assert (hall.step(), len(hall.turned_away)) == (0, 0)


def test_beside_purchases_there_are_as_many_declines_a_step_in_the_order_they_came() -> None:
    hall = Hall()
    for hall.now_ns in range(3):
        hall.add(MAX_STEP)
    assert [hall.step() for _ in range(4)] == [MAX_STEP, MAX_STEP, MAX_STEP, 0]
    assert hall.answered == sorted(hall.answered)


@pytest.mark.parametrize(("waited_ns", "turns"), [(0, 1), (160, 1), (320, 2), (10**9, MOST_TURNS)])
def test_declines_that_waited_for_long_take_more_turns(waited_ns: int, turns: float) -> None:
    """And the admission knows that purchases wait for them."""
    hall = Hall()
    hall.add(MAX_STEP * 9)
    hall.now_ns += waited_ns
    assert hall.step() == turns * MAX_STEP
    assert hall.admission.declines_between == turns
