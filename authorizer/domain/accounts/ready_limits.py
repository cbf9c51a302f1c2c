"""An account's limits, made ready for its purchases: do all of them let one pass?

Most purchases pass all limits, and for these nothing more needs to be known. What a limit says that
does not let one pass, `assessment` finds out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.limits import CALENDAR_WINDOWS, TRANSACTION, LimitTerms, Spending
from authorizer.domain.moments import NEVER_US

_NO_CEILING: Final = 2**62
_MEMO_ENTRIES: Final = 8
"""Kinds of purchases of which it is remembered what has them in its scope: accounts are many."""

Rule = tuple[Limit, int, int]
"""A limit with its ceilings, of the amount in centavos and of the count."""


class Applying(NamedTuple):
    """What has a purchase in its scope."""

    rules: tuple[Rule, ...]
    counting: tuple[Limit, ...]
    """The limits that will count it."""

    def of(self, spending: Spending) -> "Applying":
        """What of it has a purchase in its scope."""
        return Applying(
            tuple(rule for rule in self.rules if rule[0].applies_to(spending)),
            tuple(limit for limit in self.counting if limit.applies_to(spending)),
        )


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


class ReadyLimits:
    """All limits of an account as they are in force, until one is put, changed or taken away."""

    __slots__ = (
        "_all",
        "_memo",
        "_passed",
        "_since_us",
        "_until_us",
        "_will_count",
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
        rules = tuple(
            (
                limit or Limit(name, terms),  # it holds for each purchase alone until it counts
                _NO_CEILING if terms.max_amount_cents is None else terms.max_amount_cents,
                _NO_CEILING if terms.max_count is None else terms.max_count,
            )
            for name, limit, terms, _ in in_force
        )
        counting = (*own.values(), *parts.values())
        self._all = Applying(rules, counting_of(counting))
        has_scopes = any(not each.takes_all for each in (*counting, *(one[0] for one in rules)))
        self._memo: dict[tuple[Any, ...], Applying] | None = {} if has_scopes else None
        """By the values of a `Spending`; None where every purchase is in every scope."""
        self._passed: PurchaseApproved | None = None
        self._will_count: tuple[Limit, ...] = ()
        windows = [each for each in counting if each.terms.window in CALENDAR_WINDOWS]
        self._since_us = max((each.starts_at_us for each in windows), default=0)
        self._until_us = min((each.ends_at_us for each in windows), default=NEVER_US)
        """Until when nothing becomes of the limits by itself, as calendar windows do that end."""
        if not parts.keys() <= of_all.keys():
            self._until_us = 0

    def let_pass(self, event: PurchaseApproved) -> bool:
        """Whether nothing is due, and no limit says no to a purchase, one in the shadow neither."""
        now_us, amount_cents = event.at_us, event.amount_cents
        if not self._since_us <= now_us < self._until_us:
            return False
        applying = self._applying_to(event)
        for limit, most_cents, most in applying.rules:
            trailing = limit.trailing
            if trailing is None:
                cents, count = limit.used_cents, limit.used_count
            else:
                cents, count = trailing.used(now_us)
            if cents + amount_cents > most_cents or count >= most:
                return False
        self._passed, self._will_count = event, applying.counting
        return True

    def counting(self, event: PurchaseApproved) -> tuple[Limit, ...]:
        """The limits that count a purchase: known already where it has just passed."""
        passed, self._passed = self._passed, None
        return self._will_count if passed is event else self._applying_to(event).counting

    def _applying_to(self, event: PurchaseApproved) -> Applying:
        memo = self._memo
        if memo is None:
            return self._all
        mcc, source = event.override_mcc or event.mcc, event.wallet or CREDIT_LIMIT
        kind = (source, mcc, event.merchant, event.card_id)
        found = memo.get(kind)
        if found is None:
            if len(memo) >= _MEMO_ENTRIES:
                memo.clear()
            found = memo[kind] = self._all.of(Spending(*kind))
        return found


def counting_of(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """The limits that count purchases, as all do but those on a single one."""
    return tuple(limit for limit in limits if limit.terms.window != TRANSACTION)
