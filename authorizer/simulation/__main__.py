"""`python -m authorizer.simulation`: play seeds, as many at a time as there are cores."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

import structlog

from authorizer.simulation.campaign import STEPS, Failure, Played, play_seed, shrink

TOLD_EVERY_SECONDS: Final = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Play seeds; 1 at the first that fails, with its history made short."""
    parser = argparse.ArgumentParser(prog="python -m authorizer.simulation", description=__doc__)
    parser.add_argument("--seeds", type=_at_least_one, default=100, help="how many seeds (100)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument(
        "--steps", type=_at_least_one, default=STEPS, help=f"steps a seed ({STEPS})"
    )
    parser.add_argument(
        "--long-lives", action="store_true", help="few starts: more lies between two"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    chosen = parser.parse_args(arguments)
    _be_silent()
    option = "--long-lives " if chosen.long_lives else ""
    if chosen.steps != STEPS:
        option += f"--steps {chosen.steps} "
    player = partial(play_seed, count=chosen.steps, long_lives=chosen.long_lives)
    if chosen.seed is not None:
        return _tell(map(player, [chosen.seed]), 1, option)
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    if chosen.jobs == 1:
        return _tell((player(seed) for seed in seeds), len(seeds), option)
    with ProcessPoolExecutor(chosen.jobs, initializer=_be_silent) as pool:
        status = _tell(pool.map(player, seeds, chunksize=4), len(seeds), option)
        if status:
            pool.shutdown(wait=True, cancel_futures=True)
    return status


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _be_silent() -> None:
    """The program's own log tells of faults that are meant."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def _tell(played: Iterable[Played], seeds: int, option: str) -> int:
    began, told = time.monotonic(), 0.0
    sums = Sums()
    for each in sums.adding(played):
        if each.failure is not None:
            _say(f"seed {each.seed} fails after {each.steps} steps; made shorter:")
            _say(story(shrink(each.failure), option))
            return 1
        passed = time.monotonic() - began
        if passed - told >= TOLD_EVERY_SECONDS:
            told = passed
            _say(f"{sums.seeds} of {seeds} seeds, {sums.text(passed)}")
    _say(f"{sums.seeds} seeds passed: {sums.text(time.monotonic() - began)}")
    return 0


class Sums:
    """What was played so far."""

    def __init__(self) -> None:
        self.seeds = self.steps = self.events = self.crashes = 0
        self.fewest_crashes = self.fewest_steps = sys.maxsize

    def adding(self, played: Iterable[Played]) -> Iterator[Played]:
        """Each of them, once it is counted."""
        for each in played:
            self.seeds += 1
            self.steps += each.steps
            self.events += each.events
            self.crashes += each.crashes
            self.fewest_steps = min(self.fewest_steps, each.steps)
            self.fewest_crashes = min(self.fewest_crashes, each.crashes)
            yield each

    def text(self, seconds: float) -> str:
        """One line."""
        return (
            f"{self.steps:,} steps, {self.events:,} events kept, {self.crashes:,} crashes "
            f"(a seed {self.fewest_steps:,} and {self.fewest_crashes} at least), "
            f"{self.steps / max(seconds, 0.001):,.0f} steps/s"
        )


def story(failure: Failure, option: str = "") -> str:
    """A failure as it is told: its history, what went wrong, and how to play it again."""
    lines = [f"    {step.what}{step.how}" for step in failure.steps]
    again = f"again: make simulate ARGS='{option}--seed {failure.seed}'"
    return "\n".join([*lines, failure.told, again])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
