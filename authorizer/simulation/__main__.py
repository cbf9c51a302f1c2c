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
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds (100)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"steps a seed ({STEPS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    chosen = parser.parse_args(arguments)
    _be_silent()
    if chosen.seed is not None:
        return _tell([play_seed(chosen.seed, chosen.steps)], 1)
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    if chosen.jobs == 1:
        return _tell((play_seed(seed, chosen.steps) for seed in seeds), len(seeds))
    with ProcessPoolExecutor(chosen.jobs, initializer=_be_silent) as pool:
        played = pool.map(partial(play_seed, count=chosen.steps), seeds, chunksize=4)
        status = _tell(played, len(seeds))
        if status:
            pool.shutdown(wait=True, cancel_futures=True)
    return status


def _be_silent() -> None:
    """The program's own log tells of faults that are meant."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def _tell(played: Iterable[Played], seeds: int) -> int:
    began, told = time.monotonic(), 0.0
    sums = Sums()
    for each in sums.adding(played):
        if each.failure is not None:
            _say(f"seed {each.seed} fails after {each.steps} steps; made shorter:")
            _say(story(shrink(each.failure)))
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

    def adding(self, played: Iterable[Played]) -> Iterator[Played]:
        """Each of them, once it is counted."""
        for each in played:
            self.seeds += 1
            self.steps += each.steps
            self.events += each.events
            self.crashes += each.crashes
            yield each

    def text(self, seconds: float) -> str:
        """One line."""
        return (
            f"{self.steps:,} steps, {self.events:,} events kept, {self.crashes:,} crashes, "
            f"{self.steps / max(seconds, 0.001):,.0f} steps/s"
        )


def story(failure: Failure) -> str:
    """A failure as it is told: its history, and what went wrong."""
    lines = [f"    {step.what}{step.how}" for step in failure.steps]
    return "\n".join([*lines, failure.told, f"again: make simulate ARGS='--seed {failure.seed}'"])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
