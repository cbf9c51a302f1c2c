"""The configured part of the rules."""

from dataclasses import dataclass, field

from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.moments import DAY_US


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules look at besides the account itself."""

    categories: CategoryTable = field(default_factory=CategoryTable)
    merchants: MerchantTable = field(default_factory=MerchantTable)
    deadline_ns: int = 80_000_000
    """A purchase that has waited this long for its decision is declined: its caller has gone."""
    id_retention_us: int = 31 * DAY_US
    """How long an id is remembered."""
    max_remembered_ids: int = 262_144
    """How many ids an account may remember; past it, a purchase with a new id is declined."""
