"""The garbage collector never has much to look at, however many accounts are awake."""

from __future__ import annotations

import subprocess
import sys

STORY = """
import gc, weakref
from authorizer.runtime import collector

class Awake:
    def __init__(self):
        self.inner = [{}, [], []]

collector.calm_the_collector()
awake, most = [], 0
for _ in range(100_000):
    awake.append(Awake())
    if len(awake) % 1000 == 0:
        most = max(most, len(gc.get_objects()))
gone = weakref.ref(awake[0])
del awake[0]
print(most, gone() is None, gc.get_freeze_count() > 300_000)
"""


def test_what_stays_gets_out_of_its_sight_and_is_freed_all_the_same() -> None:
    """In a process of its own, for what is set stays set."""
    run = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, check=True, timeout=60
    )
    most, freed, frozen = run.stdout.split()
    assert int(most) < 50_000
    assert (freed, frozen) == ("True", "True")
