"""L1: which wallet pays for a merchant category code (MCC, ISO 18245)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

FOOD: Final = "FOOD"
MEAL: Final = "MEAL"
CASH: Final = "CASH"
CREDIT_LIMIT: Final = "credit_limit"
"""The source of funds where a card's limit pays; so no wallet has this name."""

PRODUCTS: Final = ("01", "02", "03", "04", "05")
"""What a purchase may say that it is paid with: meal PAT, food PAT, culture, meal CLT, food CLT."""

DEFAULT_WALLETS: Final = (FOOD, MEAL, CASH)
DEFAULT_WALLET_BY_MCC: Final[Mapping[str, str]] = MappingProxyType(
    {"5411": FOOD, "5412": FOOD, "5811": MEAL, "5812": MEAL}
)


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """The configured table; codes are compared as exact text, any other code goes to `fallback`."""

    wallet_by_mcc: Mapping[str, str] = field(default_factory=lambda: DEFAULT_WALLET_BY_MCC)
    fallback: str = CASH

    def wallets(self) -> tuple[str, ...]:
        """Every wallet the table can name, in a stable order: what an account has by default."""
        return tuple(dict.fromkeys((*self.wallet_by_mcc.values(), self.fallback)))
