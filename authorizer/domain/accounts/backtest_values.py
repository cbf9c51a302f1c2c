"""What a backtest works with: candidate limits, what is known of purchases, what was found."""

from typing import NamedTuple, Protocol

from authorizer.domain.accounts.limits import Held, LimitCheck, LimitMode, LimitTerms, Spending
from authorizer.domain.outcomes import Reason


class Candidate(NamedTuple):
    """A limit that is tried."""

    name: str
    account_id: str | None
    """The account that it is for; None: every one, each counted by itself."""
    terms: LimitTerms


class KnownPurchase(NamedTuple):
    """What must be known of a purchase when something else happens to it."""

    made_at_us: int
    amount_cents: int
    """What is authorized in all."""
    counted_cents: int
    """Its present amount, as limits count it."""
    takes_part: bool
    """Whether it was approved, and by the candidates too."""
    by_force: bool
    """Whether it was booked by force, so that nothing was ever held of it."""
    is_hold: bool
    surplus_cents: int
    """What was held in truth of increments that candidates would have declined."""
    spending: Spending


class KnownPurchases(Protocol):
    """The purchases of the past, by account and id."""

    def get(self, account_id: str, purchase_id: str) -> KnownPurchase | None:
        """The purchase; None for one that is not there."""

    def put(self, account_id: str, purchase_id: str, purchase: KnownPurchase) -> None:
        """Keep a purchase, in the place of what was known of it."""


class Finding(NamedTuple):
    """A purchase that a candidate would have declined."""

    position: int
    at_us: int
    account_id: str
    purchase_id: str | None
    operation_id: str | None
    """The increment's id; None for the purchase itself."""
    amount_cents: int
    spending: Spending
    reason: Reason
    check: LimitCheck
    """What the candidate saw."""
    declines: bool
    """Whether it would have decided: the first of those that are enforced."""

    @property
    def is_shadow(self) -> bool:
        """Whether the candidate lets pass what goes beyond it."""
        return self.check.terms.mode is LimitMode.SHADOW


class Asked(NamedTuple):
    """What candidates decide on."""

    purchase_id: str | None
    operation_id: str | None
    spending: Spending
    cents: int
    held: Held | None
    """The hold that an increment adds to; None for a purchase."""
