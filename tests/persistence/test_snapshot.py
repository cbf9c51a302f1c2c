"""The bytes of a snapshot: taken in slices, and used only when they are whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.snapshot import SnapshotDamagedError, SnapshotEnd
from authorizer.persistence.state.state import State
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.builders import terms
from tests.support.commands import (
    block,
    credit,
    merchant,
    opening,
    opening_cards,
    purchase,
    registration,
    ticket,
)
from tests.support.machine import Machine, contents

IDS = [f"a{'x' * number}" for number in range(16)]
END = SnapshotEnd(77, "ab" * 32, 5, (16, 1, 0))
NAME = snapshot.snapshot_name(70)


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    """A state with everything in it."""
    machine = Machine()
    machine.start()
    machine.ask(machine.dispatcher.ask(merchant("UBER EATS", "5812")))
    for number, account in enumerate(IDS):
        machine.ask(machine.dispatcher.ask(opening(account, FOOD=1000 + number, CASH=5)))
        machine.authorize(purchase(100, mcc="5411", transaction_id="t-1", account_id=account))
        machine.ask(machine.dispatcher.ask(credit(account, "c-1", "CASH", 7)))
    card = terms("card-ã")
    machine.ask(machine.dispatcher.ask(opening_cards("a", "c", card)))
    machine.ask(machine.actors.onboarding.register(registration("c", "a", ["card-ã"]), (card,)))
    machine.commit()
    machine.answer(machine.ask(machine.dispatcher.ask(block("a", "card-ã"))))
    machine.answer(machine.ask(machine.actors.tickets.open(ticket("c", "s", "card-ã", None))))
    machine.stop()
    yield machine.recover().state
    machine.close()


class Ticks:
    """A clock that moves by so much whenever it is read."""

    def __init__(self, by_seconds: float) -> None:
        self.now = 0.0
        self.reads = 0
        self._by = by_seconds

    def __call__(self) -> float:
        self.reads += 1
        self.now += self._by
        return self.now


def packed(state: State) -> snapshot.Look:
    """No entity has an actor, as after a start."""
    return lambda aggregate, entity_id: state[aggregate].packed(entity_id)


def chunks_of(state: State, by_seconds: float = 0.0) -> list[bytes]:
    clock = Ticks(by_seconds)
    return list(snapshot.slices(state, packed(state), clock))


def whole(state: State, by_seconds: float = 0.0002) -> bytes:
    parts = (snapshot.header(70), *chunks_of(state, by_seconds), snapshot.end_chunk(END))
    return b"".join(parts)


def loaded(data: bytes) -> snapshot.Snapshot:
    disk = MemoryDisk()
    disk.put(NAME, data)
    return snapshot.load(disk, NAME)


# --- what comes back ---------------------------------------------------------------------------


def test_a_snapshot_gives_the_state_back(state: State) -> None:
    """Accounts, customers, cards, merchants, positions: all of it, in one chunk or in many."""
    for by_seconds in (0.0, 0.0002, 1.0):
        found = loaded(whole(state, by_seconds))
        assert contents(found.state) == contents(state)
        cards = found.state.indexes[ACCOUNT_OF_CARD].keys_in_order
        assert cards == state.indexes[ACCOUNT_OF_CARD].keys_in_order
        assert list(found.state[ACCOUNTS]) == list(state[ACCOUNTS])


def test_a_snapshot_says_what_it_rests_on(state: State) -> None:
    """Where the replay begins, and the place of the journal that it must belong to."""
    found = loaded(whole(state))
    assert (found.name, found.from_position, found.end) == (NAME, 70, END)
    assert found.state.at_us == END.at_us


def test_an_empty_state_is_a_snapshot_too() -> None:
    """The first snapshot may be taken before anything happened."""
    assert contents(loaded(whole(State())).state) == contents(State())


def test_snapshots_are_listed_newest_first() -> None:
    """Temporary files and whatever else lies there are none."""
    disk = MemoryDisk()
    for name in (5, 2**40, 30):
        disk.put(snapshot.snapshot_name(name), b"")
    for other in ("new-snapshot.tmp", "5.snapshot", "README", "0" * 20 + ".snapshot.bak"):
        disk.put(f"snapshots/{other}", b"")
    assert snapshot.snapshots(disk) == [snapshot.snapshot_name(at) for at in (2**40, 30, 5)]


# --- slices ------------------------------------------------------------------------------------


def test_a_slice_ends_when_its_time_is_over(state: State) -> None:
    """Give or take one entry: the loop is held no longer, however much there is."""
    per_entry = snapshot.SLICE_SECONDS / 4
    clock = Ticks(per_entry)
    slices = snapshot.slices(state, packed(state), clock)
    count = 0
    while True:
        begun = clock.now
        if next(slices, None) is None:
            break
        count += 1
        assert clock.now - begun <= snapshot.SLICE_SECONDS + 2 * per_entry
    assert count >= len(IDS) / 5


def test_time_between_slices_is_not_counted(state: State) -> None:
    """The loop was free then; a slow disk does not make slices of one entry each."""
    clock = Ticks(snapshot.SLICE_SECONDS / 4)
    slices = snapshot.slices(state, packed(state), clock)
    sizes = []
    reads = 0
    for _ in slices:
        sizes.append(clock.reads - reads)
        reads = clock.reads
        clock.now += 1000
    assert min(sizes[:-1]) >= 3


def test_a_slice_is_bounded_in_bytes_too(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is so fast that no time goes by."""
    monkeypatch.setattr(snapshot, "_MAX_SLICE_BYTES", 600)
    sizes = [len(chunk) for chunk in chunks_of(state)]
    longest_entry = max(len(chunk) for chunk in chunks_of(state, by_seconds=1.0))
    assert len(sizes) > 3
    assert max(sizes) < 600 + longest_entry


