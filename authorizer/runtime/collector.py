"""The garbage collector, kept from pauses that an answer would wait for."""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 5_000
"""Allocations of container objects between two collections of the young generation."""
YOUNG_COLLECTIONS: Final = 4
"""Young collections before one of the middle generation."""
_USUAL_THRESHOLDS: Final = gc.get_threshold()
NEVER: Final = 1_000_000
"""A number of collections that is never reached: no full collection."""


def calm_the_collector() -> None:
    """Keep the garbage collector's pauses short: a few milliseconds, however much is in memory.

    Objects that are there after recovery stay for good and are frozen: no collection looks at them.
    So are objects that outlive a second collection of the young, accounts awake mostly. They are
    freed with their last reference, as all objects are. Garbage in a cycle that was frozen would
    stay; the hot path makes none. A collection begins only when more objects were made than freed,
    so there is none while nothing grows.
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
