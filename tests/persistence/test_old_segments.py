"""A start that reads the tail alone, and the check of what lies in front of it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.frame import SEGMENT_HEADER_BYTES
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.state.recovery import JournalShorterError, Recovered, Unread, recover
from authorizer.persistence.verification.old_segments import check_up_to
from authorizer.simulation.memory_disk import MemoryDisk
from tests.persistence.journals import SMALL_SEGMENT, read, some_batches, some_segments, write
from tests.support.commands import credit, opening
from tests.support.machine import Machine, contents

# --- the tail ----------------------------------------------------------------------------------


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with a snapshot amid a journal of many segments, dead."""
    made = Machine(segment_bytes=1000)
    made.start()
    made.ask(made.dispatcher.ask(opening("a", CASH=0)))
    work(made, "before")
    made.take_snapshot()
    work(made, "after")
    made.kill()
    yield made
    made.close()


def work(machine: Machine, name: str) -> None:
    for number in range(30):
        machine.ask(machine.dispatcher.ask(credit("a", f"{name}-{number}", "CASH", 10)))
        machine.commit()


def of_the_tail(found: Recovered) -> list[str]:
    """The segments that the recovery has read."""
    return [
        name
        for name in journal.segments(machine_disk(found))
        if journal.first_position_of(name) >= found.journal.first_position
    ]


def machine_disk(found: Recovered) -> Disk:
    return found.journal._disk


def unread(found: Recovered) -> Unread:
    assert found.unread is not None
    return found.unread


def damage(disk: MemoryDisk, segment: str, offset: int = 120) -> None:
    data = bytearray(disk.read(segment))
    data[offset] ^= 1
    disk.put(segment, bytes(data))


def test_the_tail_alone_makes_the_same_state(machine: Machine) -> None:
    """It begins with the segment in which the snapshot's part ends."""
    whole, found = machine.recover(), machine.recover(tail_only=True)
    assert contents(found.state) == contents(whole.state)
    assert (found.journal.position, found.journal.chain) == (
        whole.journal.position,
        whole.journal.chain,
    )
    assert whole.unread is None
    taken_at = int(found.from_snapshot[-29:-9]) if found.from_snapshot else 0
    assert unread(found).until == found.journal.first_position - 1 < taken_at
    second = journal.first_position_of(of_the_tail(found)[1])
    assert second > taken_at, "one segment more would do"


def test_what_was_passed_over_leads_up_to_the_tail(machine: Machine) -> None:
    found = machine.recover(tail_only=True)
    until, chain, size_bytes = unread(found)
    passed: list[Batch] = []
    check_up_to(machine.disk, until, chain, passed.append)
    assert passed[-1].last_position == until
    tail = set(of_the_tail(found))
    old = [name for name in journal.segments(machine.disk) if name not in tail]
    assert size_bytes == sum(map(machine.disk.size, old))


def test_without_a_snapshot_all_is_read(machine: Machine) -> None:
    found = recover(machine.disk, use_snapshots=False, tail_only=True)
    assert found.unread is None
    assert found.journal.first_position == 1


def test_progress_passes_the_whole_journal_all_the_same(machine: Machine) -> None:
    passed: list[int] = []
    found = recover(machine.disk, passed.append, tail_only=True)
    headers = SEGMENT_HEADER_BYTES * len(of_the_tail(found))
    assert sum(passed) + headers == sum(map(machine.disk.size, journal.segments(machine.disk)))


def test_damage_in_every_segment_is_found_by_one_of_the_two(machine: Machine) -> None:
    """In the tail by the recovery, in front of it by the check alone."""
    found = machine.recover(tail_only=True)
    tail = of_the_tail(found)
    files = {name: machine.disk.read(name) for name in journal.segments(machine.disk)}
    assert 2 <= len(tail) <= len(files) - 2
    for name, data in files.items():
        damage(machine.memory, name)
        if name in tail:
            with pytest.raises(JournalDamagedError) as refused:
                machine.recover(tail_only=True)
        else:
            again = machine.recover(tail_only=True)
            assert contents(again.state) == contents(found.state)
            with pytest.raises(JournalDamagedError) as refused:
                check_up_to(machine.disk, *unread(again)[:2])
        assert refused.value.file == machine.disk.path(name)
        machine.memory.put(name, data)


def test_a_tail_of_another_history_is_refused(machine: Machine) -> None:
    """The snapshot knows the hash chain's head at its end."""
    found = machine.recover(tail_only=True)
    batches = [place.records for place in read(machine.disk).places]
    for name in journal.segments(machine.disk):
        machine.disk.remove(name)
    write(machine.memory, *batches, segment_bytes=1000)
    assert contents(machine.recover(tail_only=True).state) == contents(found.state)
    for name in journal.segments(machine.disk):
        machine.disk.remove(name)
    changed = [batches[0], [batches[1][0].replace(b"CASH", b"CAHS")], *batches[2:]]
    assert changed != batches
    write(machine.memory, *changed, segment_bytes=1000)
    with pytest.raises(JournalDamagedError, match="not the journal"):
        machine.recover(tail_only=True)


