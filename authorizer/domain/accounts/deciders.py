"""What decided on a purchase besides its funds: which rule, and which limit or control by name."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.limits import LimitCheck, LimitMode
from authorizer.domain.outcomes import Reason

ACCOUNT: Final = "account"
GLOBAL: Final = "global"
"""Levels of a limit: the account's own, or one for every account."""
CONTROLS: Final = "controls"
PRODUCT: Final = "product"
LIMIT: Final = "limit"
"""The rules that decline by something that has a name."""
_RULES: Final = {
    Reason.CARD_CONTROL.name_on_wire: CONTROLS,
    Reason.MERCHANT_NOT_ELIGIBLE.name_on_wire: PRODUCT,
}


class LimitName(NamedTuple):
    """A limit."""

    name: str
    level: str
    """`account` or `global`."""


class Decider(NamedTuple):
    """What declined a purchase, where its reason alone does not say it."""

    rule: str
    """`controls`, `product` or `limit`, as the rules are called where they are explained."""
    name: str
    """The control, the product or the limit."""
    level: str | None
    """Of a limit: `account` or `global`; None where that was not recorded."""


class LimitHit(NamedTuple):
    """A limit that a purchase would have gone beyond."""

    name: str
    level: str | None
    mode: LimitMode
    """`ENFORCE`: it declined the purchase."""


def limit_name(check: LimitCheck) -> LimitName:
    """The limit that a check is of."""
    return LimitName(check.name, GLOBAL if check.is_global else ACCOUNT)


def shadow_hits(checks: Iterable[LimitCheck]) -> tuple[LimitName, ...]:
    """The limits in the shadow that would have declined."""
    return tuple(
        limit_name(check)
        for check in checks
        if check.exceeded is not None and check.terms.mode is LimitMode.SHADOW
    )


def limit_hits(event: Any) -> Iterator[LimitHit]:
    """The limits that an event's decision hit; none for events that decide on no purchase.

    An event tells all of it, so whoever counts hits needs no more than the events.
    """
    decided_by: Decider | None = getattr(event, "decided_by", None)
    if decided_by is not None and decided_by.rule == LIMIT:
        yield LimitHit(decided_by.name, decided_by.level, LimitMode.ENFORCE)
    for name, level in getattr(event, "shadow", ()):
        yield LimitHit(name, level, LimitMode.SHADOW)


def decider_recorded_by_name(reason: str, name: str | None) -> list[str | None] | None:
    """The decider of an event that recorded no more than its name, as plain values."""
    return None if name is None else [_RULES.get(reason, LIMIT), name, None]
