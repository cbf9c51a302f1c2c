"""Holds: reserving money for a purchase, more of it, and letting it go when its time has come."""

from authorizer.domain.accounts.assessment import assess
from authorizer.domain.accounts.assessment_values import Assessment, Request
from authorizer.domain.accounts.books import hold
from authorizer.domain.accounts.idempotency import purchase_fingerprint
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    IncrementHold,
)
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldIncremented,
    IncrementDeclined,
)
from authorizer.domain.accounts.purchase_lookup import (
    announced_purchase,
    find_purchase,
    keep_purchase,
    kept_purchase,
)
from authorizer.domain.accounts.purchase_operations import (
    approved,
    fingerprint,
    no_purchase,
    refuse,
    refuse_closed,
    refuse_state,
    repeat,
)
from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
    PurchaseStatus,
    PurchaseTerms,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import limit_changes_due, recount
from authorizer.domain.aggregate import Context
from authorizer.domain.moments import HOUR_US
from authorizer.domain.outcomes import HOLDS, Decision, Done, Reason


def authorize_hold(
    account: Account, command: AuthorizeHold, context: Context, now_us: int
) -> Decision:
    """Decide a hold. A decline is a decision too, and is remembered under the id."""
    known = find_purchase(account, command.purchase_id)
    if known is not None:
        return _repeat(known, command, context, now_us)
    request = Request(
        command.amount_cents,
        command.mcc,
        command.merchant,
        command.card_id,
        command.product,
        command.partial,
        command.waited_ns,
    )
    found = assess(account, request, context.policy, now_us)
    if found.source is None:
        return _declined(command, now_us, found)
    mcc = found.override_mcc or command.mcc
    hours = command.hold_hours or context.policy.hold_hours.hours_for(mcc)
    event = HoldApproved(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        requested_cents=command.amount_cents,
        amount_cents=found.amount_cents,
        mcc=command.mcc,
        merchant=command.merchant,
        card_id=command.card_id,
        override_mcc=found.override_mcc,
        source=found.source,
        expires_at_us=now_us + hours * HOUR_US,
        partial=command.partial,
        hold_hours=command.hold_hours,
        product=command.product,
        shadow=found.shadow,
    )
    return Decision(Done(created=True), (*limit_changes_due(account, context, now_us), event))


def _repeat(known: Purchase, command: AuthorizeHold, context: Context, now_us: int) -> Decision:
    if known.is_announced:
        override_mcc = context.policy.merchants.mcc_for(command.merchant)
        found = Assessment(Reason.REVERSED_BEFORE, None, 0, override_mcc, None, ())
        return _declined(command, now_us, found)
    made = known.authorization
    if made is not None and made.fingerprint == _fingerprint(command, command.amount_cents):
        return HOLDS
    detail = f"purchase {known.purchase_id!r} was asked for with other members, or in another way"
    return refuse("duplicate_mismatch", known.status.value, detail)


def _fingerprint(request: AuthorizeHold | HoldApproved | HoldDeclined, amount_cents: int) -> str:
    fields = purchase_fingerprint(amount_cents, request.card_id, request.mcc, request.merchant)
    return fingerprint("hold", fields, request.partial, request.hold_hours, request.product)


def _declined(command: AuthorizeHold, now_us: int, found: Assessment) -> Decision:
    event = HoldDeclined(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        requested_cents=command.amount_cents,
        mcc=command.mcc,
        merchant=command.merchant,
        card_id=command.card_id,
        override_mcc=found.override_mcc,
        reason=found.reason.name_on_wire,
        decided_by=found.decided_by,
        partial=command.partial,
        hold_hours=command.hold_hours,
        product=command.product,
        shadow=found.shadow,
    )
    return Decision(Done(created=True), (event,))


