"""After a sync that failed: what the next start answers for is on the device, whatever it reads.

Linux takes what a failed sync did not write for clean. The next process reads it, every later sync
of the file succeeds, and it is gone with the next loss of power.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Final

import pytest

from authorizer.persistence.journal import clean_shutdown
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.privacy.keyring import HEADER, SLOT_BYTES
from authorizer.persistence.privacy.vault import FILE, NEW, OLD, Vault
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from tests.persistence.journals import ONE_SEGMENT, SMALL_SEGMENT, open_journal, read, some_batches
from tests.persistence.ways import Write, by_a_loop, each_way

BATCHES: Final = some_batches(8)
RECORDS: Final = [record for batch in BATCHES for record in batch]
KEYS: Final = f"keys/{FILE}"


class StubbornDisk(MemoryDisk):
    """A disk whose system does not drop what it has in memory."""

    def drop_cache(self, name: str) -> None:
        self.read(name)


DISKS: Final = {"cache dropped": MemoryDisk, "cache kept": StubbornDisk}
each_disk = pytest.mark.parametrize("make_disk", DISKS.values(), ids=DISKS)


def write_all(disk: MemoryDisk, batches: Sequence[Sequence[bytes]], write_batch: Write) -> None:
    opened = open_journal(disk, SMALL_SEGMENT)
    for batch in batches:
        write_batch(opened, batch)


def missing(position: int) -> list[list[bytes]]:
    behind = list(BATCHES)
    while position:
        position -= len(behind.pop(0))
    return behind


# --- the journal ---------------------------------------------------------------------------------


@each_disk
@each_way
def test_whatever_sync_fails_the_next_start_loses_nothing_that_it_answers_for(
    make_disk: Callable[[], MemoryDisk], write_batch: Write
) -> None:
    """Of files and of folders, in the start, in a batch, and in the making of a segment."""
    for nth in range(1, 100):
        disk = make_disk()
        disk.fail_sync(nth)
        try:
            write_all(disk, BATCHES, write_batch)
        except OSError:
            disk.kill()
        else:
            assert nth > len(BATCHES)
            return
        position = open_journal(disk, SMALL_SEGMENT).position
        for seed in range(4):
            at_once = disk.twin()
            at_once.lose_power(Random(seed))
            assert read(at_once).records[:position] == RECORDS[:position]
        write_all(disk, missing(position), write_batch)
        disk.lose_power(Random(nth))
        found = read(disk)
        assert (found.records, found.torn) == (RECORDS, None)
    pytest.fail("syncs without end")


@each_disk
@each_way
def test_a_start_that_fails_as_well_is_made_up_for_by_the_next_one(
    make_disk: Callable[[], MemoryDisk], write_batch: Write
) -> None:
    """Whatever its disk refused."""
    for second in range(1, 12):
        disk = make_disk()
        opened = open_journal(disk, ONE_SEGMENT)
        write_batch(opened, [b"[1]"])
        disk.fail_sync()
        with pytest.raises(OSError, match="Input/output error"):
            write_batch(opened, [b"[2]"])
        disk.kill()
        disk.fail_sync(second)
        with suppress(OSError):
            open_journal(disk)
        disk.kill()
        position = open_journal(disk).position
        disk.lose_power(Random(second))
        assert read(disk).records == [b"[1]", b"[2]"][:position]
        assert position >= 1


def test_what_is_written_anew_is_what_was_read_and_checked() -> None:
    """Memory that is short between both makes the system forget what no device has."""
    disk = StubbornDisk()
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    disk.fail_sync()
    with pytest.raises(OSError, match="Input/output error"):
        opened.write(2, [b"[2]"])
    reader = JournalReader(disk)
    assert [batch.records() for batch in reader] == [[b"[1]"], [b"[2]"]]
    MemoryDisk.drop_cache(disk, reader.segment or "")
    assert FileJournal(disk, reader, ONE_SEGMENT).position == 2
    disk.lose_power(Random(1))
    assert read(disk).records == [b"[1]", b"[2]"]


def test_a_journal_that_ended_in_order_is_believed() -> None:
    """Its newest segment is not written again, however large it is."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    opened.close()
    disk.calls.clear()
    open_journal(disk)
    assert {operation for operation, _ in disk.calls} == {
        "make_folder", "read", "sync", "remove", "sync_folder", "append",
    }  # fmt: skip


