"""The released journal stays readable forever."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from authorizer.persistence.disk import LocalDisk
from authorizer.persistence.journal import JournalReader
from authorizer.persistence.record import _KINDS, decode
from authorizer.persistence.recovery import recover
from tests.persistence.journal_v1 import BATCHES, MERCHANT
from tests.support.server import PROJECT, python

FOLDER = PROJECT / "tests" / "fixtures" / "journal-v1"
HEAD = (FOLDER / "head").read_text().strip()


@pytest.fixture
def disk() -> LocalDisk:
    return LocalDisk(FOLDER)


def test_the_released_journal_reads_as_what_was_written(disk: LocalDisk) -> None:
    """Every event, at its position, in its batch; and the chain ends where it ended."""
    reader = JournalReader(disk)
    batches = [[decode(record) for record in batch.records()] for batch in reader]
    assert batches == BATCHES
    assert reader.position == sum(map(len, BATCHES))
    assert reader.chain.hex() == HEAD


def test_the_released_journal_holds_every_kind_of_event_of_its_time() -> None:
    """And so each of them must be read forever."""
    released = {type(event) for batch in BATCHES for event in batch}
    assert released >= {kind for kind, version in _KINDS.values() if version == 1}


def test_the_released_journal_recovers(disk: LocalDisk) -> None:
    """To the balances that it came to."""
    state = recover(disk, use_snapshots=False).state
    account = state.accounts.wake("123")
    assert account.wallets_cents == {"FOOD": 10_000, "MEAL": 4_999, "CASH": 250_000}
    assert account.customer_id == "777"
    assert [card.terms().status for card in account.cards.values()] == ["ativo", "bloqueado"]
    assert account.remembered.open_page.keys() == {"t-1", "t-2"}
    assert state.customers.wake("777").phone == "+55 11 9"
    assert state.account_of_card == {"9999": "123", "8888": "123"}
    assert state.merchants.entries() == [("UBER EATS                   SAO PAULO BR", "5812")]
    assert state.merchants.mcc_for(MERCHANT) is None


def test_the_program_still_writes_the_released_bytes(tmp_path: Path) -> None:
    """Not one byte of the format has changed since. A new format needs a new fixture."""
    assert make(tmp_path).returncode == 0
    released = contents(FOLDER / "journal")
    assert len(released) > 1
    assert contents(tmp_path / "journal") == released
    assert (tmp_path / "head").read_text().strip() == HEAD


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_released_journal_is_never_written_again(tmp_path: Path) -> None:
    """The script that made it refuses where a journal is."""
    assert make(tmp_path).returncode == 0
    again = make(tmp_path)
    assert again.returncode == 1
    assert b"never written again" in again.stderr


def make(folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python(), str(FOLDER / "make.py"), str(folder)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=False,
    )
