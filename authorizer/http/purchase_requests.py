"""What is asked of a purchase of several messages: the documents, and the commands they make."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, StrictBool
from starlette.responses import Response

from authorizer.domain.access import Caller, Role
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    IncrementHold,
    Refund,
    Reverse,
)
from authorizer.http.api.fields import (
    WHOLE,
    CardIdText,
    Document,
    MccText,
    MerchantText,
    PositiveCents,
    Product,
    PurchaseId,
)
from authorizer.http.api.problems import problem_response

HoldHours = Annotated[int, Field(ge=1, le=744), WHOLE]


class AuthorizationDocument(Document):
    """A purchase whose money is to be held."""

    id: PurchaseId
    amount: PositiveCents
    mcc: MccText
    merchant: MerchantText
    card: CardIdText | None = None
    partial: StrictBool = False
    hold_hours: HoldHours | None = None
    product: Product | None = None


class IncrementDocument(Document):
    """More that is to be held for a purchase."""

    id: PurchaseId
    amount: PositiveCents


class CaptureDocument(Document):
    """What is to be taken for good; without `amount` all that is held.

    `force` books it whatever happens. Then `mcc`, `merchant` and `card` say what an unknown
    purchase was.
    """

    id: PurchaseId
    amount: PositiveCents | None = None
    final: StrictBool = True
    force: StrictBool = False
    mcc: MccText | None = None
    merchant: MerchantText | None = None
    card: CardIdText | None = None


class ReversalDocument(Document):
    """What is to be undone; without `amount` all that can be.

    With `if_unknown` a purchase that is not there is declined when it comes.
    """

    id: PurchaseId
    amount: PositiveCents | None = None
    if_unknown: Literal["decline"] | None = None


class RefundDocument(Document):
    """Captured money that is to be given back; without `amount` all that is left."""

    id: PurchaseId
    amount: PositiveCents | None = None


class Asked(NamedTuple):
    """What a request says besides its document."""

    account_id: str
    purchase_id: str
    """Of the path; empty where the document names a new purchase."""
    received_ns: int
    """When it was read, on the monotonic clock."""
    caller: Caller


def _hold(asked: Asked, document: AuthorizationDocument) -> AuthorizeHold:
    return AuthorizeHold(
        account_id=asked.account_id,
        purchase_id=document.id,
        amount_cents=document.amount,
        mcc=document.mcc,
        merchant=document.merchant,
        card_id=document.card,
        partial=document.partial,
        hold_hours=document.hold_hours,
        product=document.product,
        received_ns=asked.received_ns,
        by=asked.caller.by,
    )


def _increment(asked: Asked, document: IncrementDocument) -> IncrementHold:
    account_id, purchase_id, received_ns, caller = asked
    return IncrementHold(
        account_id, purchase_id, document.id, document.amount, received_ns, caller.by
    )


def _capture(asked: Asked, document: CaptureDocument) -> Capture | Response:
    if document.force and asked.caller.role not in (None, Role.OPERATOR):
        return problem_response(403, "only an operador may capture by force")
    return Capture(
        asked.account_id,
        asked.purchase_id,
        operation_id=document.id,
        amount_cents=document.amount,
        final=document.final,
        force=document.force,
        mcc=document.mcc,
        merchant=document.merchant,
        card_id=document.card,
        by=asked.caller.by,
    )


def _reversal(asked: Asked, document: ReversalDocument) -> Reverse:
    account_id, purchase_id, _, caller = asked
    return Reverse(
        account_id, purchase_id, document.id, document.amount, document.if_unknown, caller.by
    )


def _refund(asked: Asked, document: RefundDocument) -> Refund:
    return Refund(
        asked.account_id, asked.purchase_id, document.id, document.amount, asked.caller.by
    )


PURCHASES_PATH: Final = "/accounts/{account}/authorizations"
PURCHASE_PATH: Final = f"{PURCHASES_PATH}/{{id}}"

COMMAND_OF: Final[Mapping[type[Document], Callable[[Asked, Any], Any]]] = {
    AuthorizationDocument: _hold,
    IncrementDocument: _increment,
    CaptureDocument: _capture,
    ReversalDocument: _reversal,
    RefundDocument: _refund,
}
"""By its document: the command that a request makes, or the answer where the caller may not."""
