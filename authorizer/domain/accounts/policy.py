"""The configured part of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.mcc_ranges import MccRange, value_at
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.moments import DAY_US

USUAL_HOLD_HOURS = 168
LONG_HOLD_HOURS = 744
"""Of lodging and car rental."""
ID_RETENTION_US: Final = 360 * DAY_US
ID_RETENTION: Final = IdRetention(ID_RETENTION_US, ID_RETENTION_US)
"""Where no setting says otherwise."""


@dataclass(frozen=True, slots=True)
class HoldHours:
    """How long a hold runs, in hours, by the merchant category code."""

    usual: int = USUAL_HOLD_HOURS
    by_mcc: tuple[MccRange, ...] = (
        MccRange(3351, 3999, LONG_HOLD_HOURS),
        MccRange(7011, 7011, LONG_HOLD_HOURS),
        MccRange(7512, 7512, LONG_HOLD_HOURS),
    )
    """Lodging and car rental."""

    def hours_for(self, mcc: str) -> int:
        """The hours for a code; codes that are no four digits run the usual time."""
        return value_at(self.by_mcc, mcc) or self.usual


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules look at besides the account itself.

    The fields that `__init__` takes are what is configured, and the tables of merchants and limits.
    """

    categories: CategoryTable = field(default_factory=CategoryTable)
    merchants: MerchantTable = field(default_factory=MerchantTable)
    global_limits: GlobalLimits = field(default_factory=GlobalLimits)
    deadline_ns: int = 80_000_000
    """A purchase that has waited this long for its decision is declined: its caller has gone."""
    id_retention_us: int = ID_RETENTION_US
    """How long a purchase is found by its id, and a repeated id answered alike."""
    max_remembered_ids: int = 262_144
    """How many ids of credits an account may have; past it, a new credit is refused."""
    hold_hours: HoldHours = field(default_factory=HoldHours)
    late_capture_us: int = 7 * DAY_US
    """How long after its release a hold may still be captured; 0: not at all."""
    over_capture_percent: tuple[MccRange, ...] = ()
    """By MCC: how much more than what is authorized may be captured."""
    wallet_by_product: Mapping[str, str | None] = field(default_factory=dict)
    """The wallet that alone pays for a product, at MCCs of its own; None: nothing pays."""
    fallback_of: Mapping[str, str | None] = field(default_factory=dict)
    """By wallet: the one that is asked next, or None; others fall back to `categories.fallback`."""
    credit_id_retention_us: int | None = None
    """How long the id of a credit is remembered; None: as long as one of a purchase, as it was
    before there was a setting for it."""
    id_retention: IdRetention = field(init=False, repr=False, compare=False)
    """Both retentions. Made once, likewise."""
    sources_by_mcc: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """By MCC: the wallets that are asked, in order. Made once, for no purchase is to pay for it."""
    sources_elsewhere: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The wallets that are asked at every other MCC."""

    def __post_init__(self) -> None:
        """Make the tables that purchases look at."""
        of = {name: self._sources(name) for name in self.categories.wallets()}
        by_mcc = {mcc: of[name] for mcc, name in self.categories.wallet_by_mcc.items()}
        object.__setattr__(self, "sources_by_mcc", by_mcc)
        object.__setattr__(self, "sources_elsewhere", of[self.categories.fallback])
        credits_us = self.credit_id_retention_us
        if credits_us is None:
            credits_us = self.id_retention_us
        object.__setattr__(self, "id_retention", IdRetention(self.id_retention_us, credits_us))

    def _sources(self, first: str) -> tuple[str, ...]:
        fallback = self.fallback_of.get(first, self.categories.fallback)
        return (first,) if fallback in (None, first) else (first, fallback)

    def sources_of_product(self, product: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        """The wallet that alone pays for a product, if it is the first of the usual ones.

        The product must be in `wallet_by_product`.
        """
        return usual[:1] if self.wallet_by_product[product] == usual[0] else ()

    def wallets(self) -> tuple[str, ...]:
        """Every wallet that may pay, in a stable order: what an account has by default."""
        fallbacks = (wallet for wallet in self.fallback_of.values() if wallet is not None)
        return tuple(dict.fromkeys((*self.categories.wallets(), *fallbacks)))

    def over_capture_percent_for(self, mcc: str) -> int:
        """How much more than what is authorized may be captured at an MCC, in percent."""
        return value_at(self.over_capture_percent, mcc) or 0
