"""Recovery never holds ids that are past their retention when it is done, and loses no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.events import AccountCredited, AccountOpened, PurchaseApproved
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.state import Account
from authorizer.domain.messages import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state import purchase_replay, state
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.recovery import recover
from authorizer.simulation.memory_disk import MemoryDisk
from tests.persistence.journals import ONE_SEGMENT, open_journal

RETENTION: Final = IdRetention(purchases_us=1_000, credits_us=300)
NEWEST_US: Final = 5_000
OLD_US: Final = NEWEST_US - RETENTION.purchases_us - 1
YOUNG_US: Final = NEWEST_US - RETENTION.purchases_us
OLD_CREDIT_US: Final = NEWEST_US - RETENTION.credits_us - 1
YOUNG_CREDIT_US: Final = NEWEST_US - RETENTION.credits_us
NAMES: Final = ("a", "b", "c")


def opened(account: str, at_us: int) -> Event:
    return AccountOpened(at_us, "x", account, {"CASH": 10_000}, None)


def bought(account: str, at_us: int, purchase_id: str) -> Event:
    return PurchaseApproved(at_us, "x", account, purchase_id, 1, "5811", "X", None, None, "CASH")


def credited(account: str, at_us: int, credit_id: str) -> Event:
    return AccountCredited(at_us, "x", account, credit_id, "CASH", 1)


def write(disk: Disk, *batches: Iterable[Event], segment_bytes: int = ONE_SEGMENT) -> None:
    journal = open_journal(disk, segment_bytes)
    for batch in batches:
        journal.write(journal.position + 1, [encode(event) for event in batch])


def history() -> Iterator[list[Event]]:
    """All have old ids of both kinds; `a` has young ones as well. The newest event is of `z`."""
    yield [opened(account, 1) for account in NAMES]
    for number in range(3):
        for account in NAMES:
            yield [bought(account, OLD_US, f"old {number}")]
    yield [bought("a", YOUNG_US, "young")]
    for number in range(3):
        for account in NAMES:
            yield [credited(account, OLD_CREDIT_US, f"old credit {number}")]
    yield [credited("a", YOUNG_CREDIT_US, "young credit")]
    yield [opened("z", NEWEST_US)]


def ids(found: state.State, account_id: str) -> set[str]:
    account = found[ACCOUNTS].load(account_id)
    pages = [account.purchase_keys.open_page, account.credit_keys.open_page]
    pages += [*account.purchase_keys.sealed_pages, *account.credit_keys.sealed_pages]
    return {key for page in pages for key in page}


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Every state that is put to sleep meanwhile."""
    slept: list[bytes] = []

    real = EntityStore.encode

    def note(store: EntityStore[Account], account: Account) -> bytes:
        slept.append(real(store, account))
        return slept[-1]

    with monkeypatch.context() as patch:
        patch.setattr(EntityStore, "encode", note)
        yield slept


@pytest.mark.parametrize("awake", [1, 2, 50_000])
@pytest.mark.parametrize("segment_bytes", [1, ONE_SEGMENT])
def test_old_ids_are_not_held_by_whoever_sleeps_meanwhile(
    monkeypatch: pytest.MonkeyPatch, awake: int, segment_bytes: int
) -> None:
    """However few may be awake at once, and wherever a segment ends."""
    disk = MemoryDisk()
    write(disk, *history(), segment_bytes=segment_bytes)
    monkeypatch.setattr(state, "_MAX_UNPACKED", awake)
    with watched(monkeypatch) as slept:
        found = recover(disk, id_retention=RETENTION).state
    assert len(slept) >= 4
    assert not any(b"old" in data for data in slept)
    assert {account: ids(found, account) for account in NAMES} == {
        "a": {"young", "young credit"},
        "b": set(),
        "c": set(),
    }
    assert found[ACCOUNTS].load("b").wallets_cents == {"CASH": 10_000}
    assert list(found[ACCOUNTS]) == [*NAMES, "z"]


def test_ids_that_a_snapshot_has_kept_too_long_leave_whoever_is_woken() -> None:
    """And nobody needs to have said what the newest time is."""
    disk = MemoryDisk()
    write(disk, *history())
    found = recover(disk, id_retention=IdRetention(NEWEST_US, NEWEST_US)).state
    assert len(ids(found, "b")) == 6
    replay = state.Replay(found, RETENTION)
    replay.apply(bought("b", NEWEST_US, "newest"), 100)
    replay.finish()
    assert ids(found, "b") == {"newest"}


def test_sealed_pages_of_whoever_sleeps_leave_by_the_retention_of_their_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody wakes it for that: what is in its open page stays meanwhile."""
    for module in (idempotency, purchase_replay):
        monkeypatch.setattr(module, "PAGE_ENTRIES", 2)
    disk = MemoryDisk()
    write(
        disk,
        [opened("b", 1)],
        [bought("b", YOUNG_US, f"t{number}") for number in range(5)],
        [credited("b", OLD_CREDIT_US, f"c{number}") for number in range(5)],
    )
    found = recover(disk, id_retention=IdRetention(NEWEST_US, NEWEST_US)).state
    assert len(ids(found, "b")) == 10
    replay = state.Replay(found, RETENTION)
    replay.apply(opened("z", NEWEST_US), 100)
    replay.finish()
    assert ids(found, "b") == {"t0", "t1", "t2", "t3", "t4", "c4"}


def test_a_batch_that_is_cut_makes_no_id_old() -> None:
    """Its time never was: the id that it would have ended is known."""
    disk = MemoryDisk()
    write(disk, [opened("a", 1)], [bought("a", OLD_US, "t")], [opened("z", NEWEST_US)])
    whole = disk.read(segment_of(disk))
    last = whole.rfind(frame.BATCH_MAGIC)
    for end in range(last, len(whole)):
        torn = MemoryDisk()
        torn.make_folder("journal")
        file = torn.append(segment_of(disk))
        file.write(whole[:end])
        file.close()
        assert ids(recover(torn, id_retention=RETENTION).state, "a") == {"t"}, end
    assert ids(recover(disk, id_retention=RETENTION).state, "a") == set()


def test_the_last_batch_is_found_before_anything_is_read() -> None:
    """As the reader gives it later; and what looks like the beginning of one is none."""
    disk = MemoryDisk()
    assert JournalReader(disk).last_batch() is None
    journal = open_journal(disk)
    assert JournalReader(disk).last_batch() is None
    journal.write(1, [b"1", b"2"])
    journal.write(3, [b"3", b"4" + frame.BATCH_MAGIC, frame.BATCH_MAGIC * 30])
    reader = JournalReader(disk)
    last = reader.last_batch()
    assert last is not None
    assert (last.first_position, last.last_position) == (3, 5)
    assert list(reader)[-1] == last


def segment_of(disk: Disk) -> str:
    (name,) = (f"journal/{name}" for name in disk.names("journal") if name.endswith(".journal"))
    return name
