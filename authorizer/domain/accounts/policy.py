"""The configured part of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.moments import DAY_US


@dataclass(frozen=True, slots=True)
class HoldHours:
    """How long a hold runs, in hours, by the merchant category code."""

    usual: int = 168
    by_mcc: tuple[tuple[int, int, int], ...] = (
        (3351, 3999, 744),
        (7011, 7011, 744),
        (7512, 7512, 744),
    )
    """The first and the last code of a range, and its hours: lodging and car rental."""

    def hours_for(self, mcc: str) -> int:
        """The hours for a code; codes that are no four digits run the usual time."""
        if len(mcc) == 4 and mcc.isascii() and mcc.isdigit():
            for first, last, hours in self.by_mcc:
                if first <= int(mcc) <= last:
                    return hours
        return self.usual


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules look at besides the account itself."""

    categories: CategoryTable = field(default_factory=CategoryTable)
    merchants: MerchantTable = field(default_factory=MerchantTable)
    global_limits: GlobalLimits = field(default_factory=GlobalLimits)
    deadline_ns: int = 80_000_000
    """A purchase that has waited this long for its decision is declined: its caller has gone."""
    id_retention_us: int = 31 * DAY_US
    """How long an id is remembered."""
    max_remembered_ids: int = 262_144
    """How many ids an account may remember, of purchases of one message and of credits each; past
    it, one with a new id is declined or refused, and moves nothing."""
    hold_hours: HoldHours = field(default_factory=HoldHours)
    late_capture_us: int = 7 * DAY_US
    """How long after its release a hold may still be captured."""
    over_capture_percent: Mapping[str, int] = field(default_factory=dict)
    """By MCC: how much more than what is authorized may be captured."""
    wallet_by_product: Mapping[str, str] = field(default_factory=dict)
    """The wallet that alone pays for a product."""
    fallback_of: Mapping[str, str | None] = field(default_factory=dict)
    """By wallet: the one that is asked next, or None; others fall back to `categories.fallback`."""

    def over_capture_percent_for(self, mcc: str) -> int:
        """How much more than what is authorized may be captured at an MCC, in percent."""
        return self.over_capture_percent.get(mcc, 0)
