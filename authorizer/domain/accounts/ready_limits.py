"""An account's limits, made ready for its purchases: do all of them let one pass?

Most purchases pass all limits, and for these nothing more needs to be known. What a limit says that
does not let one pass, `assessment` finds out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.limits import CALENDAR_WINDOWS, TRANSACTION, LimitTerms, Spending
from authorizer.domain.accounts.trailing_window import TrailingWindow
from authorizer.domain.moments import NEVER_US

_NO_CEILING: Final = 2**62
_UNSEEN: Final = -1
_BY_NOTHING: Final = (False, False, False, False)
_MOST_KINDS: Final = 8
"""Kinds of purchases that are remembered: accounts are many."""
_MOST_WAITING: Final = 32
"""Purchases that may wait to be counted in trailing windows."""


class Rule(NamedTuple):
    """A limit that is in force."""

    limit: Limit
    counts: bool
    """Whether it counts, as all do but those on a single purchase."""
    most_cents: int
    most: int
    """The ceilings, of the amount and of the count."""


def limits_in_force(
    own: Mapping[str, Limit], parts: Mapping[str, Limit], of_all: Mapping[str, LimitTerms]
) -> Iterator[tuple[str, Limit | None, LimitTerms, bool]]:
    """Each limit with the terms that hold, and whether it is for every account.

    The account's own, then those for every account. Of these it has `parts`; the limit is None
    where it has not begun to count.
    """
    for name, limit in own.items():
        yield name, limit, limit.terms, False
    for name, terms in of_all.items():
        part = parts.get(name)
        begun = part is not None and part.terms.counts_like(terms)
        yield name, part if begun else None, terms, True


class Kind:
    """Purchases that are alike to the limits: what has them in its scope, and the room they have.

    The room is told by what may have been spent in all when it is used up, so that it stays true
    while purchases are counted. There may be more of it, because of what has left a trailing
    window: that is seen when it is used up.
    """

    __slots__ = (
        "alone_cents", "calendar", "cents", "count", "rules", "trailing", "until_cents",
        "until_count",
    )  # fmt: skip

    def __init__(self, rules: Iterable[Rule], counting: Iterable[Limit]) -> None:
        """`counting`: the limits that will count them, those among the rules and others."""
        both = tuple(rules)
        self.rules = tuple(rule for rule in both if rule.counts)
        alone = (rule.most_cents if rule.most else _UNSEEN for rule in both if not rule.counts)
        self.alone_cents = min(alone, default=_NO_CEILING)
        """What a single one may take."""
        self.until_cents = self.until_count = _UNSEEN
        self.calendar: list[Limit] = []
        self.trailing: list[TrailingWindow] = []
        for limit in counting:
            if limit.trailing is None:
                self.calendar.append(limit)
            else:
                self.trailing.append(limit.trailing)
        self.cents = self.count = 0
        """What has passed and is in no calendar window's count yet."""

    def look(self, spent_cents: int, spent_count: int, now_us: int) -> None:
        """Find out what room there is, as of what has been spent in all and is counted."""
        room_cents = room_count = _NO_CEILING
        for limit, _, most_cents, most in self.rules:
            cents, count = limit.used(now_us)
            room_cents, room_count = (
                min(room_cents, most_cents - cents),
                min(room_count, most - count),
            )
        self.until_cents, self.until_count = spent_cents + room_cents, spent_count + room_count

    def count_passed(self) -> None:
        """Count what has passed in the calendar windows, all of which it was made in."""
        if not self.count:
            return
        for limit in self.calendar:
            limit.used_cents += self.cents
            limit.used_count += self.count
        self.cents = self.count = 0

    def count_one(self, key: str | int, made_at_us: int, amount_cents: int) -> None:
        """Count one that has not passed, as replay does."""
        for limit in self.calendar:
            if limit.starts_at_us <= made_at_us < limit.ends_at_us:
                limit.used_cents += amount_cents
                limit.used_count += 1
        for window in self.trailing:
            window.count(key, made_at_us, amount_cents)


