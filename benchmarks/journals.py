"""Journals of a chosen size, written through the authorizer's own journal."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved
from authorizer.domain.messages import Event
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import encode
from benchmarks.wrk import AMOUNT_CENTS, FIRST_ACCOUNT, OPENING_CENTS

SEGMENT_BYTES = 64 << 20
"""The server's default."""

FIRST_AT_US = 1_700_000_000_000_000
MCC = "5811"
MERCHANT = "PADARIA DO ZE               SAO PAULO BR"


def accounts_opened(count: int, first: int = 0, at_us: int = FIRST_AT_US) -> Iterable[Event]:
    """The events of ``count`` accounts, numbered and funded as wrk's scripts expect."""
    for number in range(first, first + count):
        account_id = str(FIRST_ACCOUNT + number)
        yield AccountOpened(at_us, "benchmark", account_id, OPENING_CENTS, None)


def purchases_approved(count: int, accounts: int, at_us: int = FIRST_AT_US) -> Iterable[Event]:
    """Approved purchases with ids, one account after the other, a microsecond apart."""
    for number in range(count):
        yield PurchaseApproved(
            at_us=at_us + number,
            by="benchmark",
            account_id=str(FIRST_ACCOUNT + number % accounts),
            transaction_id=f"benchmark-{number:010d}",
            amount_cents=AMOUNT_CENTS,
            mcc=MCC,
            merchant=MERCHANT,
            card_id=None,
            override_mcc=None,
            wallet="MEAL",
        )


def new_journal(folder: Path) -> FileJournal:
    """An empty journal in a data folder of its own."""
    disk = LocalDisk(folder)
    disk.make_folder(".")
    return FileJournal(disk, JournalReader(disk), SEGMENT_BYTES)


def write_journal(folder: Path, events: Iterable[Event], batch_records: int) -> None:
    """A data folder whose journal holds these events."""
    journal = new_journal(folder)
    records = map(encode, events)
    while batch := list(islice(records, batch_records)):
        journal.write(journal.position + 1, batch)
    journal.close()