def ended_by_a_failed_sync(disk: FaultyDisk) -> None:
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    disk.fail("sync")
    with pytest.raises(OSError, match="Input/output error"):
        opened.write(2, [b"[2]"])
    opened.close()


def ended_by_a_failed_sync_on_a_loop(disk: FaultyDisk) -> None:
    opened = open_journal(disk)
    by_a_loop(opened, [b"[1]"])
    disk.fail("sync")
    with pytest.raises(OSError, match="Input/output error"):
        by_a_loop(opened, [b"[2]"])
    opened.close()


def ended_before_a_sync(disk: FaultyDisk) -> None:
    """By a bug: a server waits for it."""
    opened = open_journal(disk)
    opened.begin(1, [b"[1]"])
    opened.close()


def went_on_after_an_orderly_end(disk: FaultyDisk) -> None:
    opened = open_journal(disk)
    opened.close()
    open_journal(disk).write(1, [b"[1]"])


def began_a_segment_after_an_orderly_end(disk: FaultyDisk) -> None:
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    opened.close()
    full = open_journal(disk, segment_bytes=1)
    disk.fail("write", f"{journal.FOLDER}/*2.journal")
    with pytest.raises(OSError, match="Input/output error"):
        full.write(2, [b"[2]"])


def failed_a_sync_after_an_orderly_end(disk: FaultyDisk) -> None:
    """The newest segment reads as at the orderly end once its cache is dropped."""
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    opened.close()
    again = open_journal(disk)
    disk.fail("sync")
    with pytest.raises(OSError, match="Input/output error"):
        again.write(2, [b"[2]"])


def cut_after_an_orderly_end(disk: FaultyDisk) -> None:
    opened = open_journal(disk)
    opened.close()
    again = open_journal(disk)
    disk.fail("write", written_bytes=30)
    with pytest.raises(OSError, match="Input/output error"):
        again.write(1, [b"[1]"])


def has_an_unreadable_mark(disk: FaultyDisk) -> None:
    open_journal(disk).close()
    assert isinstance(disk.disk, MemoryDisk)
    disk.disk.put(f"{journal.FOLDER}/{clean_shutdown.MARK}", b"\xff\0")


@pytest.mark.parametrize(
    "end",
    [
        ended_by_a_failed_sync,
        ended_by_a_failed_sync_on_a_loop,
        ended_before_a_sync,
        went_on_after_an_orderly_end,
        began_a_segment_after_an_orderly_end,
        failed_a_sync_after_an_orderly_end,
        cut_after_an_orderly_end,
        has_an_unreadable_mark,
    ],
)
def test_any_other_end_has_the_newest_segment_written_anew(
    end: Callable[[FaultyDisk], None],
) -> None:
    disk = FaultyDisk(MemoryDisk())
    end(disk)
    disk.mend()
    newest = journal.segments(disk)[-1]
    disk.calls.clear()
    open_journal(disk)
    assert ("rename", newest) in disk.calls


