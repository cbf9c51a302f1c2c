"""What happens to the limits for every account."""

from typing import NamedTuple

from authorizer.domain.accounts.limits import LimitScope


class GlobalLimitPut(NamedTuple):
    """A limit for every account was put, or changed."""

    at_us: int
    by: str
    name: str
    window: str
    trailing_us: int | None
    max_amount_cents: int | None
    max_count: int | None
    scope: LimitScope
    mode: str


class GlobalLimitRemoved(NamedTuple):
    """A limit for every account was taken away."""

    at_us: int
    by: str
    name: str
