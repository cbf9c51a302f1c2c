"""The journal when the process or the machine dies at any step of its work on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from authorizer.persistence.journal import frame
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from tests.persistence.journals import (
    SMALL_SEGMENT,
    assert_goes_on,
    open_journal,
    read,
    some_batches,
    write,
)
from tests.persistence.ways import WRITES, Write, by_its_caller, each_way

BATCHES = some_batches(8)
RECORDS = [record for batch in BATCHES for record in batch]

Death = Callable[[MemoryDisk, Random], None]
DEATHS: dict[str, Death] = {
    "killed": lambda disk, _: disk.kill(),
    "power lost": MemoryDisk.lose_power,
}


class Run:
    """A process that writes the batches that are still missing, and may die of it."""

    def __init__(self, disk: MemoryDisk, write_batch: Write = by_its_caller) -> None:
        self.disk = disk
        self.write_batch = write_batch
        self.durable = 0
        """What it could have answered for when it died."""

    def finish(self) -> bool:
        """Write all that is missing. False if the process died before it was through."""
        try:
            opened = open_journal(self.disk, SMALL_SEGMENT)
            self.durable = opened.position
            for batch in batches_behind(opened.position):
                self.write_batch(opened, batch)
                self.durable = opened.position
        except MachineDied:
            return False
        return True


def batches_behind(position: int) -> list[list[bytes]]:
    behind = 0
    for index, batch in enumerate(BATCHES):
        if behind == position:
            return BATCHES[index:]
        behind += len(batch)
    assert behind == position, "the journal ends inside a batch"
    return []


def deaths_at_every_step(
    begin: Callable[[], MemoryDisk], write_batch: Write = by_its_caller
) -> Iterator[Run]:
    """Runs that died before their first step, before their second, and so on to the last."""
    steps = 0
    while True:
        run = Run(begin(), write_batch)
        run.disk.die_after(steps)
        if run.finish():
            return
        yield run
        steps += 1


def torn_journal() -> MemoryDisk:
    """A journal whose last batch is cut."""
    disk = MemoryDisk()
    write(disk, *BATCHES[:3], segment_bytes=SMALL_SEGMENT)
    place = read(disk).places[-1]
    disk.truncate(place.segment, place.end - 5)
    return disk


def journal_with_unfinished_segment() -> MemoryDisk:
    """A journal whose newest segment has no whole header."""
    disk = MemoryDisk()
    write(disk, *BATCHES[:3], segment_bytes=SMALL_SEGMENT)
    found = read(disk)
    header = frame.segment_header(found.position + 1, found.chain)
    disk.put(f"journal/{found.position + 1:020d}.journal", header[:20])
    return disk


BEGINNINGS = [MemoryDisk, torn_journal, journal_with_unfinished_segment]


@pytest.mark.parametrize("begin", BEGINNINGS)
@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
@each_way
def test_what_was_durable_is_there_after_a_death_at_any_step(
    begin: Callable[[], MemoryDisk], death: Death, write_batch: Write
) -> None:
    """Starting, writing, beginning a segment and cutting a torn tail: no step may be the last.

    What is there besides is whole batches; and the journal goes on.
    """
    for run in deaths_at_every_step(begin, write_batch):
        for seed in range(3):
            disk = run.disk.twin()
            death(disk, Random(seed))
            found = read(disk)
            assert run.durable <= found.position
            assert found.records == RECORDS[: found.position]
            assert Run(disk, write_batch).finish()
            assert read(disk).records == RECORDS
            assert_goes_on(disk, RECORDS)


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_what_a_start_has_found_survives_the_next_loss_of_power(
    begin: Callable[[], MemoryDisk],
) -> None:
    """A killed process may leave behind what it never synced.

    The next one answers for it, so it must be on the device before the journal is open.
    """
    for run in deaths_at_every_step(begin):
        for seed in range(6):
            disk = run.disk.twin()
            disk.kill()
            position = open_journal(disk, SMALL_SEGMENT).position
            disk.lose_power(Random(seed))
            assert position <= read(disk).position
            assert_goes_on(disk, RECORDS[: read(disk).position])


def test_deaths_one_after_the_other_lose_nothing() -> None:
    """Whatever comes together: each start is right behind any history of deaths."""
    for seed in range(150):
        random = Random(seed)
        run = Run(MemoryDisk(), random.choice(list(WRITES.values())))
        durable = 0
        for _ in range(12):
            run.disk.die_after(random.randrange(14))
            run.finish()
            durable = max(durable, run.durable)
            random.choice(list(DEATHS.values()))(run.disk, random)
            found = read(run.disk)
            assert durable <= found.position
            assert found.records == RECORDS[: found.position]


def test_what_was_cut_is_kept_whatever_happens_meanwhile() -> None:
    """A death while the torn bytes are set aside loses none of them, and doubles none."""
    begin = torn_journal()
    torn = read(begin).torn
    assert torn is not None
    bytes_cut = begin.read(torn.segment)[torn.offset :]
    for run in deaths_at_every_step(torn_journal):
        for death in DEATHS.values():
            disk = run.disk.twin()
            death(disk, Random(1))
            open_journal(disk).close()
            aside = [content for name, content in disk.files().items() if ".torn-" in name]
            assert aside.count(bytes_cut) == 1
            assert bytes_cut + bytes_cut not in aside
