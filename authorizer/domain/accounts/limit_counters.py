"""The counter of a velocity limit: what is used of it, and whether a purchase still fits.

Counted are approved purchases and holds at their present amount, in the window in which they were
made: what is reversed, runs out or is released goes out of that window again. Counters are exact
and part of the account's state. Bounds of calendar windows come in from outside and stand in
events, so that a changed time zone rewrites nothing.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from authorizer.domain.accounts.limits import (
    TRANSACTION,
    Change,
    Counted,
    LimitCheck,
    LimitScope,
    LimitTerms,
    LimitView,
    Spending,
    pack_terms,
    unpack_terms,
)
from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.outcomes import Reason


class Limit:
    """A limit of an account, and what is used of it."""

    __slots__ = (
        "_merchants",
        "_takes_all",
        "ends_at_us",
        "entries",
        "name",
        "starts_at_us",
        "terms",
        "used_cents",
        "used_count",
    )

    def __init__(self, name: str, terms: LimitTerms) -> None:
        self.name = name
        self.terms = terms
        self._merchants = DescriptorTable.of(terms.scope.merchants)
        self._takes_all = terms.scope == LimitScope()
        self.starts_at_us = 0
        self.ends_at_us = 0
        """The calendar window that is counted in, without its end; 0 for other windows."""
        self.used_cents = 0
        self.used_count = 0
        self.entries: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Of a trailing window: time and amount of each purchase in it, oldest first.

        What leaves is at the front: a plain dict would look through all that has left already."""

    def applies_to(self, spending: Spending) -> bool:
        """Whether a purchase is in the scope."""
        if self._takes_all:
            return True
        scope = self.terms.scope
        return (
            (not scope.wallets or spending.source in scope.wallets)
            and (not scope.mccs or spending.mcc in scope.mccs)
            and (not scope.cards or spending.card_id in scope.cards)
            and (self._merchants is None or self._merchants.meets(spending.merchant))
        )

    def used(self, now_us: int) -> tuple[int, int]:
        """The amount, in centavos, and the count that are used at a time."""
        if self.terms.trailing_us is not None:
            since_us = now_us - self.terms.trailing_us
            cents, count = self.used_cents, self.used_count
            for at_us, entry_cents in self.entries.values():
                if at_us > since_us:
                    break
                cents, count = cents - entry_cents, count - 1
            return cents, count
        if self.starts_at_us <= now_us < self.ends_at_us:
            return self.used_cents, self.used_count
        return 0, 0

    def check(
        self, terms: LimitTerms, spending_cents: int, adds_count: int, now_us: int
    ) -> LimitCheck:
        """What it says of a purchase in its scope; the ceilings may be newer than its own."""
        exceeded = self.exceeded(terms, spending_cents, adds_count, now_us)
        return LimitCheck(self.name, terms, *self.used(now_us), spending_cents, exceeded)

    def exceeded(
        self, terms: LimitTerms, spending_cents: int, adds_count: int, now_us: int
    ) -> Reason | None:
        """`AMOUNT_LIMIT`, `COUNT_LIMIT`, or None: the purchase fits."""
        if terms.trailing_us is None and self.starts_at_us <= now_us < self.ends_at_us:
            cents, count = self.used_cents, self.used_count
        else:
            cents, count = self.used(now_us)
        most_cents, most = terms.max_amount_cents, terms.max_count
        if most_cents is not None and cents + spending_cents > most_cents:
            return Reason.AMOUNT_LIMIT
        if most is not None and adds_count and count + adds_count > most:
            return Reason.COUNT_LIMIT
        return None

    def begin_window(self, starts_at_us: int, ends_at_us: int) -> None:
        """Count anew, in another calendar window."""
        self.starts_at_us, self.ends_at_us = starts_at_us, ends_at_us
        self.used_cents = self.used_count = 0

    def count(self, change: Change, now_us: int) -> None:
        """Count a purchase, or a change of one."""
        if self.terms.trailing_us is not None:
            self._count_trailing(change)
            self._forget(now_us - self.terms.trailing_us)
        elif self.starts_at_us <= change.made_at_us < self.ends_at_us:
            self.used_cents += change.amount_cents
            self.used_count += change.adds_count

    def _count_trailing(self, change: Change) -> None:
        known = self.entries.get(change.key)
        if known is None:
            if change.adds_count <= 0:  # it has left the window by now
                return
            newest_us, _ = next(reversed(self.entries.values()), (change.made_at_us, 0))
            self.entries[change.key] = (change.made_at_us, change.amount_cents)
            if change.made_at_us < newest_us:  # a late capture brings an older purchase back
                in_order = sorted(self.entries.items(), key=lambda entry: entry[1][0])
                self.entries = OrderedDict(in_order)
        elif change.adds_count < 0:
            del self.entries[change.key]
        else:
            self.entries[change.key] = (known[0], known[1] + change.amount_cents)
        self.used_cents += change.amount_cents
        self.used_count += change.adds_count

    def _forget(self, since_us: int) -> None:
        """Drop what has left a trailing window."""
        while self.entries:
            key = next(iter(self.entries))
            at_us, cents = self.entries[key]
            if at_us > since_us:
                return
            del self.entries[key]
            self.used_cents -= cents
            self.used_count -= 1

    def view(self, now_us: int) -> LimitView:
        """Describe it as it stands."""
        return LimitView(self.name, self.terms, *self.used(now_us), self.renews_at_us(now_us))

    def renews_at_us(self, now_us: int) -> int | None:
        """When something of it becomes free again by itself; None: never, or nothing is used."""
        trailing_us = self.terms.trailing_us
        if trailing_us is not None:
            times = (at for at, _ in self.entries.values() if at > now_us - trailing_us)
            return next((at + trailing_us for at in times), None)
        if self.terms.window in (TRANSACTION, "lifetime"):
            return None
        return self.ends_at_us if now_us < self.ends_at_us else None


def counted_in(
    terms: LimitTerms, history: Iterable[Counted], starts_at_us: int, ends_at_us: int
) -> Iterator[Counted]:
    """The purchases of the past that count for a new limit, in the given window."""
    limit = Limit("", terms)
    for each in history:
        if starts_at_us <= each.made_at_us < ends_at_us and limit.applies_to(each.spending):
            yield each


def pack_limit(limit: Limit) -> tuple[Any, ...]:
    """A limit as plain values."""
    return (
        limit.name,
        pack_terms(limit.terms),
        limit.starts_at_us,
        limit.ends_at_us,
        limit.used_cents,
        limit.used_count,
        [(key, *entry) for key, entry in limit.entries.items()],
    )


def unpack_limit(values: list[Any]) -> Limit:
    """The limit that `pack_limit` made values of."""
    name, terms, starts_at_us, ends_at_us, used_cents, used_count, entries = values
    limit = Limit(name, unpack_terms(terms))
    limit.starts_at_us, limit.ends_at_us = starts_at_us, ends_at_us
    limit.used_cents, limit.used_count = used_cents, used_count
    limit.entries = OrderedDict((key, (at_us, cents)) for key, at_us, cents in entries)
    return limit