class ReadyLimits:
    """All limits of an account as they are in force, until one is put, changed or taken away.

    Purchases that pass are counted later, many at once (`settle`): most touch neither the limits
    nor their windows, which lie far apart in memory. Whoever looks at a limit settles before.
    """

    __slots__ = (
        "_by",
        "_counting",
        "_kind",
        "_kinds",
        "_passed",
        "_rules",
        "_since_us",
        "_spent_cents",
        "_spent_count",
        "_until_us",
        "_waiting",
        "all_count",
        "of_all",
    )

    def __init__(
        self, own: Mapping[str, Limit], parts: Mapping[str, Limit], of_all: Mapping[str, LimitTerms]
    ) -> None:
        self.of_all = of_all
        """The limits for every account that it is made of."""
        in_force = tuple(limits_in_force(own, parts, of_all))
        self.all_count = all(limit is not None for _, limit, _, _ in in_force)
        """Whether the account has begun to count for each."""
        self._counting = counting_of((*own.values(), *parts.values()))
        self._rules = tuple(
            Rule(
                limit or Limit(name, terms),  # it holds for each purchase alone until it counts
                limit in self._counting,
                _NO_CEILING if terms.max_amount_cents is None else terms.max_amount_cents,
                _NO_CEILING if terms.max_count is None else terms.max_count,
            )
            for name, limit, terms, _ in in_force
        )
        scopes = [limit.terms.scope for limit in self._counting]
        scopes += [rule.limit.terms.scope for rule in self._rules]
        self._by = tuple(map(any, zip(*scopes, strict=True))) if scopes else _BY_NOTHING
        """Whether wallets, MCCs, merchants, cards have a say in the scopes."""
        self._kinds: dict[tuple[str | None, ...], Kind] = {}
        """By what has a say of the values of a `Spending`."""
        self._spent_cents = self._spent_count = 0
        """What has passed since this was made: in all."""
        self._waiting: list[tuple[list[TrailingWindow], str | int, int, int]] = []
        """What trailing windows will count: they, the key, the time, the amount."""
        self._passed: PurchaseApproved | None = None
        self._kind: Kind | None = None
        """What has just passed, and what is of its kind."""
        windows = [each for each in self._counting if each.terms.window in CALENDAR_WINDOWS]
        self._since_us = max((each.starts_at_us for each in windows), default=0)
        self._until_us = min((each.ends_at_us for each in windows), default=NEVER_US)
        """Until when nothing becomes of the limits by itself, as calendar windows do that end."""
        if not parts.keys() <= of_all.keys():
            self._until_us = 0

    def let_pass(self, event: PurchaseApproved) -> bool:
        """Whether nothing is due, and no limit says no to a purchase, one in the shadow neither."""
        cents = event.amount_cents
        if not self._since_us <= event.at_us < self._until_us:
            return False
        kind = self._kind_of(event)
        if cents > kind.alone_cents:
            return False
        spent_cents = self._spent_cents + cents
        if spent_cents > kind.until_cents or self._spent_count >= kind.until_count:
            self._count_passed()
            kind.look(self._spent_cents, self._spent_count, event.at_us)
            if spent_cents > kind.until_cents or self._spent_count >= kind.until_count:
                return False
        self._passed, self._kind = event, kind
        return True

    def count(self, event: PurchaseApproved, position: int) -> None:
        """Count a purchase: later, where it has just passed.

        One without an id is never reversed: any number is a key for it, as a position is.
        """
        at_us, cents = event.at_us, event.amount_cents
        kind = self._kind
        if self._passed is event and kind is not None:
            self._passed = None
            self._spent_cents += cents
            self._spent_count += 1
            kind.cents += cents
            kind.count += 1
            if kind.trailing:
                waiting = self._waiting
                waiting.append((kind.trailing, event.transaction_id or position, at_us, cents))
                if len(waiting) >= _MOST_WAITING:
                    self._count_passed()
            return
        self.settle()
        self._kind_of(event).count_one(event.transaction_id or position, at_us, cents)

    def settle(self) -> None:
        """Count what has passed, for somebody who looks at the limits and may change them."""
        self._count_passed()
        for kind in self._kinds.values():
            kind.until_count = _UNSEEN

    def _count_passed(self) -> None:
        for kind in self._kinds.values():
            kind.count_passed()
        for windows, key, made_at_us, amount_cents in self._waiting:
            for window in windows:
                window.count(key, made_at_us, amount_cents)
        self._waiting.clear()

    def _kind_of(self, event: PurchaseApproved) -> Kind:
        by_wallet, by_mcc, by_merchant, by_card = self._by
        key = (
            (event.wallet or CREDIT_LIMIT) if by_wallet else None,
            (event.override_mcc or event.mcc) if by_mcc else None,
            event.merchant if by_merchant else None,
            event.card_id if by_card else None,
        )
        found = self._kinds.get(key)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._count_passed()
                self._kinds.clear()
            spending = spending_of(event)
            found = self._kinds[key] = Kind(
                (rule for rule in self._rules if rule.limit.applies_to(spending)),
                (limit for limit in self._counting if limit.applies_to(spending)),
            )
        return found


def spending_of(event: PurchaseApproved) -> Spending:
    """A purchase of one message, as limits see it."""
    source, mcc = event.wallet or CREDIT_LIMIT, event.override_mcc or event.mcc
    return Spending(source, mcc, event.merchant, event.card_id)


def counting_of(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """The limits that count purchases, as all do but those on a single one."""
    return tuple(limit for limit in limits if limit.terms.window != TRANSACTION)
