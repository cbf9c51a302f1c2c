"""The purchases in a trailing window: time and amount of each, so that its use is exact.

They lie in flat arrays, oldest first, with a running sum: a purchase takes 16 bytes and its key,
and neither counting one nor asking what is used looks at the others.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from authorizer.domain.accounts.limits import Change, LimitEntry

_FEW: Final = 64
"""So many entries that have left may stay in front before they are cut off."""


class TrailingWindow:
    """The purchases that a trailing limit counts; what has left is forgotten as others come."""

    __slots__ = (
        "_amounts",
        "_first",
        "_keys",
        "_left",
        "_left_cents",
        "_times",
        "_total_cents",
        "length_us",
    )

    def __init__(self, length_us: int, entries: Iterable[LimitEntry] = ()) -> None:
        self.length_us = length_us
        self._times: array[int] = array("q")
        self._amounts: array[int] = array("q")
        self._keys: list[str | int] = []
        """The id of each purchase; of one without an id, which never changes, a position."""
        self._first = 0
        """Entries before this one are forgotten."""
        self._total_cents = 0
        """The sum from the first on."""
        self._left = 0
        """Where the window began when it was looked at last, and the sum from there on: no part of
        the state, for looking changes nothing."""
        self._left_cents = 0
        for key, made_at_us, amount_cents in entries:
            self.add(key, made_at_us, amount_cents)

    def entries(self) -> Iterator[LimitEntry]:
        """What is not forgotten, oldest first."""
        for at in range(self._first, len(self._times)):
            key = self._keys[at]
            name = key if isinstance(key, str) else f"\0{key}"
            yield LimitEntry(name, self._times[at], self._amounts[at])

    def total(self) -> tuple[int, int]:
        """Sum and count of what is not forgotten, in the window or not."""
        return self._total_cents, len(self._times) - self._first

    def used(self, now_us: int) -> tuple[int, int]:
        """Sum and count of what is in the window at a time."""
        since_us, times = now_us - self.length_us, self._times
        at, cents, end = self._left, self._left_cents, len(times)
        if at > self._first and times[at - 1] > since_us:  # it was looked at for a later time
            at, cents = self._first, self._total_cents
        while at < end and times[at] <= since_us:
            cents -= self._amounts[at]
            at += 1
        self._left, self._left_cents = at, cents
        return cents, end - at

    def add(self, key: str | int, made_at_us: int, amount_cents: int) -> None:
        """Count one more purchase."""
        times = self._times
        if not times or made_at_us >= times[-1]:
            times.append(made_at_us)
            self._amounts.append(amount_cents)
            self._keys.append(key)
        else:  # a late capture brings an older purchase back
            at = bisect_right(times, made_at_us, self._first)
            times.insert(at, made_at_us)
            self._amounts.insert(at, amount_cents)
            self._keys.insert(at, key)
            self._look_anew()
        self._total_cents += amount_cents
        self._left_cents += amount_cents

    def count(self, key: str | int, made_at_us: int, amount_cents: int) -> None:
        """Count a purchase that is made now; forget what has left the window."""
        self.add(key, made_at_us, amount_cents)
        if self._times[self._first] <= made_at_us - self.length_us:
            self.forget(made_at_us)

    def change(self, change: Change) -> None:
        """Count a change of a purchase, where it has not left the window by now."""
        at = self._find(change.key, change.made_at_us)
        if at is None:
            if change.adds_count > 0:
                self.add(change.key, change.made_at_us, change.amount_cents)
            return
        if change.adds_count < 0:
            self._total_cents -= self._amounts.pop(at)
            del self._times[at], self._keys[at]
        else:
            self._total_cents += change.amount_cents
            self._amounts[at] += change.amount_cents
        self._look_anew()

    def forget(self, now_us: int) -> None:
        """Drop what has left the window."""
        times, first = self._times, self._first
        if first < len(times) and times[first] > now_us - self.length_us:
            return
        self._total_cents, _ = self.used(now_us)
        self._first = first = self._left
        if first > _FEW and 2 * first > len(times):
            del times[:first], self._amounts[:first], self._keys[:first]
            self._first = self._left = 0

    def oldest_us(self, now_us: int) -> int | None:
        """The time of the oldest purchase that is in the window at a time; None for no purchase."""
        self.used(now_us)
        return self._times[self._left] if self._left < len(self._times) else None

    def _find(self, key: str, made_at_us: int) -> int | None:
        """Where a purchase is; what is told of the past may have another time than it has here."""
        times, keys, first = self._times, self._keys, self._first
        at = bisect_left(times, made_at_us, first)
        while at < len(times) and times[at] == made_at_us:
            if keys[at] == key:
                return at
            at += 1
        if first == len(times) or made_at_us < times[first]:
            return None
        try:
            return keys.index(key, first)
        except ValueError:
            return None

    def _look_anew(self) -> None:
        self._left, self._left_cents = self._first, self._total_cents
