"""The naive model that random lives are held against. Amounts in centavos."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.support.documents import Document

"""An MCC of each wallet."""


def cents(units: int) -> Decimal:
    """Centavos as money on the wire."""
    return Decimal(units).scaleb(-2)


@dataclass(slots=True)
class Bought:
    """A purchase as the model keeps it."""

    source: str | None
    held: int = 0
    captured: int = 0
    status: str = "pending"
    amount: int = 0
    freed: int = 0
    """By the reversal that ended the hold: a late capture is not asked for more."""
    refunded: int = 0
    given_back: int = 0
    """By refunds, and by reversals of captured money."""
    unsure: bool = False
    """Which word the status is by now, the contract leaves open."""

    @property
    def left(self) -> int:
        """What may still be given back."""
        return self.captured - self.given_back

    def expected(self) -> Document:
        """The members of its document that the model knows."""
        known: Document = {"held": cents(self.held), "refunded": cents(self.refunded)}
        known["captured"] = cents(self.captured)
        if not self.unsure:
            known["status"] = self.status
        if self.source:
            known["amount"] = cents(self.amount)
        return known


@dataclass(slots=True)
class Model:
    """One account: what is available in each source, and its purchases by id."""

    available: dict[str, int]
    card: str | None = None
    frozen: bool = False
    purchases: dict[str, Bought] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Document) -> Model:
        """The account and its card as a scenario opens them."""
        account = given["accounts"][0]
        available = {name: int(value * 100) for name, value in account["balances"].items()}
        cards = [card for customer in given.get("customers", []) for card in customer["cartoes"]]
        model = cls(available, cards[0]["cartao_id"] if cards else None)
        if model.card:
            available[model.card] = int(cards[0]["limite_disponivel"] * 100)
        return model

    def decide(
        self, wallet: str, amount: int, card: str | None = None, partial: Any = None
    ) -> tuple[str | None, int, str]:
        """The source that pays, how much, and the reason."""
        if self.frozen:
            return None, 0, "account_frozen"
        for source in (wallet, "CASH", card):
            if source and self.available[source] >= amount:
                return source, amount, "approved"
        if partial and self.available[wallet] > 0:
            return wallet, self.available[wallet], "partially_approved"
        return None, 0, "insufficient_funds"

    def held(self, source: str) -> int:
        """What is held in a source."""
        return sum(one.held for one in self.purchases.values() if one.source == source)

    def give(self, source: str | None, amount: int) -> None:
        """Money that comes into a source, or with a minus goes."""
        assert source is not None
        self.available[source] += amount


def code_of(reason: str) -> str:
    """The wire code that a reason of the model is answered with."""
    if reason == "insufficient_funds":
        return "51"
    return "07" if reason == "account_frozen" else "00"
