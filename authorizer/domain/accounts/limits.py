"""Velocity limits: how much, and how often, may be spent in a window."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.outcomes import Reason
from authorizer.domain.revival import reviver

TRANSACTION: Final = "transaction"
RENEWING: Final = ("day", "week", "month", "year")
"""Calendar windows that end."""
CALENDAR_WINDOWS: Final = (*RENEWING, "lifetime")


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
    position: int = 0
    """That of the purchase's first event."""


class Held(NamedTuple):
    """A hold that is to be added to."""

    made_at_us: int
    authorized_cents: int
    """What is authorized in all."""
    counted_cents: int
    """Its present amount, as limits count it."""


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


def first_exceeded(checks: Iterable[LimitCheck]) -> LimitCheck | None:
    """The check that declines: the first that fails of those that are enforced."""
    for check in checks:
        if check.exceeded is not None and check.terms.mode is LimitMode.ENFORCE:
            return check
    return None


_unpack_scope: Final[Callable[[list[Any]], LimitScope]] = reviver(LimitScope)


def pack_terms(terms: LimitTerms) -> tuple[Any, ...]:
    """The terms of a limit as plain values."""
    return (*terms[:4], tuple(terms.scope), terms.mode.value)


def unpack_terms(values: list[Any]) -> LimitTerms:
    """The terms of a limit from plain values, after a way through JSON."""
    window, trailing_us, amount, count, scope, mode = values
    return LimitTerms(window, trailing_us, amount, count, _unpack_scope(scope), LimitMode(mode))
