"""Snapshots that earlier versions have written are read, each with an upgrade to the next."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import orjson
import pytest

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import pack, unpack
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountOpened,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.customers.events import PersonalDataErased
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.domain.messages import Event
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.snapshot import SnapshotEnd, SnapshotVersionError
from authorizer.persistence.state.state import Replay, State
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support import journal_v4
from tests.support.fixtures import FIXTURES
from tests.support.machine import contents, entity_contents

BY: Final = "test"
AT_US: Final = max(event.at_us for batch in journal_v4.BATCHES for event in batch)
EXTRA: Final[list[Event]] = [
    MerchantRegistered(AT_US, BY, "UBER*", "5812"),
    AccountOpened(AT_US, BY, "conta ñ", {"FOOD": 500, "CASH": 0}, None),
    AccountCredited(AT_US, BY, "conta ñ", "c1", "CASH", 10**15),
    AccountCredited(AT_US + 1, BY, "conta ñ", "c2", "CASH", 1),
    AccountCredited(AT_US + 2, BY, "conta ñ", "c3", "FOOD", 2),
    PurchaseApproved(AT_US + 3, BY, "conta ñ", "t1", 7, "5811", "Uber", None, "5812", "CASH"),
    PurchaseDeclined(
        AT_US + 4, BY, "conta ñ", "t2", 10**20, "5811", "X", None, None, "insufficient_funds"
    ),
    PurchaseApproved(AT_US + 5, BY, "conta ñ", "t3", 7, "1", "Y", None, None, "FOOD"),
    PersonalDataErased(AT_US + 6, BY, "777"),
]
"""What the snapshot holds besides the journal of version 4."""
EVENTS: Final = [*(event for batch in journal_v4.BATCHES for event in batch), *EXTRA]
NAME: Final = snapshot.snapshot_name(len(EVENTS))
END: Final = SnapshotEnd(len(EVENTS), "ab" * 32, AT_US + 6, (3, 2, 2))


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    """The state that the fixture's snapshot holds: with sealed pages, of two ids each."""
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 2)
    made = State()
    replay = Replay(made, IdRetention(10**18, 10**18))
    for position, event in enumerate(EVENTS, 1):
        replay.apply(event, position)
    replay.finish()
    return made


def written(state: State) -> bytes:
    chunks = snapshot.slices(state, lambda each, its_id: state[each].packed(its_id), lambda: 0.0)
    return b"".join((snapshot.header(len(EVENTS)), *chunks, snapshot.end_chunk(END)))


def of_version(version: int, data: bytes) -> MemoryDisk:
    """A disk with the snapshot as if it were of another version."""
    head = struct.pack(">8sHQ", snapshot.MAGIC, version, len(EVENTS))
    disk = MemoryDisk()
    disk.put(NAME, head + struct.pack(">I", zlib.crc32(head)) + data[len(head) + 4 :])
    return disk


@pytest.mark.parametrize("version", [4, 5, 6, 7])
def test_the_snapshot_of_a_version_makes_the_same_state_as_the_events(
    version: int, state: State
) -> None:
    found = snapshot.load(LocalDisk(FIXTURES / f"snapshot-v{version}"), NAME)
    assert (found.from_position, found.end) == (len(EVENTS), END)
    assert contents(found.state) == contents(state)
    assert found.state[ACCOUNTS].packed("conta ñ").pages, "else pages are not tried"


def test_what_is_written_today_is_version_7(state: State) -> None:
    """Byte for byte. With an upgrade there is a new version, and a fixture of it here."""
    assert snapshot.VERSION == 7
    fixture = FIXTURES / "snapshot-v7" / NAME
    assert written(state) == fixture.read_bytes()


