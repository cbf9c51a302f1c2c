"""The released journals stay readable forever."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.deciders import Decider
from authorizer.domain.accounts.idempotency import IdRetention, parse_entry
from authorizer.domain.accounts.limits import LimitMode
from authorizer.domain.accounts.purchase_events import HoldDeclined
from authorizer.domain.accounts.purchase_lookup import purchase_view
from authorizer.domain.accounts.purchase_state import PurchaseStatus, PurchaseTerms
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, AccountStatus
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.events import PersonalDataRecorded
from authorizer.domain.customers.state import ERASED
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import TICKET_OF_REQUEST, request_key
from authorizer.persistence.journal import clean_shutdown
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.personal import unpack
from authorizer.persistence.privacy.vault import Vault, read_keys
from authorizer.persistence.state.record import _KINDS, decode
from authorizer.persistence.state.recovery import recover
from authorizer.persistence.verification.data_folder import verify
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support import (
    journal_v1,
    journal_v2,
    journal_v3,
    journal_v4,
    journal_v5,
    journal_v6,
    journal_v7,
    journal_v8,
    journal_v9,
    journal_v10,
)
from tests.support.fixtures import FIXTURES, V1, V2, V3, V4, V5, V6, V7, V8, V9, V10
from tests.support.server import PROJECT, python

RELEASED = {
    V1: journal_v1.BATCHES,
    V2: journal_v2.BATCHES,
    V3: journal_v3.BATCHES,
    V4: journal_v4.BATCHES,
    V5: journal_v5.BATCHES,
    V6: journal_v6.BATCHES,
    V7: journal_v7.BATCHES,
    V8: journal_v8.BATCHES,
    V9: journal_v9.BATCHES,
    V10: journal_v10.BATCHES,
}

released = pytest.mark.parametrize("folder", RELEASED, ids=lambda folder: folder.name)


def head_of(folder: Path) -> str:
    return (folder / "head").read_text().strip()


@released
def test_the_released_journal_reads_as_what_was_written(folder: Path) -> None:
    """Every event, at its position, in its batch; and the chain ends where it ended."""
    disk = LocalDisk(folder)
    reader = JournalReader(disk)
    batches = [[decode(record) for record in batch.records()] for batch in reader]
    assert batches == RELEASED[folder]
    assert reader.position == sum(map(len, RELEASED[folder]))
    assert reader.chain.hex() == head_of(folder)


@released
def test_the_released_journal_is_whole(folder: Path) -> None:
    """For the program of today too, whatever keys are there."""
    found = verify(LocalDisk(folder))
    assert not found.problems
    assert found.head.chain.hex() == head_of(folder)


def test_the_released_journals_hold_every_version_of_every_event() -> None:
    """And so each of them must be read forever."""
    written = set()
    for folder in RELEASED:
        for batch in JournalReader(LocalDisk(folder)):
            written |= {tuple(orjson.loads(record)[:2]) for record in batch.records()}
    assert written >= {
        (name, version) for name, kind in _KINDS.items() for version in range(1, kind.version + 1)
    }


def test_the_journal_of_version_1_recovers() -> None:
    """To the balances that it came to; what it says of people was never sealed, and is read."""
    state = recover(LocalDisk(V1), use_snapshots=False).state
    account = state[ACCOUNTS].load("123")
    assert account.wallets_cents == {"FOOD": 10_000, "MEAL": 4_999, "CASH": 250_000}
    assert account.customer_id == "777"
    assert [card.terms().status for card in account.cards.values()] == ["ativo", "bloqueado"]
    assert account.purchase_keys.open_page.keys() == {"t-1", "t-2"}
    customer = state[CUSTOMERS].load("777")
    assert customer.was_plain
    text = no_keys().open("777", customer.personal)
    assert text is not None
    assert unpack(text).phone == "+55 11 9"
    assert no_keys().open("777", Sealed(account.operations[1].justification or "")) == (
        "cliente confirmou"
    )
    assert state.indexes[ACCOUNT_OF_CARD] == {"9999": "123", "8888": "123"}
    assert state.single(MERCHANTS).entries() == [
        ("UBER EATS                   SAO PAULO BR", "5812")
    ]
    assert state.single(MERCHANTS).mcc_for(journal_v1.MERCHANT) is None


def no_keys() -> Vault:
    return Vault(MemoryDisk(), "keys")


def test_the_journal_of_version_2_recovers_and_its_keys_open_it() -> None:
    """Who is forgotten stays so in the state, whatever became of the key."""
    state = recover(LocalDisk(V2), use_snapshots=False).state
    keys = read_keys(LocalDisk(V2), "keys")
    customer = state[CUSTOMERS].load("777")
    assert not customer.was_plain
    text = keys.open("777", customer.personal)
    assert text is not None
    assert unpack(text) == journal_v2.PERSON
    justification = customer.imported_operations[0].justification
    assert keys.open("777", Sealed(justification or "")) == journal_v2.JUSTIFICATION
    assert list(state.indexes[ERASED]) == ["forgotten-é"]
    assert state[CUSTOMERS].load("forgotten-é").personal == ""
    assert state[ACCOUNTS].load("123").cards["9999"].terms().replaced_by == "9999-2"
    assert list(state[TICKETS]) == [journal_v2.PROTOCOL]


def test_the_journal_of_version_3_recovers() -> None:
    """A client's own id leads to its ticket, which has the priority that it was given last."""
    state = recover(LocalDisk(V3), use_snapshots=False).state
    key = request_key("777", journal_v3.CLIENT_ID)
    assert state.indexes[TICKET_OF_REQUEST] == {key: journal_v3.SECOND_PROTOCOL}
    ticket = state[TICKETS].load(journal_v3.SECOND_PROTOCOL)
    assert (ticket.opened_priority, ticket.priority) == ("media", "urgente")
    assert ticket.first_response_target_us == 900_000_000
    assert state[TICKETS].load(journal_v2.PROTOCOL).client_id is None


