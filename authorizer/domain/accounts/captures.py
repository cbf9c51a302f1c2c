"""Captures: taking money for good of what was held, late, or by force."""

from typing import Final, NamedTuple

from authorizer.domain.accounts.assessment import forced_source
from authorizer.domain.accounts.assessment_values import Request
from authorizer.domain.accounts.books import available_cents, capture, release
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.purchase_commands import Capture
from authorizer.domain.accounts.purchase_events import PurchaseCaptured
from authorizer.domain.accounts.purchase_lookup import (
    find_purchase,
    first_answer,
    keep_purchase,
    kept_purchase,
    told_purchase,
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
    PurchaseStatus,
    PurchaseTerms,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import limit_changes_due, recount
from authorizer.domain.aggregate import Context
from authorizer.domain.money import MAX_BALANCE_CENTS, format_cents
from authorizer.domain.outcomes import Decision, Done, Reason, invalid

_PENDING, _CLOSED = PurchaseStatus.PENDING, PurchaseStatus.CLOSED
_FREED: Final = (PurchaseStatus.REVERSED, PurchaseStatus.EXPIRED)


class _Taken(NamedTuple):
    """How a capture is paid."""

    from_hold_cents: int
    beyond_cents: int
    late: bool = False


def capture_purchase(account: Account, command: Capture, context: Context, now_us: int) -> Decision:
    """Capture a purchase. Nothing that came after the approval stands in the way of it."""
    purchase = find_purchase(account, command.purchase_id)
    if purchase is None and not command.force:
        return no_purchase(command.purchase_id)
    text = _fingerprint(command)
    if purchase is not None:
        known = repeat(purchase, OperationType.CAPTURE, command.operation_id, text)
        if known is not None:
            return known
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    source = None if purchase is None else purchase.source
    makes = source is None
    if source is None:
        if not command.force:
            assert purchase is not None
            return refuse_state(purchase, "nothing of it can be captured")
        source = _forced_source(account, command, purchase, context)
    taken = _taken(account, command, purchase, context, now_us)
    if isinstance(taken, Decision):
        return taken
    held_cents = 0 if purchase is None else purchase.held_cents
    left_cents = held_cents - taken.from_hold_cents
    released_cents = left_cents if command.final else 0
    there_cents = available_cents(account, source, None)
    owed_cents = 0 if source == CREDIT_LIMIT else max(0, taken.beyond_cents - there_cents)
    owes_cents = Account.owed_cents.of(account).get(source, 0) + owed_cents
    captured_cents = (purchase.captured_cents if purchase else 0) + sum(taken[:2])
    if max(owes_cents, captured_cents) > MAX_BALANCE_CENTS:
        return invalid("more would be captured than a wallet may hold", "amount")
    event = PurchaseCaptured(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        operation_id=command.operation_id,
        from_hold_cents=taken.from_hold_cents,
        beyond_cents=taken.beyond_cents,
        released_cents=released_cents,
        late=taken.late,
        asked_cents=command.amount_cents,
        final=command.final,
        force=command.force,
        mcc=command.mcc,
        merchant=command.merchant,
        card_id=command.card_id,
        source=source,
        makes=makes,
        owed_cents=owed_cents,
        debt_paid_cents=min(owes_cents, released_cents),
        status=(_PENDING if left_cents > released_cents else _CLOSED).value,
        answered=first_answer(account, command.purchase_id),
    )
    return Decision(Done(created=True), (*limit_changes_due(account, context, now_us), event))


def _taken(
    account: Account,
    command: Capture,
    purchase: Purchase | None,
    context: Context,
    now_us: int,
) -> _Taken | Decision:
    held_cents = 0 if purchase is None else purchase.held_cents
    if command.force:
        amount_cents = held_cents if command.amount_cents is None else command.amount_cents
        if amount_cents == 0:
            return invalid("nothing is held: say how much", "amount")
        from_hold_cents = min(amount_cents, held_cents)
        return _Taken(from_hold_cents, amount_cents - from_hold_cents)
    assert purchase is not None
    if purchase.status is PurchaseStatus.PENDING:
        return _of_the_hold(account, command, purchase, context)
    if purchase.status in _FREED and purchase.freed_cents and not purchase.captured_cents:
        return _late(account, command, purchase, context, now_us)
    return refuse_state(purchase, "nothing is held of it")


def _of_the_hold(
    account: Account, command: Capture, purchase: Purchase, context: Context
) -> _Taken | Decision:
    held_cents = purchase.held_cents
    amount_cents = held_cents if command.amount_cents is None else command.amount_cents
    if amount_cents <= held_cents:
        return _Taken(amount_cents, 0)
    terms = purchase.terms
    percent = context.policy.over_capture_percent_for(terms.override_mcc or terms.mcc)
    authorized_cents = held_cents + purchase.captured_cents
    most_cents = held_cents + authorized_cents * percent // 100
    beyond_cents = amount_cents - held_cents
    assert purchase.source is not None
    there_cents = available_cents(account, purchase.source, terms.card_id)
    if amount_cents <= most_cents and beyond_cents <= there_cents:
        return _Taken(held_cents, beyond_cents)
    detail = (
        f"over_capture: {format_cents(held_cents)} is held of purchase "
        f"{purchase.purchase_id!r}, which is less than {format_cents(amount_cents)}"
    )
    return refuse("over_capture", purchase.status.value, detail)


def _late(
    account: Account, command: Capture, purchase: Purchase, context: Context, now_us: int
) -> _Taken | Decision:
    """A capture of what was let go already: once, and of no more than that."""
    status = purchase.status.value
    late_us = context.policy.late_capture_us
    if not late_us or now_us > purchase.freed_at_us + late_us:
        return refuse_state(purchase, "it is too late to capture it")
    freed_cents = purchase.freed_cents
    amount_cents = freed_cents if command.amount_cents is None else command.amount_cents
    if amount_cents > freed_cents:
        detail = f"over_capture: purchase {purchase.purchase_id!r} is {status}, and only "
        return refuse("over_capture", status, f"{detail}{format_cents(freed_cents)} was let go")
    assert purchase.source is not None
    if available_cents(account, purchase.source, purchase.terms.card_id) < amount_cents:
        detail = f"purchase {purchase.purchase_id!r} is {status}, and its source does not have "
        return refuse("insufficient_funds", status, detail + format_cents(amount_cents))
    return _Taken(0, amount_cents, late=True)


def _forced_source(
    account: Account, command: Capture, purchase: Purchase | None, context: Context
) -> str:
    """Which source pays where no approval has chosen one."""
    terms = _terms(purchase, command)
    card_id = terms.card_id if terms.card_id in account.cards else None
    request = Request(command.amount_cents or 0, terms.mcc, terms.merchant, card_id, terms.product)
    return forced_source(account, request, context.policy)


def _terms(purchase: Purchase | None, capture: Capture | PurchaseCaptured) -> PurchaseTerms:
    """A purchase's own terms; the capture's where there is none, or only its reversal came."""
    if purchase is not None and purchase.terms.mcc:
        return purchase.terms
    return PurchaseTerms(capture.mcc or "", capture.merchant or "", capture.card_id)


def _fingerprint(message: Capture) -> str:
    return fingerprint(
        message.amount_cents,
        message.final,
        message.force,
        message.mcc,
        message.merchant,
        message.card_id,
    )


def purchase_captured(account: Account, event: PurchaseCaptured) -> None:
    """The money is gone; a final capture lets the rest go back."""
    amount_cents = event.from_hold_cents + event.beyond_cents
    if event.makes:
        purchase = _made_by_force(account, event, amount_cents)
    else:
        purchase = kept_purchase(account, event.purchase_id, event.answered)
    before_cents = purchase.counted_cents
    capture(account, purchase, event.from_hold_cents, event.beyond_cents)
    if event.released_cents:
        release(account, purchase, event.released_cents)
        purchase.released_cents += event.released_cents
    if purchase.held_cents == 0:
        purchase.status = PurchaseStatus.CLOSED
        purchase.expires_at_us = None
        account.look_for_next_expiry()
    recount(account, purchase, before_cents, event.at_us)
    text = fingerprint(
        event.asked_cents, event.final, event.force, event.mcc, event.merchant, event.card_id
    )
    operation = approved(OperationType.CAPTURE, event, amount_cents, text)
    purchase.operations.append(operation._replace(late=event.late))


def _made_by_force(account: Account, event: PurchaseCaptured, amount_cents: int) -> Purchase:
    """A purchase that was unknown or declined, and is booked all the same."""
    purchase = told_purchase(account, event.purchase_id, event.answered)
    terms = _terms(purchase, event)
    if purchase is None:
        purchase = Purchase(event.purchase_id, event.at_us)
        purchase.requested_cents = amount_cents
    purchase.terms = terms
    keep_purchase(account, purchase)
    purchase.reason = Reason.APPROVED
    purchase.amount_cents += amount_cents
    purchase.source = event.source
    return purchase
