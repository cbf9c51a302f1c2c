"""What must hold, of a state, a journal and a follower, beside a bank as a child would keep it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.purchase_lookup import find_purchase
from authorizer.domain.accounts.state import Account, AccountStatus, account_view
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.persistence.archive.protocol import Archive
from authorizer.persistence.archive.wholeness import make_whole
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.place import BEGINNING, Place
from authorizer.persistence.journal.protocol import Journal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.record import decode
from authorizer.persistence.state.state import State
from authorizer.simulation.naive_account import CREDIT, NaiveAccount
from authorizer.simulation.naive_bank import NaiveBank, books
from authorizer.simulation.requests import books_shown, card_of, terms


class WrongError(Exception):
    """Something that must never happen has happened."""


def must(holds: bool, what: str, *shown: Any) -> None:
    """WrongError unless something holds."""
    if not holds:
        raise WrongError(what + "".join(f"\n    {each!r}" for each in shown))


def same(what: str, found: Any, expected: Any) -> None:
    """WrongError unless two values are equal."""
    must(found == expected, f"{what}: found, then expected", found, expected)


def check_state(state: State, archive: Archive | None, bank: NaiveBank, now_us: int) -> None:
    """A state is the bank's, and the bank has conserved its money."""
    same("accounts", sorted(state[ACCOUNTS]), sorted(bank.accounts))
    same("overrides", dict(state.single(MERCHANTS).entries()), bank.overrides)
    for account_id, naive in bank.accounts.items():
        account = state[ACCOUNTS].load(account_id)
        make_whole(account, archive, 0)
        check_account(account, naive, now_us)


def check_account(account: Account, naive: NaiveAccount, now_us: int) -> None:
    """An account, with all its purchases in memory, is the bank's."""
    name = account.account_id
    must(naive.is_conserved(), f"money of {name} is not conserved", vars(naive))
    same(f"position of {name}", account.position, naive.position)
    same(f"books of {name}", books_shown(account_view(account)), books(naive))
    same(f"standing of {name}", account.status is AccountStatus.FROZEN, naive.is_frozen)
    for purchase_id, expected in naive.purchases.items():
        found = find_purchase(account, purchase_id)
        must(found is not None, f"purchase {purchase_id} of {name} is lost", expected)
        assert found is not None
        figures = (found.amount_cents, found.held_cents, found.captured_cents)
        same(f"{name}'s {purchase_id}", (found.status.value, *figures), expected.figures)
        same(f"expiry of {name}'s {purchase_id}", found.expires_at_us, expected.expires_at_us)
    if naive.card is not None:
        card = account.cards[card_of(name)]
        same(f"limit of {name}'s card", card.available_cents, naive.there[CREDIT])
        same(f"block of {name}'s card", card.block_reason is not None, naive.is_blocked)
    same(f"limits of {name}", sorted(account.limits), sorted(naive.limits))
    for limit_name, limit in naive.limits.items():
        counted = account.limits[limit_name]
        same(f"terms of {name}'s limit", counted.terms, terms(limit))
        if limit.window != "transaction":
            used = naive.used(limit, now_us)
            same(f"used of {name}'s limit {limit_name}", counted.used(now_us), used)


@lru_cache(maxsize=8192)
def _at_us(record: bytes) -> int:
    """A record's time: the same records are read at each start."""
    return decode(record).at_us


def check_journal(disk: Disk) -> list[int]:
    """The journal can be read whole, and no event is older than the one before; its checksums."""
    newest_us, checksums = 0, []
    reader = JournalReader(disk)
    for batch in reader:
        for record in batch.records():
            at_us = _at_us(record)
            must(at_us >= newest_us, "an event is older than the one before it", at_us, newest_us)
            newest_us = at_us
            checksums.append(crc32(record))
    same("records of the journal", len(checksums), reader.position)
    return checksums


class Follower:
    """Reads on from where it was, as the read models do, and remembers what it was shown."""

    def __init__(self) -> None:
        self._place: Place = BEGINNING
        self._seen: list[int] = []
        """The checksum of every record, in order."""

    def follow(self, journal: Journal, until: int) -> None:
        """Read on, up to a position that is durable. Every event is seen once, in order."""
        for batch in journal.batches(self._place, until):
            same("a follower's next position", batch.first_position, len(self._seen) + 1)
            self._seen += [crc32(record) for record in batch.records()]
            self._place = Place.of(batch)
        same("a follower's end", len(self._seen), until)

    def check(self, checksums: Sequence[int]) -> None:
        """What was seen is still in the journal, by its checksums: no crash takes it back."""
        same("what a follower saw", checksums[: len(self._seen)], self._seen)