def test_the_journal_of_version_4_recovers() -> None:
    """A purchase's money is where its life has left it, a debt is paid, and limits stand."""
    state = recover(LocalDisk(V4), use_snapshots=False).state
    account = state[ACCOUNTS].load(journal_v4.A)
    assert account.wallets_cents == {"FOOD": 100_00, "MEAL": 96_00, "CASH": 5_00}
    assert not account.held_cents
    assert not account.owed_cents
    purchase = account.purchases["h-1"]
    assert (purchase.captured_cents, purchase.refunded_cents) == (20_00, 7_00)
    assert account.purchases["h-3"].status is PurchaseStatus.EXPIRED
    assert account.global_limits["mês"].ends_at_us == 3
    assert not account.limits
    assert account.status is AccountStatus.FROZEN
    assert list(state.single(LIMITS).terms) == ["mês"]
    assert state[ACCOUNTS].load("123").cards["9999-2"].controls.max_amount_cents == 500_00


def test_the_journal_of_version_5_recovers() -> None:
    """Purchases of one message are whole that were worked on before their ids were forgotten."""
    kept = IdRetention(31 * DAY_US, 31 * DAY_US)
    state = recover(LocalDisk(V5), use_snapshots=False, id_retention=kept).state
    account = state[ACCOUNTS].load(journal_v5.A)
    assert account.wallets_cents == {"FOOD": 0, "MEAL": 45_00, "CASH": 0}
    assert list(account.purchase_keys.open_page) == ["t-4"]
    first, second, third = account.purchases.values()
    assert (first.captured_cents, first.refunded_cents) == (10_00, 10_00)
    assert first.terms == PurchaseTerms("5812", journal_v5.SHOP, None, override_mcc="5811")
    assert second.status is PurchaseStatus.REVERSED
    assert (third.requested_cents, third.captured_cents) == (10**20, 5_00)
    assert third.created_at_us == journal_v5.NOW_US + 3
    assert [len(each.operations) for each in (first, second, third)] == [3, 2, 2]


