"""kill -9 at random moments: what a client was told is true after the restart."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from random import Random

import pytest

from tests.faults.kills import Campaign
from tests.support.server import Server

KILLS = 10
"""`make kill9` takes many more."""


@pytest.fixture
def random() -> Random:
    """Seeded anew each time; KILL9_SEED repeats a run, as far as the scheduler does."""
    seed = int(os.environ.get("KILL9_SEED") or secrets.randbelow(2**32))
    sys.stdout.write(f"KILL9_SEED={seed}\n")
    return Random(seed)


def test_what_a_client_was_told_survives_every_kill(tmp_path: Path, random: Random) -> None:
    """Every answer stands, and only whole approved transactions have moved an account.

    Those are the ones that were answered, and those that the server knows by their id.
    """
    campaign = Campaign(Server(tmp_path), random)
    try:
        campaign.run(KILLS)
    finally:
        campaign.server.end()
    counts = campaign.counts
    assert counts["kills"] == KILLS
    for outcome in ("00", "51", "credited"):  # or it has shown nothing
        assert counts[f"answered {outcome}"], counts
