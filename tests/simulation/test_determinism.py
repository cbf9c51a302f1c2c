"""The same seed makes the same bytes on disk, whatever process runs the simulation."""

from __future__ import annotations

import os
import subprocess
import sys

from authorizer.persistence.state.recovery import recover
from tests.simulation.history import after_history, digest_of
from tests.support.machine import contents


def told(seed: int, hash_seed: int) -> str:
    """The digest of a history in a process of its own, whose hashes of text are others."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulation.history", str(seed)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return run.stdout


def test_the_same_seed_makes_the_same_bytes() -> None:
    """Journal, snapshots and keys; over crashes, and in another process."""
    first = told(7, hash_seed=1)
    assert len(first.strip()) == 64
    assert told(7, hash_seed=2) == first
    assert told(8, hash_seed=1) != first


def test_a_history_with_crashes_is_what_its_journal_says() -> None:
    for seed in range(5):
        machine = after_history(seed)
        journal = recover(machine.disk, use_snapshots=False)
        assert journal.journal.position == machine.appended
        assert contents(recover(machine.disk).state) == contents(journal.state)
        again = after_history(seed)
        assert digest_of(machine) == digest_of(again)
        again.close()
        machine.close()
