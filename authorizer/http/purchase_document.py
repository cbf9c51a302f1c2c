"""A purchase as every call on it answers."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from authorizer.domain.accounts.purchase_state import PurchaseOperation, PurchaseView
from authorizer.domain.moments import moment_text
from authorizer.http.api.fields import Moment, Money
from authorizer.http.api.wire import money


class PurchaseOperationLine(TypedDict):
    """What was done to a purchase. `id` is null for an expiry; `late` marks a late capture."""

    type: Literal["authorization", "increment", "capture", "reversal", "refund", "expiry"]
    id: str | None
    amount: Money
    code: str
    reason: str
    at: Moment
    late: NotRequired[bool]


class Purchase(TypedDict):
    """A purchase, as it stands.

    `amount` is what is authorized in all. `captured`, `reversed` and `refunded` are gross and only
    grow; `released` is what a final capture's rest or the expiry let go. `source` is the wallet
    that pays, or `credit_limit`; null where nothing was approved.
    """

    id: str
    account: str
    status: Literal["declined", "pending", "closed", "reversed", "expired"]
    code: str
    reason: str
    requested: Money
    amount: Money
    held: Money
    captured: Money
    released: Money
    reversed: Money
    refunded: Money
    source: str | None
    card: str | None
    product: str | None
    mcc: str
    merchant: str
    created: Moment
    expires: Moment | None
    operations: list[PurchaseOperationLine]


def purchase_document(purchase: PurchaseView) -> dict[str, Any]:
    """A purchase, as it stands."""
    expires_at_us = purchase.expires_at_us
    return {
        "id": purchase.purchase_id,
        "account": purchase.account_id,
        "status": purchase.status.value,
        "code": purchase.reason.answer_code,
        "reason": purchase.reason.name_on_wire,
        "requested": money(purchase.requested_cents),
        "amount": money(purchase.amount_cents),
        "held": money(purchase.held_cents),
        "captured": money(purchase.captured_cents),
        "released": money(purchase.released_cents),
        "reversed": money(purchase.reversed_cents),
        "refunded": money(purchase.refunded_cents),
        "source": purchase.source,
        "card": purchase.terms.card_id,
        "product": purchase.terms.product,
        "mcc": purchase.terms.mcc,
        "merchant": purchase.terms.merchant,
        "created": moment_text(purchase.created_at_us),
        "expires": None if expires_at_us is None else moment_text(expires_at_us),
        "operations": [_line(operation) for operation in purchase.operations],
    }


def _line(operation: PurchaseOperation) -> dict[str, Any]:
    line = {
        "type": operation.type.value,
        "id": operation.operation_id,
        "amount": money(operation.amount_cents),
        "code": operation.reason.answer_code,
        "reason": operation.reason.name_on_wire,
        "at": moment_text(operation.at_us),
    }
    return {**line, "late": True} if operation.late else line
