"""The short way of replay for purchases of one message: most of a journal is of them.

It makes of records what decoding them and `Aggregate.evolve` make of them, on accounts that have
wallets and cards only; whatever else there is takes the long way. What purchases bring is gathered
by account and brought into it later, many at a time: that costs a fraction, because an account that
was not looked at for long is far from the processor. Tests hold both ways to the same state.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.idempotency import PAGE_ENTRIES
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Reason
from authorizer.persistence.state.history import REPLAY_ERRORS
from authorizer.persistence.state.record import head_of

MAX_GATHERED: Final = 1 << 17
"""Purchases that are gathered before all are brought in, give or take a batch."""

_APPROVED, _APPROVED_VERSION = head_of(PurchaseApproved)
_DECLINED, _DECLINED_VERSION = head_of(PurchaseDeclined)
_APPROVED_VALUES: Final = 2 + len(PurchaseApproved._fields)
_DECLINED_VALUES: Final = 2 + len(PurchaseDeclined._fields)
_REQUEST: Final = (
    *("at_us", "by", "account_id", "transaction_id", "amount_cents"),
    *("mcc", "merchant", "card_id", "override_mcc"),
)
# whoever changes these events changes this way too
assert PurchaseApproved._fields == (*_REQUEST, "wallet", "shadow", "product")
assert PurchaseDeclined._fields == (*_REQUEST, "reason", "decided_by", "shadow", "product")
_FOREIGN: Final = Reason.DUPLICATE_MISMATCH.name_on_wire
"""The reason of a decline for which the id does not stand."""
_ANNOUNCED: Final = Reason.REVERSED_BEFORE.name_on_wire
"""The reason of a decline that changes a purchase, which may have left memory."""


class NotReplayedError(Exception):
    """An event that does not fit the state made by those before it; its cause says why."""

    def __init__(self, position: int, error: Exception) -> None:
        super().__init__(f"the record {position} does not fit those before it ({error!r})")
        self.position = position
        self.error = error


class Gathered(NamedTuple):
    """What purchases bring to an account, beyond what they took of its wallets and cards."""

    account: Account
    wallets_cents: dict[str, int]
    """The account's."""
    entries: list[Any]
    """Three values a purchase: its id, the entry for it, its position. None and None where no id
    is kept."""


class PurchaseReplay:
    """Replays the purchases of one message, and has all other records replayed in between."""

    def __init__(
        self,
        account_of: Callable[[str], Account | None],
        since_us: int,
        known_position: int,
        tidy: Callable[[Account, int], None],
    ) -> None:
        """`account_of` gives an account, unpacked, if there is one.

        Ids from before `since_us` are not kept. What stands up to the `known_position` takes the
        long way: accounts may have it. `tidy` is called after a purchase of a time on an account
        that has so many ids that some may leave.
        """
        self._account_of = account_of
        self._since_us = since_us
        self._known_position = known_position
        self._tidy = tidy
        self.newest_us = 0
        """The time of the newest purchase that is replayed, or about to be: room that is made for
        its account forgets what is too old by then."""
        self._gathered: dict[str, Gathered] = {}
        self._left = MAX_GATHERED

    def replay(
        self, rows: Sequence[list[Any]], first: int, other: Callable[[list[Any], int], None]
    ) -> None:
        """Replay records as plain values, of which the first one stands at the position `first`.

        `other` replays one in the long way.

        Raises:
            NotReplayedError: one does not fit those before it.
        """
        position = first - 1
        gathered, since_us = self._gathered, self._since_us
        name, version, values = _APPROVED, _APPROVED_VERSION, _APPROVED_VALUES
        if first <= self._known_position:
            name = ""
        try:
            for row in rows:
                position += 1
                if len(row) != values or row[0] != name or row[1] != version:
                    if not (name and self._decline(row, position)):
                        other(row, position)
                    continue
                _, _, at_us, _, account_id, key, cents, mcc, shop, card_id, used, source, _, of = (
                    row
                )
                self.newest_us = at_us
                found = gathered.get(account_id) or self._begin(account_id)
                if found is None:
                    other(row, position)
                    continue
                account, wallets_cents, entries = found
                if source is not None:
                    wallets_cents[source] -= cents
                elif card_id is not None:
                    account.cards[card_id].limit_used_cents += cents
                if key is None or at_us < since_us:
                    entries += (None, None, position)
                    continue
                entry = (
                    f"{at_us}\0approved\1{source or CREDIT_LIMIT}\1{used or ''}"
                    f"\0{cents}\0{card_id or ''}\0{mcc}\0{shop}"
                )
                entries += (key, entry if of is None else f"{entry}\0{of}", position)
        except REPLAY_ERRORS as error:
            raise NotReplayedError(position, error) from error
        self._left -= len(rows)
        if self._left <= 0:
            self.finish()

    def _decline(self, row: list[Any], position: int) -> bool:
        """Replay a decline in the short way, if the record is one that can be."""
        if len(row) != _DECLINED_VALUES or row[:2] != [_DECLINED, _DECLINED_VERSION]:
            return False
        _, _, at_us, _, account_id, key, cents, mcc, merchant, card_id, _, reason, _, _, of = row
        if reason == _ANNOUNCED or type(cents) is not int:
            return False
        self.newest_us = at_us
        found = self._gathered.get(account_id) or self._begin(account_id)
        if found is None:
            return False
        if key is None or at_us < self._since_us or reason == _FOREIGN:
            found.entries.extend((None, None, position))
        else:
            entry = f"{at_us}\0{reason}\0{cents}\0{card_id or ''}\0{mcc}\0{merchant}"
            found.entries.extend((key, entry if of is None else f"{entry}\0{of}", position))
        return True

    def _begin(self, account_id: str) -> Gathered | None:
        """Gather for an account; None where the long way must be taken."""
        account = self._account_of(account_id)
        if account is None or account.special:
            return None
        found = self._gathered[account_id] = Gathered(account, account.wallets_cents, [])
        return found

    def bring_in(self, account_id: str) -> None:
        """Bring into an account what was gathered for it."""
        found = self._gathered.pop(account_id, None)
        if found is not None:
            self._bring_in(found.account, found.entries)

    def finish(self) -> None:
        """Bring everything in that was gathered."""
        while self._gathered:
            _, found = self._gathered.popitem()
            self._bring_in(found.account, found.entries)
        self._left = MAX_GATHERED

    def _bring_in(self, account: Account, entries: list[Any]) -> None:
        ids = account.purchase_keys
        page = ids.open_page
        keys = entries[::3]
        new = dict(zip(keys, entries[1::3], strict=True))
        new.pop(None, None)
        are_new = len(new) == len(keys) - keys.count(None) and page.keys().isdisjoint(new)
        if are_new and len(page) + len(new) <= PAGE_ENTRIES:
            page.update(new)
            account.position = entries[-1]
            return
        for at in range(0, len(entries), 3):
            key, entry, account.position = entries[at : at + 3]
            if key is not None:
                at_us, answer, said = entry.split("\0", 2)
                ids.add(key, int(at_us), answer, said)
                if ids.sealed_pages:
                    self._tidy(account, int(at_us))
