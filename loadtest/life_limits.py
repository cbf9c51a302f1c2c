"""Limits on the accounts of the life shape, and how much of them is used."""

from dataclasses import dataclass
from typing import Any

from loadtest.life_messages import reais
from tests.support.documents import Number

LIFETIME = "lifetime"
TRANSACTION = "transaction"
"""The two windows whose counts no clock changes, so that every answer is known beforehand."""


@dataclass(slots=True)
class Limit:
    """One limit of an account. Without ``wallets`` it counts all purchases."""

    name: str
    window: str
    max_amount_cents: int | None = None
    max_count: int | None = None
    wallets: tuple[str, ...] = ()
    shadow: bool = False
    used_cents: int = 0
    used_count: int = 0

    def document(self) -> dict[str, Any]:
        """What is put."""
        document: dict[str, Any] = {"window": self.window}
        if self.max_amount_cents is not None:
            document["max_amount"] = Number(reais(self.max_amount_cents))
        if self.max_count is not None:
            document["max_count"] = self.max_count
        if self.wallets:
            document["scope"] = {"wallets": list(self.wallets)}
        if self.shadow:
            document["mode"] = "shadow"
        return document

    def counts(self, source: str) -> bool:
        """Whether a purchase that this source pays is in its scope."""
        return not self.wallets or source in self.wallets

    def reason(self, source: str, cents: int, count: int, before_cents: int) -> str | None:
        """Why it declines so much more, or None; the purchase had ``before_cents`` so far."""
        if self.shadow or not self.counts(source):
            return None
        used_cents = before_cents if self.window == TRANSACTION else self.used_cents
        if self.max_amount_cents is not None and used_cents + cents > self.max_amount_cents:
            return "amount_limit"
        if self.max_count is not None and count and self.used_count + count > self.max_count:
            return "count_limit"
        return None

    def take_in(self, source: str, before_cents: int, after_cents: int) -> None:
        """Count a purchase of which ``before_cents`` was counted."""
        if self.counts(source):
            self.used_cents += after_cents - before_cents
            self.used_count += (after_cents > 0) - (before_cents > 0)
