"""The counter of a velocity limit: what is used of it, and whether a purchase still fits.

Counted are approved purchases and holds at their present amount, in the window in which they were
made: what is reversed, runs out or is released goes out of that window again. Counters are exact
and part of the account's state. Bounds of calendar windows come in from outside and stand in
events, so that a changed time zone rewrites nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any

from authorizer.domain.accounts.limits import (
    TRANSACTION,
    Change,
    Counted,
    Held,
    LimitCheck,
    LimitEntry,
    LimitScope,
    LimitTerms,
    LimitView,
    Spending,
    pack_terms,
    unpack_terms,
)
from authorizer.domain.accounts.trailing_window import TrailingWindow
from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.outcomes import Reason


class Limit:
    """A limit of an account, and what is used of it."""

    __slots__ = (
        "_merchants",
        "ends_at_us",
        "name",
        "starts_at_us",
        "takes_all",
        "terms",
        "trailing",
        "used_cents",
        "used_count",
    )

    def __init__(self, name: str, terms: LimitTerms, entries: Iterable[LimitEntry] = ()) -> None:
        """`entries`: the purchases in a trailing window, oldest first."""
        self.name = name
        self.terms = terms
        self._merchants = DescriptorTable.of(terms.scope.merchants)
        self.takes_all = terms.scope == LimitScope()
        """Whether every purchase is in the scope."""
        self.trailing: TrailingWindow | None = None
        """What is counted in a trailing window; None for other windows."""
        if terms.trailing_us is not None:
            self.trailing = TrailingWindow(terms.trailing_us, entries)
        self.starts_at_us = 0
        self.ends_at_us = 0
        """The calendar window that is counted in, without its end; 0 for other windows."""
        self.used_cents = 0
        self.used_count = 0
        """What is used in that window; so is the one before."""

    def applies_to(self, spending: Spending) -> bool:
        """Whether a purchase is in the scope."""
        return self.takes_all or self.takes(*spending)

    def takes(self, source: str, mcc: str, merchant: str, card_id: str | None) -> bool:
        """The same, of the values of a `Spending`."""
        scope = self.terms.scope
        return (
            (not scope.wallets or source in scope.wallets)
            and (not scope.mccs or mcc in scope.mccs)
            and (not scope.cards or card_id in scope.cards)
            and (self._merchants is None or self._merchants.meets(merchant))
        )

    def used(self, now_us: int) -> tuple[int, int]:
        """The amount, in centavos, and the count that are used at a time."""
        if self.trailing is not None:
            return self.trailing.used(now_us)
        if self.starts_at_us <= now_us < self.ends_at_us:
            return self.used_cents, self.used_count
        return 0, 0

    def beside(self, held: Held | None, now_us: int) -> int:
        """What of a hold that is to be added to is to fit too, and is not in what is used now.

        What was held in a window that is over is in no count. Without it a hold could grow by the
        ceiling with every increment.
        """
        if held is None:
            return 0
        if self.terms.window == TRANSACTION:
            return held.authorized_cents
        if self.trailing is not None:
            is_used = held.made_at_us > now_us - self.trailing.length_us
        else:
            is_used = self.starts_at_us <= held.made_at_us <= now_us < self.ends_at_us
        return 0 if is_used else held.counted_cents

    def total(self) -> tuple[int, int]:
        """What is kept as used: in the calendar window, or of a trailing one's purchases."""
        if self.trailing is not None:
            return self.trailing.total()
        return self.used_cents, self.used_count

    def entries(self) -> Iterable[LimitEntry]:
        """The purchases that a trailing window keeps, oldest first; none for other windows."""
        return () if self.trailing is None else self.trailing.entries()

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
        if self.trailing is not None:
            self.trailing.change(change)
            self.trailing.forget(now_us)
        elif self.starts_at_us <= change.made_at_us < self.ends_at_us:
            self.used_cents += change.amount_cents
            self.used_count += change.adds_count

    def view(self, now_us: int) -> LimitView:
        """Describe it as it stands."""
        return LimitView(self.name, self.terms, *self.used(now_us), self.renews_at_us(now_us))

    def renews_at_us(self, now_us: int) -> int | None:
        """When something of it becomes free again by itself; None: never, or nothing is used."""
        if self.trailing is not None:
            oldest_us = self.trailing.oldest_us(now_us)
            return None if oldest_us is None else oldest_us + self.trailing.length_us
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
        *limit.total(),
        list(map(tuple, limit.entries())),
    )


def unpack_limit(values: list[Any]) -> Limit:
    """The limit that `pack_limit` made values of."""
    name, terms, starts_at_us, ends_at_us, used_cents, used_count, entries = values
    limit = Limit(name, unpack_terms(terms), starmap(LimitEntry, entries))
    limit.starts_at_us, limit.ends_at_us = starts_at_us, ends_at_us
    if limit.trailing is None:
        limit.used_cents, limit.used_count = used_cents, used_count
    return limit
