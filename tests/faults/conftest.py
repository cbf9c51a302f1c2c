"""What the tests of faults share."""

from __future__ import annotations

from typing import Final

import pytest

JOURNAL_SYNCS: Final = ("aio", "thread")


@pytest.fixture(params=JOURNAL_SYNCS)
def journal_sync(request: pytest.FixtureRequest) -> str:
    """Who waits for the journal's disk."""
    return str(request.param)
