"""Histories that seeds decide, beside a bank that cannot fail; and the bugs that they must find."""

from __future__ import annotations

import os

import pytest

from authorizer.simulation import __main__ as command_line
from authorizer.simulation.__main__ import main, story
from authorizer.simulation.campaign import Played, play, play_seed, shrink
from authorizer.simulation.naive_account import HOUR_US
from authorizer.simulation.naive_purchase import NaiveLimit
from authorizer.simulation.workload import Step, Workload
from tests.simulation.bugs import BUGS, Bug

FIXED = (*range(4), *range(1000, 1004))
"""Of the second thousand the loop writes the journal."""
FRESH = 3
MIN_CRASHES = 3


def must_pass(played: Played, option: str = "") -> None:
    """A failure is told with its seed, and a history made short."""
    if played.failure is not None:
        pytest.fail(f"seed {played.seed}:\n{story(shrink(played.failure), option)}")


@pytest.mark.parametrize("seed", FIXED)
def test_a_fixed_seed_passes(seed: int) -> None:
    played = play_seed(seed)
    must_pass(played)
    assert played.steps >= 2000
    assert played.crashes >= MIN_CRASHES


@pytest.mark.parametrize("number", range(FRESH))
def test_a_fresh_seed_passes(number: int) -> None:
    """Another one each time: what CI has not seen yet."""
    must_pass(play_seed(int.from_bytes(os.urandom(5)) * FRESH + number))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_is_found(bug: Bug) -> None:
    with bug.patch():
        played = play_seed(bug.seed)
    assert played.failure is not None, f"seed {bug.seed} does not find that it {bug.name}"


def test_there_are_many_bugs() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 30


def test_a_failure_is_made_short() -> None:
    bug = next(bug for bug in BUGS if bug.name == "answers before the sync")
    with bug.patch():
        found = play_seed(bug.seed).failure
        assert found is not None
        short = shrink(found)
        assert len(short.steps) == 1
        again = play(short.seed, short.steps).failure
    assert again is not None
    assert again.kind == short.kind
    assert play(short.seed, short.steps).failure is None  # it was the bug


def test_the_same_seed_is_the_same_history() -> None:
    assert Workload(5).steps(300) == Workload(5).steps(300)
    assert Workload(5).steps(300) != Workload(6).steps(300)
    assert play_seed(5, 300) == play_seed(5, 300)


@pytest.mark.parametrize("seed", [5, 1005])
def test_long_lives_have_few_deaths_and_some_for_sure(seed: int) -> None:
    """What a campaign of many seeds plays: they cost half as much."""
    often, rarely = play_seed(seed), play_seed(seed, long_lives=True)
    must_pass(rarely, "--long-lives ")
    assert rarely.steps == often.steps
    assert MIN_CRASHES <= rarely.crashes < often.crashes


def test_a_hold_that_grows_in_a_later_window_is_weighed_whole() -> None:
    """Seed 10455 of the long lives: the bank had weighed the new part alone."""
    limit = NaiveLimit("PT5H", 5 * HOUR_US, 5_000, None, None, is_shadow=False)
    said = (3_000, "5411", "BAR DO PORTO", None)
    history = [
        Step("open", ("a1", {"FOOD": 50_000, "MEAL": 0, "CASH": 0}, False)),
        Step("hold", ("a1", "p1", (*said, False, 168))),
        Step("put_limit", ("a1", "y", limit)),
        Step("wait", (6 * HOUR_US,)),
        Step("buy", ("a1", "p2", said, 0)),
        Step("increment", ("a1", "p1", "o1", 1)),
    ]
    must_pass(play(0, history))


def test_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--seeds", "2", "--steps", "50", "--jobs", "1"]) == 0
    assert "2 seeds passed: 108 steps" in capsys.readouterr().out
    few = ["--seeds", "3", "--first", "7", "--steps", "20", "--jobs", "2", "--long-lives"]
    assert main(few) == 0
    assert "3 seeds passed" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--seeds", "0"])
    assert "at least 1" in capsys.readouterr().err
    monkeypatch.setattr(command_line, "_be_silent", lambda: None)
    bug = next(bug for bug in BUGS if bug.name == "answers before the sync")
    with bug.patch():
        assert main(["--seed", str(bug.seed)]) == 1
    told = capsys.readouterr().out
    assert f"seed {bug.seed} fails after 0 steps" in told
    assert "answered before it was durable" in told
    assert f"again: make simulate ARGS='--seed {bug.seed}'" in told
    with bug.patch():
        assert main(["--seed", str(bug.seed), "--long-lives", "--steps", "40"]) == 1
    told = capsys.readouterr().out
    assert f"again: make simulate ARGS='--long-lives --steps 40 --seed {bug.seed}'" in told