def test_an_account_at_rest_leaves_out_what_says_nothing() -> None:
    """So a million of them take less memory; all of it comes back."""
    account = Account("1")
    wallets = {"FOOD": 5, "CASH": 0}
    ACCOUNTS.evolve(account, AccountOpened(AT_US, BY, "1", wallets, None), 7)
    assert pack(account) == ["1", 7, None, None, wallets]
    bought = PurchaseApproved(AT_US, BY, "1", None, 2, "5411", "X", None, None, "FOOD")
    ACCOUNTS.evolve(account, bought, 8)
    assert pack(account) == ["1", 8, None, [5, 0], {"FOOD": 3, "CASH": 0}]
    credited = AccountCredited(AT_US, BY, "1", "c", "MEAL", 9)
    ACCOUNTS.evolve(account, credited, 9)
    *head, opening, now, _, _, _, credited_ids = pack(account)
    assert (opening, now) == (wallets, {"FOOD": 3, "CASH": 0, "MEAL": 9})
    assert (head, list(credited_ids)) == (["1", 9, None], ["c"])
    again = unpack(orjson.loads(orjson.dumps(pack(account))))
    assert entity_contents(again, 0, None) == entity_contents(account, 0, None)
    again.wallets_cents["FOOD"] = 0
    assert again.opening_cents == wallets


def test_a_snapshot_of_version_3_is_passed_over() -> None:
    """It does not tell which source paid for an id; the journal does."""
    disk = LocalDisk(FIXTURES / "snapshot-v3")
    (name,) = snapshot.snapshots(disk)
    with pytest.raises(SnapshotVersionError, match="version 3 is not read"):
        snapshot.load(disk, name)


def test_every_version_since_the_oldest_has_an_upgrade() -> None:
    """The version grows only with one, so that none can be forgotten."""
    upgraded = {old for aggregate in AGGREGATES for old in aggregate.codec.upgrades}
    assert upgraded == set(range(snapshot.OLDEST_VERSION, snapshot.VERSION))


def richer(values: list[Any]) -> list[Any]:
    """Version 8 of an account, say: every wallet holds ten times as much."""
    wallets = {name: cents * 10 for name, cents in values[3].items()}
    return [*values[:3], wallets, *values[4:]]


def with_country(part: list[Any]) -> list[Any]:
    """Version 9 of merchants, say: their names end with a country."""
    position, entries = part
    return [position, [(f"{name} BR", mcc) for name, mcc in entries]]


@pytest.fixture
def _version_9(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program whose accounts changed in version 8, and whose merchants did in version 9."""
    before = {each: each.codec for each in (ACCOUNTS, MERCHANTS)}
    object.__setattr__(ACCOUNTS, "codec", replace(before[ACCOUNTS], upgrades={7: richer}))
    object.__setattr__(MERCHANTS, "codec", replace(before[MERCHANTS], upgrades={8: with_country}))
    monkeypatch.setattr(snapshot, "VERSION", 9)
    yield
    for aggregate, codec in before.items():
        object.__setattr__(aggregate, "codec", codec)


@pytest.mark.usefixtures("_version_9")
@pytest.mark.parametrize(
    ("version", "cents", "merchant"),
    [
        (7, {"FOOD": 495_0, "CASH": (10**15 - 6) * 10}, "UBER* BR"),
        (8, {"FOOD": 495, "CASH": 10**15 - 6}, "UBER* BR"),
        (9, {"FOOD": 495, "CASH": 10**15 - 6}, "UBER*"),
    ],
)
def test_an_older_snapshot_takes_the_upgrades_that_it_needs(
    version: int, cents: dict[str, int], merchant: str, state: State
) -> None:
    found = snapshot.load(of_version(version, written(state)), NAME).state
    assert found[ACCOUNTS].load("conta ñ").wallets_cents == cents
    assert found.single(MERCHANTS).entries() == [(merchant, "5812")]
    assert found[ACCOUNTS].packed("conta ñ").pages == state[ACCOUNTS].packed("conta ñ").pages


@pytest.mark.parametrize("version", [snapshot.OLDEST_VERSION - 1, snapshot.VERSION + 1])
def test_a_version_that_has_no_upgrade_is_passed_over(version: int, state: State) -> None:
    """The journal makes the state anew."""
    with pytest.raises(SnapshotVersionError, match=f"version {version} is not read"):
        snapshot.load(of_version(version, written(state)), NAME)


def test_an_aggregate_that_came_later_has_nothing_in_an_older_snapshot(state: State) -> None:
    """And is not counted in it."""
    end = snapshot.end_chunk(END)
    before = snapshot.end_chunk(END._replace(counts=END.counts[:2]))
    disk = MemoryDisk()
    disk.put(NAME, written(state).removesuffix(end) + before)
    assert contents(snapshot.load(disk, NAME).state) == contents(state)
