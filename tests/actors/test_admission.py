"""What is taken is answered in time, by a model of the loop; what is not taken could not be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.actors.admission import DECLINE, USUAL_NS, WINDOW, Admission
from tests.actors.queue_model import DEADLINE_NS, MS, Purchase, QueueModel

CALLER_WAITS_NS = 100 * MS
SECOND_NS = 1_000 * MS


def late(purchases: list[Purchase], since_ns: int = 0, until_ns: int = 10**18) -> float:
    """The share of the purchases of some time that were answered too late for the caller."""
    these = [p for p in purchases if p.answered_ns and since_ns <= p.readable_ns < until_ns]
    assert these, "none was taken"
    return sum(p.took_ns > CALLER_WAITS_NS for p in these) / len(these)


def admission(disk_ns: int = 0) -> Admission:
    made = Admission(DEADLINE_NS, lambda: disk_ns)
    made.look_at_disk()
    return made


def test_those_ahead_and_the_disk_are_what_is_waited_for() -> None:
    it = admission(disk_ns=7 * MS)
    it.under_way = 100
    assert it.expected_ns() == 100 * USUAL_NS * (1 + DECLINE) + 7 * MS
    assert it.room_ns() == DEADLINE_NS - it.expected_ns()


def test_one_alone_is_taken_however_slow_the_disk_is() -> None:
    it = admission(disk_ns=10 * DEADLINE_NS)
    assert it.room_ns() == DEADLINE_NS
    it.under_way = 1
    assert it.room_ns() < 0


def test_as_many_are_taken_as_can_be_answered_within_the_deadline() -> None:
    it = admission()
    while it.room_ns() >= 0:
        it.under_way += 1
    assert it.under_way == pytest.approx(DEADLINE_NS / (USUAL_NS * (1 + DECLINE)), abs=2)


def test_what_a_purchase_takes_is_measured_while_the_loop_is_busy() -> None:
    it = admission()
    now_ns = 0
    for _ in range(100):
        it.under_way += WINDOW
        for _ in range(WINDOW):
            it.answered()
        now_ns += WINDOW * 20_000
        it.stepped(now_ns, WINDOW, more=True)
    assert it.each_ns == pytest.approx(20_000, rel=0.01)


def test_declines_are_no_purchases_and_count_for_what_they_take() -> None:
    it = admission()
    now_ns = 0
    for _ in range(100):
        it.declined(WINDOW)
        now_ns += int(WINDOW * 30_000 * (0.5 + DECLINE))
        it.stepped(now_ns, WINDOW, more=True)
    assert it.each_ns == pytest.approx(30_000, rel=0.01)


def test_time_in_which_the_loop_rests_is_not_measured() -> None:
    it = admission()
    for second in range(1, 100):
        it.stepped(second * SECOND_NS, WINDOW, more=False)
    assert it.each_ns == USUAL_NS


def test_a_pause_of_the_machine_is_no_service_time() -> None:
    it = admission()
    it.stepped(0, WINDOW, more=True)
    it.stepped(300 * SECOND_NS, 2 * WINDOW, more=True)
    assert it.each_ns < 2 * USUAL_NS


def test_an_estimate_that_is_too_high_comes_down_where_it_turns_purchases_away() -> None:
    it = admission()
    it.each_ns = 1e9
    for second in range(300):
        it.turn_away()
        it.stepped(second * SECOND_NS, 1, more=False)
    assert it.each_ns < USUAL_NS
    it.each_ns = 1e9
    it.stepped(SECOND_NS, 1, more=False)
    assert it.each_ns == 1e9, "nobody was turned away, so nothing is known"


def test_where_the_disk_is_what_keeps_purchases_nothing_is_learnt_of_the_loop() -> None:
    it = admission(disk_ns=DEADLINE_NS)
    for second in range(300):
        it.turn_away()
        it.stepped(second * SECOND_NS, 1, more=False)
    assert it.each_ns == USUAL_NS


@settings(max_examples=25)
@given(
    each_us=st.integers(15, 110),
    load=st.floats(0.2, 6.0),
    sync_us=st.integers(50, 10_000),
)
def test_what_is_taken_is_answered_in_time(each_us: int, load: float, sync_us: int) -> None:
    """Whatever the machine does a purchase in, the disk, and how many come.

    Not so on a machine that takes 140 us and more, with a slow disk: it takes too many by then.
    """
    model = QueueModel(each_us * 1000, sync_us * 1000)
    per_second = load * 1e6 / each_us
    model.run(2 * SECOND_NS, lambda _: per_second)
    assert late(model.taken, since_ns=SECOND_NS // 2) <= 0.001
    if load < 0.6:
        assert model.declined == 0


@settings(max_examples=12)
@given(each_us=st.integers(15, 100), stall_ms=st.integers(100, 1000))
def test_after_a_stall_all_is_as_before_within_a_second(each_us: int, stall_ms: int) -> None:
    model = QueueModel(each_us * 1000)
    per_second = 0.7 * 1e6 / each_us
    model.run(SECOND_NS, lambda _: per_second)
    model.stall(stall_ms * MS)
    model.run(stall_ms * MS + SECOND_NS, lambda _: per_second)
    declined, normal_ns = model.declined, model.now_ns
    model.run(SECOND_NS, lambda _: per_second)
    assert model.declined == declined
    after = [p for p in model.taken if p.answered_ns and p.readable_ns >= normal_ns]
    assert max(p.took_ns for p in after) < DEADLINE_NS / 2


def test_a_burst_that_can_be_answered_in_time_is_not_declined() -> None:
    model = QueueModel(USUAL_NS)
    model.now_ns = MS
    model.turn(1_000 * 1000)
    model.run(SECOND_NS, lambda _: 0)
    assert len(model.taken) == 1_000
    assert late(model.taken) == 0


def test_a_slow_disk_lets_one_through_at_a_time_until_it_is_well_again() -> None:
    model = QueueModel(USUAL_NS, sync_ns=200 * MS)
    model.run(2 * SECOND_NS, lambda _: 1000)
    before = len(model.taken)
    model.run(2 * SECOND_NS, lambda _: 1000)
    assert 5 <= len(model.taken) - before <= 11
    model.sync_ns = MS
    model.run(SECOND_NS, lambda _: 1000)
    declined = model.declined
    model.run(SECOND_NS, lambda _: 1000)
    assert model.declined == declined
