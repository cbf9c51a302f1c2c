"""Closed purchases leave memory once they are old, and come back when somebody names them.

Not an event: where a purchase lies decides nothing. It leaves in three steps. What may leave is
looked up (`closed_purchases`), an archive takes it, and only then it is let go (`let_go`), as far
as it has not changed meanwhile. A message that names it brings it along again (`recalled`).
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.events import PurchaseDeclined
from authorizer.domain.accounts.idempotency import IdempotencyKeys, entry_us, newest_us, parse_entry
from authorizer.domain.accounts.purchase_state import (
    Purchase,
    pack_purchase,
    unpack_purchase,
)
from authorizer.domain.accounts.state import Account, Recalled
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Reason

MAX_AT_ONCE: Final = 128
"""Purchases of several messages that are taken at once: to pack one takes some microseconds."""

Form = str | list[Any] | tuple[Any, ...]
"""A purchase as it is archived: of one message, its entry among the ids; else its values."""


class Leaving(NamedTuple):
    """A purchase on its way out of memory."""

    purchase_id: str
    changed_us: int
    """The time of its last change."""
    form: Form
    operations: int = 1
    """How many it has: a later change brings one more."""


class ClosedPurchases(NamedTuple):
    """Purchases of an account that may leave memory, as they are at its position."""

    account_id: str
    position: int
    pages: tuple[dict[str, str], ...]
    """Sealed pages of ids, which never change."""
    entries: dict[str, str]
    """Entries of the open page."""
    purchases: tuple[Leaving, ...]
    """Purchases of several messages."""
    superseded: frozenset[str] = frozenset()
    """Ids whose entries leave memory and are not archived: their purchases have several messages
    by now, and the entry would be a form of an earlier state at this position."""

    @property
    def total(self) -> int:
        """How many there are, those that are not archived too."""
        return sum(map(len, self.pages)) + len(self.entries) + len(self.purchases)

    def leaving(self) -> "list[Leaving]":
        """What is archived, the purchases of one message first."""
        single = [
            Leaving(purchase_id, entry_us(entry), entry)
            for page in (*self.pages, self.entries)
            for purchase_id, entry in page.items()
            if purchase_id not in self.superseded
        ]
        return [*single, *self.purchases]


def is_over(account: Account, most: int) -> bool:
    """Whether more purchases are in memory than should be, as far as can be told at once."""
    keys = account.purchase_keys
    if keys.sealed_pages and len(keys) - len(keys.open_page) > most:
        return True
    count = len(Account.purchases.of(account))
    if count <= most:
        return False
    # many open holds may be looked through in vain: the more there are, the less often
    return count % (MAX_AT_ONCE << (count // most).bit_length() >> 1) == 0


def closed_purchases(account: Account, before_us: int, most: int) -> ClosedPurchases | None:
    """The purchases that may leave: the last change of which lies before a time, or too many.

    Open holds stay, and so does what of a purchase of several messages is still among the ids of
    one: the later state must be the one that is found.
    """
    pages, entries = _of_one(account.purchase_keys, before_us, most)
    several = list(islice(_of_several(account, before_us, most), MAX_AT_ONCE))
    purchases = Account.purchases.of(account)
    found = ClosedPurchases(
        account.account_id,
        account.position,
        tuple(pages),
        entries,
        tuple(_leaving(purchases[purchase_id]) for purchase_id in several),
        frozenset().union(*(purchases.keys() & page.keys() for page in (*pages, entries))),
    )
    return found if found.total else None


def may_leave(account: Account, before_us: int, most: int) -> bool:
    """Whether there are such purchases; none is packed for it."""
    pages, entries = _of_one(account.purchase_keys, before_us, most)
    return bool(pages or entries) or any(_of_several(account, before_us, most))


def _of_one(
    keys: IdempotencyKeys, before_us: int, most: int
) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Purchases of one message: sealed pages, and entries of the open one."""
    pages: list[dict[str, str]] = []
    left = len(keys)
    for page in keys.sealed_pages:
        if left <= most and newest_us(page) >= before_us:
            return pages, {}
        pages.append(page)
        left -= len(page)
    return pages, keys.answered_before(before_us)


def _of_several(account: Account, before_us: int, most: int) -> Iterator[str]:
    """The ids of the purchases of several messages that may leave."""
    purchases = Account.purchases.of(account)
    spare = len(purchases) - most
    for purchase_id, changed_us in purchases.ended():
        is_due = spare > 0 or changed_us < before_us
        if is_due and not account.purchase_keys.holds(purchase_id):
            spare -= 1
            yield purchase_id


def _leaving(purchase: Purchase) -> Leaving:
    operations = purchase.operations
    changed_us, form = operations[-1].at_us, pack_purchase(purchase)
    return Leaving(purchase.purchase_id, changed_us, form, len(operations))


def let_go(account: Account, archived: ClosedPurchases) -> int:
    """Take out of memory what was archived and is as it was; how many went."""
    purchases = Account.purchases.of(account)
    before = len(account.purchase_keys) + len(purchases)
    account.purchase_keys.drop(archived.pages, archived.entries)
    for left in archived.purchases:
        purchase = purchases.get(left.purchase_id)
        if purchase is not None and len(purchase.operations) == left.operations:
            del purchases[left.purchase_id]
    return before - len(account.purchase_keys) - len(purchases)


def recalled(purchase_id: str, form: Form) -> Recalled:
    """The purchase that was archived in a form, after a way through JSON."""
    if isinstance(form, str):
        return Recalled(purchase_id, parse_entry(form))
    return Recalled(purchase_id, unpack_purchase(list(form)))


def named_purchase(event: Event) -> str | None:
    """The purchase that an event changes, if it may have left memory by then."""
    if isinstance(event, PurchaseDeclined):
        known = event.reason == Reason.REVERSED_BEFORE.name_on_wire
        return event.transaction_id if known else None
    name: str | None = getattr(event, "purchase_id", None)
    return name


def in_memory(account: Account, purchase_id: str) -> bool:
    """Whether the purchase of an id is in memory."""
    return purchase_id in Account.purchases.of(account) or account.purchase_keys.holds(purchase_id)
