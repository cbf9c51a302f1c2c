"""Counts and amounts of purchases, approved and declined."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from authorizer.followers.reports.tables.schema import CENTS_BASE

PARTS: Final = 6
Numbers = npt.NDArray[np.int64]
"""Six lines: the number of approved purchases, their amount's `cents_high` and `cents_low`; the
same of declined ones. `schema.transaction_days` says how amounts are split."""

_HALF: Final = 32


class PurchaseTotals(NamedTuple):
    """The number and the amount of purchases approved and declined, in centavos."""

    approved: int
    approved_cents: int
    declined: int
    declined_cents: int

    @classmethod
    def of(cls, numbers: Numbers) -> "PurchaseTotals":
        """The totals over all columns."""
        approved, high, low, declined, declined_high, declined_low = map(_exact_sum, numbers)
        return cls(
            approved, high * CENTS_BASE + low, declined, declined_high * CENTS_BASE + declined_low
        )

    def document(self) -> dict[str, Any]:
        """The totals as members of the report. Amounts are texts: they may be beyond 64 bits."""
        return {
            "aprovadas": {"quantidade": self.approved, "centavos": str(self.approved_cents)},
            "recusadas": {"quantidade": self.declined, "centavos": str(self.declined_cents)},
        }


def _exact_sum(numbers: npt.NDArray[np.int64]) -> int:
    """A sum that may be beyond 64 bits."""
    low = int((numbers & ((1 << _HALF) - 1)).sum())
    return (int((numbers >> _HALF).sum()) << _HALF) + low
