"""The garbage collector, kept from pauses that an answer would wait for."""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 5_000
"""Container objects that may come into being before the collector looks at the young ones."""
YOUNG_COLLECTIONS: Final = 4
"""Such looks before the next one takes in those that the last looks left."""
_USUAL_THRESHOLDS: Final = gc.get_threshold()
NEVER: Final = 1_000_000
"""A number of collections that is not reached."""


def calm_the_collector() -> None:
    """Keep the garbage collector's pauses short: a few milliseconds, however much is in memory.

    Whatever is there after recovery stays for good and is taken out of the collector's sight; so is
    later whatever has outlived a second look at the young: accounts awake, mostly. They are freed
    when nobody refers to them, as all objects are. What would be lost is garbage that refers to
    itself and was in sight at such a moment, and the hot path makes none. The collector looks only
    when more objects have come into being than have gone, so not at all while nothing grows.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, NEVER)
    gc.callbacks.append(_freeze_survivors)


def leave_the_collector_alone() -> None:
    """Undo `calm_the_collector`, for a process that goes on with something else."""
    gc.callbacks.remove(_freeze_survivors)
    gc.set_threshold(*_USUAL_THRESHOLDS)
    gc.unfreeze()


def _freeze_survivors(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] > 0:
        gc.freeze()