def test_every_segment_is_synced_before_a_start_goes_on() -> None:
    """A copy that was put in the place of a lost folder may be in memory only."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk, SMALL_SEGMENT)
    for batch in BATCHES:
        opened.write(opened.position + 1, batch)
    opened.close()
    names = journal.segments(disk)
    assert len(names) >= 3
    disk.calls.clear()
    open_journal(disk, SMALL_SEGMENT)
    assert [name for operation, name in disk.calls if operation == "sync"] == names


def test_a_mark_that_cannot_be_written_is_no_harm() -> None:
    """The next start takes longer."""
    disk = FaultyDisk(MemoryDisk())
    opened = open_journal(disk)
    opened.write(1, [b"[1]"])
    disk.fail("write", "*clean-shutdown*")
    opened.close()
    assert clean_shutdown.said(disk, journal.FOLDER) == ""
    assert open_journal(disk).position == 1


# --- the keys ------------------------------------------------------------------------------------


def key_file(disk: MemoryDisk) -> bytes:
    return disk.read(KEYS)


@each_disk
def test_a_key_that_a_start_has_found_stays_whatever_sync_failed(
    make_disk: Callable[[], MemoryDisk],
) -> None:
    """What is sealed under a key that goes is lost for good."""
    for nth in range(1, 100):
        disk = make_disk()
        disk.fail_sync(nth)
        made = 0
        try:
            vault = Vault(disk, "keys")
            for made in range(1, 5):
                vault.create([str(made)])
        except OSError:
            disk.kill()
        else:
            return
        again = Vault(disk, "keys")
        found = [name for name in map(str, range(1, 5)) if again.has_key(name)]
        assert len(found) >= made - 1
        again.create(["late"])
        sealed = {name: again.seal(name, name) for name in (*found, "late")}
        disk.lose_power(Random(nth))
        third = Vault(disk, "keys")
        assert [third.open(name, text) for name, text in sealed.items()] == list(sealed)
    pytest.fail("syncs without end")


def test_keys_after_a_failed_sync_are_written_anew_though_they_read_as_at_an_orderly_end() -> None:
    """Nothing that is written behind what a sync lost may reach the device."""
    disk = MemoryDisk()
    vault = Vault(disk, "keys")
    vault.create(["c"])
    vault.close()
    disk.fail_sync(3)
    with pytest.raises(OSError, match="Input/output error"):
        Vault(disk, "keys").create(["d"])
    disk.kill()
    again = Vault(disk, "keys")
    again.create(["e"])
    disk.lose_power(Random(1))
    assert Vault(disk, "keys").has_key("e")


@each_disk
def test_a_key_whose_end_was_not_synced_ends_with_the_next_start(
    make_disk: Callable[[], MemoryDisk],
) -> None:
    """In memory it is zeros already, so nothing would be done about it."""
    disk = make_disk()
    vault = Vault(disk, "keys")
    vault.create(["c", "d"])
    key = vault._key("c")
    disk.fail_sync()
    with pytest.raises(OSError, match="Input/output error"):
        vault.destroy(["c"])
    vault.close()
    disk.kill()
    again = Vault(disk, "keys")
    again.destroy(["c"])
    disk.lose_power(Random(1))
    assert key not in key_file(disk)
    assert Vault(disk, "keys").has_key("d")


def test_keys_that_ended_in_order_are_believed() -> None:
    disk = FaultyDisk(MemoryDisk())
    vault = Vault(disk, "keys")
    vault.create(["c"])
    vault.close()
    disk.calls.clear()
    assert Vault(disk, "keys").has_key("c")
    assert {operation for operation, _ in disk.calls} == {
        "make_folder", "read", "sync", "remove", "sync_folder", "append",
    }  # fmt: skip


def test_nothing_is_left_of_the_key_file_whose_place_another_takes() -> None:
    """A key that is destroyed later must not be found in what an older file left behind."""
    disk = FaultyDisk(MemoryDisk())
    Vault(disk, "keys").create(["c"])
    size = disk.size(KEYS)
    assert size == len(HEADER) + SLOT_BYTES
    old: list[bytes] = []
    real = disk.disk.remove

    def note(name: str) -> None:
        if name == f"keys/{OLD}":
            old.append(disk.read(name))
        real(name)

    disk.disk.remove = note  # type: ignore[method-assign]
    disk.calls.clear()
    Vault(disk, "keys")
    assert old == [bytes(size)]
    assert disk.names("keys") == [FILE]


def test_a_death_while_the_key_file_is_replaced_leaves_one_with_every_key() -> None:
    """At any step, and nothing else that holds a key."""
    for steps in range(100):
        for seed in range(4):
            disk = MemoryDisk()
            vault = Vault(disk, "keys")
            vault.create(["c", "d"])
            sealed = vault.seal("c", "x")
            disk.kill()
            disk.die_after(steps)
            try:
                Vault(disk, "keys")
            except MachineDied:
                pass
            else:
                return
            disk.lose_power(Random(seed)) if seed else disk.kill()
            again = Vault(disk, "keys")
            assert again.open("c", sealed) == "x"
            assert len(again) == 2
            assert NEW not in disk.names("keys")
            assert OLD not in disk.names("keys")
    pytest.fail("steps without end")
