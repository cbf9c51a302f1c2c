"""The messages of a purchase's life: what is sent, and what an answer tells of the purchase."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from loadtest.merchants import Merchant

AUTHORIZATION = "authorization"
INCREMENT = "increment"
CAPTURE = "capture"
REVERSAL = "reversal"
REFUND = "refund"
CREDIT = "credit"

SENT = "sent"
"""The first time under its id."""
REPEATED = "repeated"
"""Once more, with the same members."""
REUSED = "reused"
"""The id of another operation, with other members."""


@dataclass(slots=True)
class Operation:
    """One operation on a purchase, or a credit.

    ``purchase_id`` is the credit's own id where it is none. ``amount_cents`` is None where the
    amount is left out. ``merchant`` is an authorization's, and that of a forced capture of an
    unknown purchase. ``wallet`` is a credit's.
    """

    kind: str
    id: str
    account: str
    purchase_id: str
    amount_cents: int | None = None
    merchant: Merchant | None = None
    wallet: str | None = None
    partial: bool = False
    final: bool = True
    force: bool = False
    if_unknown: bool = False
    way: str = SENT

    def path(self) -> str:
        """Where it is posted to."""
        base = f"/accounts/{self.account}"
        if self.kind == CREDIT:
            return f"{base}/credits"
        if self.kind == AUTHORIZATION:
            return f"{base}/authorizations"
        return f"{base}/authorizations/{self.purchase_id}/{self.kind}s"

    def body(self) -> str:
        """The JSON body; ids must need no escaping."""
        members = [f'"id":"{self.id}"']
        if self.amount_cents is not None:
            members.append(f'"amount":{reais(self.amount_cents)}')
        if self.merchant is not None:
            members.append(self.merchant.json_fields)
        if self.wallet is not None:
            members.append(f'"category":"{self.wallet}"')
        members += [f'"{name}":true' for name in ("partial", "force") if getattr(self, name)]
        if not self.final:
            members.append('"final":false')
        if self.if_unknown:
            members.append('"if_unknown":"decline"')
        return "{" + ",".join(members) + "}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a purchase stands, in centavos; ``source`` is None where nothing was approved."""

    status: str
    source: str | None = None
    amount_cents: int = 0
    held_cents: int = 0
    captured_cents: int = 0
    released_cents: int = 0
    reversed_cents: int = 0
    refunded_cents: int = 0

    def __str__(self) -> str:
        """State, source and the figures that are not 0."""
        cents = [
            f"{field.name.removesuffix('_cents')} {getattr(self, field.name)}"
            for field in fields(self)
            if field.name.endswith("_cents") and getattr(self, field.name)
        ]
        return f"({', '.join([self.status, self.source or 'no source', *cents])})"

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Standing":
        """Read a purchase's document; ``KeyError``, ``TypeError``, ``ValueError`` if it is none."""
        cents = {
            field.name: cents_of(document[field.name.removesuffix("_cents")])
            for field in fields(cls)
            if field.name.endswith("_cents")
        }
        return cls(document["status"], document["source"], **cents)


def reais(cents: int) -> str:
    """An amount as JSON has it, in reais with two decimals."""
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d}"


def cents_of(amount: Decimal | int) -> int:
    """A number of a document, in centavos. ``ValueError`` if it is no whole number of them."""
    cents = Decimal(amount) * 100
    if cents != int(cents):
        raise ValueError(f"{amount} is no whole number of centavos")
    return int(cents)
