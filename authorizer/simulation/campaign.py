"""Seeds, one after the other: each a history that is played, and made shorter where it fails."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Final, NamedTuple

from authorizer.simulation.player import Player
from authorizer.simulation.workload import Step, Workload

STEPS: Final = 2000
FRAMES_TOLD: Final = 12


class Failure(NamedTuple):
    """What went wrong, and a history that shows it."""

    seed: int
    kind: str
    """The class and first line of the error: a shorter history must fail alike."""
    told: str
    steps: tuple[Step, ...]


class Played(NamedTuple):
    """A seed that was played."""

    seed: int
    steps: int
    events: int
    crashes: int
    failure: Failure | None


def play(seed: int, steps: Sequence[Step]) -> Played:
    """Play a history; the steps up to the one that fails."""
    player: Player | None = None
    failure: Failure | None = None
    done = 0
    try:
        player = Player(seed)
        for step in steps:
            player.play((step,))
            done += 1
        player.finish()
    except Exception as error:  # noqa: BLE001 - whatever the program raises is a find
        frames = traceback.format_exception(error)
        first = str(error).splitlines()[0] if str(error) else ""
        kind = f"{type(error).__name__}: {first}"
        failure = Failure(seed, kind, "".join(frames[-FRAMES_TOLD:]), tuple(steps[: done + 1]))
    finally:
        if player is not None:
            player.machine.close()
    events, crashes = (player.bank.position, player.crashes) if player else (0, 0)
    return Played(seed, done, events, crashes, failure)


def play_seed(seed: int, count: int = STEPS, *, long_lives: bool = False) -> Played:
    """Play a seed's own history."""
    return play(seed, Workload(seed, long_lives=long_lives).steps(count))


def shrink(failure: Failure, plays: int = 400) -> Failure:
    """A shorter history that fails alike: pieces are left out as long as it does."""
    best = failure
    size = max(1, len(best.steps) // 2)
    while size and plays:
        at = 0
        while at < len(best.steps) and plays:
            shorter = best.steps[:at] + best.steps[at + size :]
            plays -= 1
            found = play(best.seed, shorter).failure
            if found is not None and found.kind == best.kind:
                best = found
            else:
                at += size
        size //= 2
    return best
