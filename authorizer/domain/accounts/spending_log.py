"""What has been spent on an account since a look-up of its past began.

A look-up tells the past as of a position, and takes a while. Meanwhile the account goes on, and
notes here what becomes of its purchases: the two together are what counts by now, however fast it
purchases. The log is no part of the state.
"""

from collections.abc import Iterable
from typing import Final

from authorizer.domain.accounts.limits import Counted

MAX_NOTES: Final = 100_000
"""Purchases that are noted at most; past it the log is useless, and says so."""


class SpendingLog:
    """The purchases that were made or changed since a position, each at its present amount."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.readers = 1
        """Look-ups under way that need it."""
        self._by_key: dict[str, Counted] = {}

    @property
    def is_full(self) -> bool:
        """Whether it had to leave something out."""
        return len(self._by_key) > MAX_NOTES

    def note(self, counted: Counted) -> None:
        """Note a purchase as it stands now; nothing of it may be left."""
        if not self.is_full:
            self._by_key[counted.key] = counted

    def added_to(self, history: Iterable[Counted]) -> tuple[Counted, ...]:
        """What counts by now, oldest first, of what counted at the position or later."""
        known = self._by_key
        kept = (
            each for each in history if each.position <= self.position and each.key not in known
        )
        added = (each for each in known.values() if each.amount_cents > 0)
        return tuple(sorted((*kept, *added), key=lambda each: each.made_at_us))