def test_a_journal_with_damage_is_not_called_whole_though_shorter(machine: Machine) -> None:
    """Who goes on with it would lose more than it says."""
    place = next(each for each in reversed(read(machine.disk).places) if each.end)
    found = machine.recover(tail_only=True)
    for name in of_the_tail(found)[1:]:
        machine.disk.remove(name)
    first = of_the_tail(found)[0]
    machine.memory.truncate(first, SEGMENT_HEADER_BYTES)
    assert place.segment != first
    with pytest.raises(JournalShorterError):
        machine.recover(tail_only=True)
    damage(machine.memory, journal.segments(machine.disk)[0])
    with pytest.raises(JournalDamagedError, match="checksum"):
        machine.recover(tail_only=True)


def test_a_machine_goes_on_behind_the_tail(machine: Machine) -> None:
    machine.start()
    work(machine, "later")
    machine.kill()
    state = recover(machine.disk, use_snapshots=False).state
    assert state[ACCOUNTS].load("a").wallets_cents == {"CASH": 900}


# --- the check ---------------------------------------------------------------------------------


def ends(disk: Disk) -> dict[str, tuple[int, bytes]]:
    """Where each segment ends."""
    found = read(disk)
    position = 0
    by_segment = {}
    for place in found.places:
        position += len(place.records)
        by_segment[place.segment] = (position, place.chain)
    return by_segment


def test_a_whole_journal_is_whole_up_to_the_end_of_any_segment() -> None:
    disk = some_segments()
    for position, chain in ends(disk).values():
        check_up_to(disk, position, chain)


def test_what_lies_behind_is_not_looked_at() -> None:
    disk = some_segments()
    first, second = list(ends(disk).items())[:2]
    damage(disk, second[0], 70)
    check_up_to(disk, *first[1])


def test_another_chain_is_damage() -> None:
    disk = some_segments()
    position, _ = list(ends(disk).values())[1]
    with pytest.raises(JournalDamagedError, match="does not lead up"):
        check_up_to(disk, position, bytes(32))


def test_a_segment_that_is_missing_is_damage() -> None:
    disk = some_segments()
    names = journal.segments(disk)
    position, chain = list(ends(disk).values())[2]
    disk.remove(names[1])
    with pytest.raises(JournalDamagedError, match="missing"):
        check_up_to(disk, position, chain)
    for name in names[:1] + names[2:]:
        disk.remove(name)
    with pytest.raises(JournalDamagedError):
        check_up_to(disk, position, chain)


def test_damage_that_comes_meanwhile_is_found_in_what_is_still_to_come() -> None:
    disk = some_segments()
    (_, second, third), place = journal.segments(disk)[:3], list(ends(disk).values())[2]

    def passed(batch: Batch) -> None:
        if batch.segment == second:
            disk.put(third, disk.read(third)[:-1] + b"?")

    with pytest.raises(JournalDamagedError, match="checksum") as refused:
        check_up_to(disk, *place, passed)
    assert refused.value.file == disk.path(third)


class Unreadable(MemoryDisk):
    """A disk with a bad sector."""

    bad = ""

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        if name == self.bad:
            raise OSError(errno.EIO, "a bad sector", name)
        return super().read_part(name, offset, length)


def test_a_segment_that_cannot_be_read_is_told() -> None:
    disk = Unreadable()
    write(disk, *some_batches(14), segment_bytes=SMALL_SEGMENT)
    disk.bad = journal.segments(disk)[1]
    with pytest.raises(OSError, match="bad sector"):
        check_up_to(disk, *list(ends(disk).values())[2])


class Cached(MemoryDisk):
    """A disk that notes which files are to be read from the device."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped: list[str] = []

    def drop_cache(self, name: str) -> None:
        self.dropped.append(name)


def test_the_device_is_read_and_the_segments_are_not_kept_in_memory() -> None:
    disk = Cached()
    write(disk, *some_batches(14), segment_bytes=SMALL_SEGMENT)
    names, place = journal.segments(disk)[:3], list(ends(disk).values())[2]
    disk.dropped.clear()
    check_up_to(disk, *place, lambda _: disk.dropped.append("read"))
    assert disk.dropped[:3] == names
    told = disk.dropped[3:]
    assert [name for name in told if name != "read"] == names
    assert told[-1] == names[-1]
