"""The garbage collector rests while a recovery runs."""

from __future__ import annotations

import gc

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.events import AccountOpened
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.recovery import recover
from authorizer.simulation.memory_disk import MemoryDisk
from tests.persistence.journals import write


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_rests_meanwhile_and_is_as_before_afterwards(is_on: bool) -> None:
    """It would look at all that is made again and again, and find nothing."""
    disk = MemoryDisk()
    write(disk, [encode(AccountOpened(1, "t", "a", {}, None))])
    seen: list[bool] = []
    (gc.enable if is_on else gc.disable)()
    try:
        found = recover(disk, lambda _: seen.append(gc.isenabled()))
        assert not any(seen)
        assert gc.isenabled() == is_on
    finally:
        gc.enable()
    assert len(found.state[ACCOUNTS]) == 1
