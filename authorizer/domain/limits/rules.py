"""Putting limits on every account: how it is decided, and what it changes."""

from typing import Final

from authorizer.domain.accounts.limits import LimitMode, LimitTerms
from authorizer.domain.aggregate import Context
from authorizer.domain.limits.commands import PutGlobalLimit, RemoveGlobalLimit
from authorizer.domain.limits.events import GlobalLimitPut, GlobalLimitRemoved
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.outcomes import HOLDS, Decision, Done, conflict, unknown

MAX_GLOBAL_LIMITS: Final = 50


def put_global_limit(
    limits: GlobalLimits, command: PutGlobalLimit, _: Context, now_us: int
) -> Decision:
    """Put a limit, or change it. The same again changes nothing."""
    known = limits.terms.get(command.name)
    if known == command.terms:
        return HOLDS
    if known is None and len(limits.terms) >= MAX_GLOBAL_LIMITS:
        return conflict(f"there are {MAX_GLOBAL_LIMITS} limits for every account")
    terms = command.terms
    event = GlobalLimitPut(now_us, command.by, command.name, *terms[:5], terms.mode.value)
    return Decision(Done(created=known is None), (event,))


def remove_global_limit(
    limits: GlobalLimits, command: RemoveGlobalLimit, _: Context, now_us: int
) -> Decision:
    """Take a limit away."""
    if command.name not in limits.terms:
        return Decision(unknown("limit", command.name))
    return Decision(Done(), (GlobalLimitRemoved(now_us, command.by, command.name),))


def global_limit_put(limits: GlobalLimits, event: GlobalLimitPut) -> None:
    """The limit stands."""
    terms = LimitTerms(
        event.window,
        event.trailing_us,
        event.max_amount_cents,
        event.max_count,
        event.scope,
        LimitMode(event.mode),
    )
    limits.terms = {**limits.terms, event.name: terms}


def global_limit_removed(limits: GlobalLimits, event: GlobalLimitRemoved) -> None:
    """The limit is gone."""
    limits.terms = {name: terms for name, terms in limits.terms.items() if name != event.name}
