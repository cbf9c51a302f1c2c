"""How many users are at work, and when."""

import pytest

from loadtest.shapes import (
    HOT,
    LIFE,
    PURCHASES_PER_USER_S,
    SPIKE,
    STEADY,
    purchases_expected,
    stages,
    users_at,
)


@pytest.mark.parametrize("shape", [STEADY, HOT, LIFE])
def test_the_same_users_are_at_work_all_the_time(shape: str) -> None:
    plan = stages(shape, users=40, seconds=10)
    assert [users_at(plan, s) for s in (0, 5, 9.9)] == [40, 40, 40]


def test_a_spike_rises_to_four_times_the_usual_users_and_falls_again() -> None:
    plan = stages(SPIKE, users=40, seconds=10)
    assert [users_at(plan, s) for s in (0, 2.9, 3, 6.9, 7, 9.9)] == [10, 10, 40, 40, 10, 10]


@pytest.mark.parametrize("shape", [STEADY, SPIKE, HOT, LIFE])
def test_the_plan_ends(shape: str) -> None:
    assert users_at(stages(shape, users=40, seconds=10), 10) is None


def test_the_expected_purchases_add_up_over_the_stages() -> None:
    assert purchases_expected(STEADY, 40, 10) == 400 * PURCHASES_PER_USER_S[STEADY]
    spike_user_seconds = 3 * 10 + 4 * 40 + 3 * 10
    assert purchases_expected(SPIKE, 40, 10) == pytest.approx(
        spike_user_seconds * PURCHASES_PER_USER_S[SPIKE]
    )
