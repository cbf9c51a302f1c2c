"""Velocity limits: how much, and how often, may be spent in a window.

Counted are approved purchases and holds at their present amount, in the window in which they were
made: what is reversed, runs out or is released goes out of that window again. Counters are exact
and part of the account's state. Bounds of calendar windows come in from outside and stand in
events, so that a changed time zone rewrites nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.outcomes import Reason
from authorizer.domain.revival import reviver

TRANSACTION: Final = "transaction"
CALENDAR_WINDOWS: Final = ("day", "week", "month", "year", "lifetime")


class LimitMode(Enum):
    """Whether a limit declines."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    """It is evaluated and told, and never declines."""


class LimitScope(NamedTuple):
    """Which purchases count. All kinds that are named must fit; an empty one fits everything."""

    wallets: tuple[str, ...] = ()
    """Sources that pay."""
    mccs: tuple[str, ...] = ()
    """Effective codes: an override's before the purchase's own."""
    merchants: tuple[str, ...] = ()
    """Names and prefixes, compared as merchant overrides are."""
    cards: tuple[str, ...] = ()


class LimitTerms(NamedTuple):
    """A limit as it was put."""

    window: str
    """`transaction`, one of `CALENDAR_WINDOWS`, or an ISO 8601 duration."""
    trailing_us: int | None
    """The length of a trailing window; None for the others."""
    max_amount_cents: int | None
    """The ceiling, inclusive; None: none."""
    max_count: int | None
    scope: LimitScope
    mode: LimitMode

    def counts_like(self, other: "LimitTerms") -> bool:
        """Whether counters of one are those of the other."""
        return (self.window, self.scope) == (other.window, other.scope)


class Spending(NamedTuple):
    """A purchase as limits see it."""

    source: str
    mcc: str
    """The effective one."""
    merchant: str
    card_id: str | None


class Counted(NamedTuple):
    """A purchase of the past that counts, at its present amount."""

    key: str
    made_at_us: int
    amount_cents: int
    spending: Spending


class LimitEntry(NamedTuple):
    """A purchase in a trailing window."""

    key: str
    made_at_us: int
    amount_cents: int


class Change(NamedTuple):
    """What a purchase adds to what is used, or takes from it."""

    key: str
    """The purchase."""
    made_at_us: int
    amount_cents: int
    adds_count: int


class LimitCheck(NamedTuple):
    """What a limit says of a purchase."""

    name: str
    terms: LimitTerms
    used_cents: int
    used_count: int
    needed_cents: int
    exceeded: Reason | None
    """`AMOUNT_LIMIT`, `COUNT_LIMIT`, or None: the purchase fits."""
    is_global: bool = False
    """Whether the limit is one for every account."""


class LimitView(NamedTuple):
    """A limit as it stands at a time."""

    name: str
    terms: LimitTerms
    used_cents: int | None
    """None where the account has not begun to count for it; so is the next."""
    used_count: int | None
    renews_at_us: int | None
    """When something of it becomes free by itself."""
    is_global: bool = False
    """Whether it is for every account."""


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


def first_exceeded(checks: Iterable[LimitCheck]) -> LimitCheck | None:
    """The check that declines: the first that fails of those that are enforced."""
    for check in checks:
        if check.exceeded is not None and check.terms.mode is LimitMode.ENFORCE:
            return check
    return None


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


_unpack_scope: Final[Callable[[list[Any]], LimitScope]] = reviver(LimitScope)


def pack_terms(terms: LimitTerms) -> tuple[Any, ...]:
    """The terms of a limit as plain values."""
    return (*terms[:4], tuple(terms.scope), terms.mode.value)


def unpack_terms(values: list[Any]) -> LimitTerms:
    """The terms of a limit from plain values, after a way through JSON."""
    window, trailing_us, amount, count, scope, mode = values
    return LimitTerms(window, trailing_us, amount, count, _unpack_scope(scope), LimitMode(mode))
