"""A purchase of several messages: what is held, captured, let go and given back, and in what order.

A purchase is one thing with ordered operations. It remembers the source that paid, so nothing that
changes later changes where its money returns to.
"""

from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.money import MAX_JSON_INT
from authorizer.domain.outcomes import Reason


class PurchaseStatus(Enum):
    """Where a purchase stands, in the words of the wire."""

    DECLINED = "declined"
    PENDING = "pending"
    """A hold is open."""
    CLOSED = "closed"
    """It was captured for the last time, or was a single message."""
    REVERSED = "reversed"
    """Nothing captured is left."""
    EXPIRED = "expired"
    """The hold ran out, and nothing was captured of it."""


class OperationType(Enum):
    """What was done to a purchase, in the words of the wire."""

    AUTHORIZATION = "authorization"
    INCREMENT = "increment"
    CAPTURE = "capture"
    REVERSAL = "reversal"
    REFUND = "refund"
    EXPIRY = "expiry"


class PurchaseOperation(NamedTuple):
    """One operation of a purchase, approved or declined."""

    type: OperationType
    operation_id: str | None
    """The client's id; None for an expiry."""
    amount_cents: int
    reason: Reason
    at_us: int
    fingerprint: str
    """All members of the request in one text: a repeat has the same."""
    late: bool = False


class PurchaseTerms(NamedTuple):
    """The members of the request that made a purchase, besides its amount."""

    mcc: str
    merchant: str
    card_id: str | None
    product: str | None = None
    override_mcc: str | None = None
    """The MCC of the merchant override that applied to it, if one did."""


class Purchase:
    """The state of one purchase; amounts in centavos. It changes through its account's events."""

    __slots__ = (
        "amount_cents",
        "captured_cents",
        "created_at_us",
        "expires_at_us",
        "freed_at_us",
        "freed_cents",
        "given_back_cents",
        "held_cents",
        "operations",
        "purchase_id",
        "reason",
        "refunded_cents",
        "released_cents",
        "requested_cents",
        "reversed_cents",
        "source",
        "status",
        "terms",
    )

    def __init__(self, purchase_id: str, created_at_us: int) -> None:
        self.purchase_id = purchase_id
        self.terms = PurchaseTerms("", "", None)
        self.created_at_us = created_at_us
        self.status = PurchaseStatus.DECLINED
        self.reason = Reason.APPROVED
        """The reason of its first decision."""
        self.requested_cents = 0
        self.amount_cents = 0
        """What is authorized in all, increments included; it never falls."""
        self.held_cents = 0
        self.captured_cents = 0
        self.released_cents = 0
        """What a final capture's rest or the expiry let go."""
        self.reversed_cents = 0
        """What reversals let go of the hold, or gave back of captured money."""
        self.refunded_cents = 0
        self.given_back_cents = 0
        """The part of `captured_cents` that reversals and refunds gave back."""
        self.source: str | None = None
        """The wallet that pays, or `CREDIT_LIMIT`; None where nothing was approved."""
        self.expires_at_us: int | None = None
        self.freed_cents = 0
        """What the last release freed while nothing was captured: a late capture takes no more."""
        self.freed_at_us = 0
        self.operations: list[PurchaseOperation] = []

    @property
    def left_cents(self) -> int:
        """Captured money that was not given back."""
        return self.captured_cents - self.given_back_cents

    @property
    def counted_cents(self) -> int:
        """Its present amount, for limits: refunds give nothing back."""
        reversed_cents = self.given_back_cents - self.refunded_cents
        return self.held_cents + self.captured_cents - reversed_cents

    @property
    def authorization(self) -> PurchaseOperation | None:
        """The decision on it; None for one that a capture made by force or a reversal announced."""
        for operation in self.operations:
            if operation.type is OperationType.AUTHORIZATION:
                return operation
        return None

    @property
    def is_announced(self) -> bool:
        """Whether only its reversal has come: the purchase itself will be declined."""
        reversed_ = self.status is PurchaseStatus.REVERSED
        return reversed_ and not self.amount_cents and self.authorization is None

    def operation(self, operation_id: str) -> PurchaseOperation | None:
        """The operation that was taken under an id."""
        for operation in self.operations:
            if operation.operation_id == operation_id:
                return operation
        return None


_PLAIN_FIELDS: Final = (
    "requested_cents",
    "amount_cents",
    "held_cents",
    "captured_cents",
    "released_cents",
    "reversed_cents",
    "refunded_cents",
    "given_back_cents",
    "source",
    "expires_at_us",
    "freed_cents",
    "freed_at_us",
)


class PurchaseView(NamedTuple):
    """What may be seen of a purchase from outside: a copy that stays as it is."""

    account_id: str
    purchase_id: str
    status: PurchaseStatus
    reason: Reason
    requested_cents: int
    amount_cents: int
    held_cents: int
    captured_cents: int
    released_cents: int
    reversed_cents: int
    refunded_cents: int
    source: str | None
    terms: PurchaseTerms
    created_at_us: int
    expires_at_us: int | None
    operations: tuple[PurchaseOperation, ...]


def view_of(account_id: str, purchase: Purchase) -> PurchaseView:
    """Describe a purchase as it stands."""
    return PurchaseView(
        account_id,
        purchase.purchase_id,
        purchase.status,
        purchase.reason,
        purchase.requested_cents,
        purchase.amount_cents,
        purchase.held_cents,
        purchase.captured_cents,
        purchase.released_cents,
        purchase.reversed_cents,
        purchase.refunded_cents,
        purchase.source,
        purchase.terms,
        purchase.created_at_us,
        purchase.expires_at_us,
        tuple(purchase.operations),
    )


def pack_purchase(purchase: Purchase) -> tuple[Any, ...]:
    """A purchase as plain values.

    An account that wakes and sleeps again has them as they came, unless somebody asked for the
    purchase: another form needs an upgrade of the state at rest, not a default here.
    """
    return (
        purchase.purchase_id,
        tuple(purchase.terms),
        purchase.created_at_us,
        purchase.status.value,
        purchase.reason.name_on_wire,
        [_json(getattr(purchase, name)) for name in _PLAIN_FIELDS],
        [
            (each.type.value, each[1], _json(each[2]), each.reason.name_on_wire, *each[4:])
            for each in purchase.operations
        ],
    )


def _json(value: Any) -> Any:
    """An amount that JSON can hold: one beyond 64 bits, which was declined, as text."""
    return str(value) if isinstance(value, int) and value > MAX_JSON_INT else value


def unpack_purchase(values: list[Any]) -> Purchase:
    """The purchase that `pack_purchase` made values of."""
    purchase_id, terms, created_at_us, status, reason, fields, operations = values
    purchase = Purchase(purchase_id, created_at_us)
    purchase.terms = PurchaseTerms(*terms)
    purchase.status = PurchaseStatus(status)
    purchase.reason = Reason.of(reason)
    for name, value in zip(_PLAIN_FIELDS, fields, strict=True):
        setattr(purchase, name, value)
    purchase.requested_cents = int(purchase.requested_cents)
    purchase.operations = [
        PurchaseOperation(OperationType(type_), name, int(amount), Reason.of(word), *rest)
        for type_, name, amount, word, *rest in operations
    ]
    return purchase