def increment_hold(
    account: Account, command: IncrementHold, context: Context, now_us: int
) -> Decision:
    """Decide an increment, on the hold's source alone. A declined one leaves the hold as it is."""
    purchase = find_purchase(account, command.purchase_id)
    if purchase is None:
        return no_purchase(command.purchase_id)
    text = fingerprint(command.amount_cents)
    known = repeat(purchase, OperationType.INCREMENT, command.operation_id, text)
    refusal = known or refuse_closed(account)
    if refusal is not None:
        return refusal
    if purchase.status is not PurchaseStatus.PENDING:
        return refuse_state(purchase, "only an open hold can be added to")
    terms = purchase.terms
    request = Request(
        command.amount_cents,
        terms.mcc,
        terms.merchant,
        terms.card_id,
        waited_ns=command.waited_ns,
    )
    found = assess(account, request, context.policy, now_us, only=purchase)
    head = (now_us, command.by, command.account_id, command.purchase_id, command.operation_id)
    if found.source is None:
        why = (found.reason.name_on_wire, found.decided_by, found.shadow)
        declined = IncrementDeclined(*head, command.amount_cents, *why)
        return Decision(Done(created=True), (declined,))
    incremented = HoldIncremented(*head, command.amount_cents, found.source, found.shadow)
    return Decision(Done(created=True), (incremented,))


def hold_approved(account: Account, event: HoldApproved) -> None:
    """The money is reserved, and the id stands for this purchase."""
    purchase = _begun(account, event)
    purchase.status = PurchaseStatus.PENDING
    purchase.amount_cents = event.amount_cents
    purchase.source = event.source
    purchase.expires_at_us = event.expires_at_us
    account.expires(purchase)
    partly = event.amount_cents < event.requested_cents
    purchase.reason = Reason.PARTIALLY_APPROVED if partly else Reason.APPROVED
    hold(account, purchase, event.amount_cents)
    recount(account, purchase, 0, event.at_us)
    _note_authorization(purchase, event, event.amount_cents)


def hold_declined(account: Account, event: HoldDeclined) -> None:
    """Nothing has moved; the id stands for this decline."""
    purchase = _begun(account, event)
    purchase.reason = Reason.of(event.reason)
    _note_authorization(purchase, event, event.requested_cents)


def _begun(account: Account, event: HoldApproved | HoldDeclined) -> Purchase:
    purchase = announced_purchase(account, event.purchase_id)
    if purchase is None:
        purchase = Purchase(event.purchase_id, event.at_us)
        keep_purchase(account, purchase)
    purchase.status = PurchaseStatus.DECLINED
    purchase.terms = PurchaseTerms(
        event.mcc, event.merchant, event.card_id, event.product, event.override_mcc
    )
    purchase.requested_cents = event.requested_cents
    return purchase


def _note_authorization(
    purchase: Purchase, event: HoldApproved | HoldDeclined, amount_cents: int
) -> None:
    text = _fingerprint(event, event.requested_cents)
    purchase.operations.append(
        PurchaseOperation(
            OperationType.AUTHORIZATION,
            event.purchase_id,
            amount_cents,
            purchase.reason,
            event.at_us,
            text,
        )
    )


def hold_incremented(account: Account, event: HoldIncremented) -> None:
    """More is reserved."""
    purchase = kept_purchase(account, event.purchase_id)
    before_cents = purchase.counted_cents
    hold(account, purchase, event.amount_cents)
    purchase.amount_cents += event.amount_cents
    recount(account, purchase, before_cents, event.at_us)
    text = fingerprint(event.amount_cents)
    purchase.operations.append(approved(OperationType.INCREMENT, event, event.amount_cents, text))


def increment_declined(account: Account, event: IncrementDeclined) -> None:
    """The hold is as it was; the operation's id stands for this decline."""
    kept_purchase(account, event.purchase_id).operations.append(
        PurchaseOperation(
            OperationType.INCREMENT,
            event.operation_id,
            event.amount_cents,
            Reason.of(event.reason),
            event.at_us,
            fingerprint(event.amount_cents),
        ),
    )
