"""Files without syncs: no loss of power leaves them torn without their mark."""

from __future__ import annotations

from random import Random

import pytest

from authorizer.persistence import unsynced
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk

FOLDER = "tables"
FILE = "tables/data"
CONTENT = b"x" * 100


def written(disk: MemoryDisk, boot: str) -> str:
    """A writer that has begun, and written without a sync."""
    disk.make_folder(FOLDER)
    mark = unsynced.begin(disk, FOLDER, boot)
    file = disk.append(FILE)
    file.write(CONTENT)
    file.close()
    return mark


def is_whole(disk: MemoryDisk) -> bool:
    return "data" in disk.names(FOLDER) and disk.read(FILE) == CONTENT


def test_a_killed_writer_leaves_whole_files() -> None:
    disk = MemoryDisk()
    written(disk, "boot-1")
    disk.kill()
    assert is_whole(disk)
    assert not unsynced.may_be_torn(disk, FOLDER, "boot-1")


def test_files_that_no_writer_has_begun_are_whole() -> None:
    disk = MemoryDisk()
    disk.make_folder(FOLDER)
    assert not unsynced.may_be_torn(disk, FOLDER, "boot-1")
    assert not unsynced.may_be_torn(disk, FOLDER, None)


def test_an_orderly_end_outlives_a_loss_of_power() -> None:
    disk = MemoryDisk()
    unsynced.end(disk, FOLDER, written(disk, "boot-1"))
    assert not unsynced.may_be_torn(disk, FOLDER, "boot-2")
    disk.lose_power(Random(1))
    assert is_whole(disk)


def test_power_may_go_at_any_step() -> None:
    """What is torn has its mark; what has none is whole, or is not there."""
    disk = MemoryDisk()
    unsynced.end(disk, FOLDER, written(disk, "boot-1"))
    told = 0
    for steps in range(len(disk.steps)):
        for seed in range(20):
            disk = MemoryDisk()
            disk.die_after(steps)
            with pytest.raises(MachineDied):
                unsynced.end(disk, FOLDER, written(disk, "boot-1"))
            disk.lose_power(Random(seed))
            if unsynced.may_be_torn(disk, FOLDER, "boot-2"):
                told += 1
            else:
                assert "data" not in disk.names(FOLDER) or is_whole(disk)
    assert told


def test_who_has_begun_since_keeps_the_mark() -> None:
    disk = MemoryDisk()
    first = written(disk, "boot-1")
    second = written(disk, "boot-1")
    unsynced.end(disk, FOLDER, first)
    assert unsynced.may_be_torn(disk, FOLDER, "boot-2")
    unsynced.end(disk, FOLDER, second)
    assert not unsynced.may_be_torn(disk, FOLDER, "boot-2")


@pytest.mark.parametrize("mark", [b"", b"boot-10 x\n", b"\xff"])
def test_any_other_mark_is_of_another_boot(mark: bytes) -> None:
    disk = MemoryDisk()
    disk.make_folder(FOLDER)
    file = disk.append(f"{FOLDER}/{unsynced.MARK}")
    file.write(mark)
    file.close()
    assert unsynced.may_be_torn(disk, FOLDER, "boot-1")


def test_a_system_that_tells_no_boot_is_not_believed() -> None:
    disk = MemoryDisk()
    written(disk, "boot-1")
    assert unsynced.may_be_torn(disk, FOLDER, None)