# --- what is refused ---------------------------------------------------------------------------


def assert_refused(data: bytes, match: str | None = None) -> None:
    with pytest.raises(SnapshotDamagedError, match=match) as refused:
        loaded(data)
    assert NAME in str(refused.value)


def test_a_snapshot_that_is_cut_is_refused(state: State) -> None:
    """At any byte, also where a chunk ends."""
    data = whole(state)
    for length in range(len(data)):
        assert_refused(data[:length])


def test_a_snapshot_with_a_changed_byte_is_refused(state: State) -> None:
    """Any byte."""
    data = whole(state)
    for at in range(len(data)):
        for mask in (0x01, 0xFF):
            assert_refused(data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :])


def test_a_snapshot_whose_end_is_missing_is_refused(state: State) -> None:
    """Every chunk of it may be sound: it was never finished."""
    data = b"".join((snapshot.header(70), *chunks_of(state)))
    assert_refused(data, "not whole")


def test_a_snapshot_with_a_part_that_reads_as_zeros_is_refused(state: State) -> None:
    """Zeros are what a device gives for blocks that it has lost, and no chunk of length nothing."""
    ends = (snapshot.end_chunk(END._replace(at_us=10**digits)) for digits in range(2, 10))
    end = next(each for each in ends if len(each) % 8 == 0)  # zeros fit chunk headers then
    chunks = [*chunks_of(state, by_seconds=1.0), end]
    for index, chunk in enumerate(chunks):
        holed = [*chunks[:index], bytes(len(chunk)), *chunks[index + 1 :]]
        assert_refused(b"".join((snapshot.header(70), *holed)))


def test_a_snapshot_with_anything_behind_its_end_is_refused(state: State) -> None:
    """It is not what was written."""
    for more in (b"\1", b"x" * 8, b"x" * 100):
        assert_refused(whole(state) + more)


def test_a_snapshot_of_another_version_is_passed_over(state: State) -> None:
    """Its checksums are right, but its bytes mean something else: the journal tells."""
    head = struct.pack(">8sHQ", snapshot.MAGIC, snapshot.VERSION + 1, 70)
    other = head + struct.pack(">I", zlib.crc32(head))
    data = whole(state)
    assert_refused(other + data[len(other) :], f"version {snapshot.VERSION + 1}")


def test_a_file_that_is_no_snapshot_is_refused() -> None:
    """Also an empty one."""
    for data in (b"", b"x", b"x" * 1000, bytes(1000)):
        assert_refused(data)


def test_an_entry_of_a_kind_that_is_not_known_is_refused() -> None:
    """It was written by another program; what it means is unknown."""
    data = struct.pack(">BHI", 99, 0, 0)
    chunk = struct.pack(">II", len(data), zlib.crc32(data)) + data
    assert_refused(snapshot.header(70) + chunk + snapshot.end_chunk(END), "unknown entry")