def test_the_journal_of_version_4_says_by_name_what_declined() -> None:
    """Which rule that was follows from the reason; whose limit it was, nobody recorded."""
    found = {
        (event.purchase_id, event.decided_by)
        for batch in JournalReader(LocalDisk(V4))
        for event in map(decode, batch.records())
        if isinstance(event, HoldDeclined)
    }
    assert found == {("h-2", Decider("limit", "dia", None))}


def test_the_journal_of_version_7_says_which_product_was_paid_with() -> None:
    """Purchases from before that have none, and a repeat says the same product."""
    account = recover(LocalDisk(V7), use_snapshots=False).state[ACCOUNTS].load(journal_v7.A)
    found = {name: purchase_view(account, name).terms.product for name in ("t-1", "t-2", "t-3")}
    assert found == {"t-1": "01", "t-2": None, "t-3": "02"}
    assert account.purchases == {}


def test_the_journal_of_version_10_has_another_ceiling_and_the_same_count() -> None:
    account = recover(LocalDisk(V10), use_snapshots=False).state[ACCOUNTS].load(journal_v4.A)
    limit = account.global_limits["mês"]
    assert (limit.terms.max_count, limit.terms.mode) == (journal_v10.MOST, LimitMode.ENFORCE)
    assert (limit.starts_at_us, limit.ends_at_us) == (2, 3)


def test_the_journal_of_version_10_says_what_a_credit_is_for() -> None:
    """Credits from before say nothing, and a repeat says the same."""
    keys = (
        recover(LocalDisk(V10), use_snapshots=False).state[ACCOUNTS].load(journal_v4.A).credit_keys
    )
    said = {key: parse_entry(entry).fingerprint for key, entry in keys.open_page.items()}
    assert said == {
        "c-1": "1000\0MEAL",
        "c-2": f"1234\0MEAL\0{journal_v10.REFERENCE}",
        "c-3": "1\0MEAL",
    }


def test_keys_of_the_released_journal_can_be_destroyed(tmp_path: Path) -> None:
    """Then nothing in it can be read, and it is as whole as before."""
    shutil.copytree(V2, tmp_path, dirs_exist_ok=True)
    vault = Vault(LocalDisk(tmp_path), "keys")
    people = [event for event in all_events(V2) if isinstance(event, PersonalDataRecorded)]
    assert all(vault.open(event.customer_id, event.personal) for event in people)
    vault.destroy(journal_v2.CUSTOMERS)
    vault.close()
    keys = read_keys(LocalDisk(tmp_path), "keys")
    assert not any(keys.open(event.customer_id, event.personal) for event in people)
    assert not verify(LocalDisk(tmp_path)).problems


def all_events(folder: Path) -> list[Event]:
    return [event for batch in RELEASED[folder] for event in batch]


def test_the_program_still_writes_the_released_bytes(tmp_path: Path) -> None:
    """Not one byte of the format has changed since. A new format needs a new fixture."""
    made = make(tmp_path)
    assert made.returncode == 0, made.stderr
    for folder in ("journal", "keys"):
        assert contents(tmp_path / folder) == contents(V10 / folder)
    assert len(contents(V10 / "journal")) > 1
    assert head_of(tmp_path) == head_of(V10)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, the mark of an orderly end apart: it is no part of the format."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: content for name, content in files.items() if name != clean_shutdown.MARK}


def test_the_released_journal_is_never_written_again(tmp_path: Path) -> None:
    """The script that made it refuses where a journal is."""
    assert make(tmp_path).returncode == 0
    again = make(tmp_path)
    assert again.returncode == 1
    assert b"never written again" in again.stderr


def make(folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python(), str(FIXTURES / "make_journal.py"), str(folder)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=False,
    )
