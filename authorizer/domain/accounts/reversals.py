"""Reversals: a purchase is undone, or a part of it, perhaps before it has come."""

from authorizer.domain.accounts.books import debt_paid_cents, give, release, would_overflow
from authorizer.domain.accounts.purchase_commands import Reverse
from authorizer.domain.accounts.purchase_events import PurchaseReversed, PurchaseReversedBefore
from authorizer.domain.accounts.purchase_lookup import (
    find_purchase,
    first_answer,
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
    PurchaseStatus,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import recount
from authorizer.domain.aggregate import Context
from authorizer.domain.money import format_cents
from authorizer.domain.outcomes import Decision, Done, Reason, invalid


def reverse_purchase(account: Account, command: Reverse, _: Context, now_us: int) -> Decision:
    """Undo a purchase: of an open hold what is held, of a closed one what was captured."""
    purchase = find_purchase(account, command.purchase_id)
    if purchase is None:
        return _reverse_before(account, command, now_us)
    text = fingerprint(command.amount_cents, command.if_unknown)
    known = repeat(purchase, OperationType.REVERSAL, command.operation_id, text)
    refusal = known or refuse_closed(account)
    if refusal is not None:
        return refusal
    there_cents = _there_cents(purchase)
    if there_cents == 0:
        return refuse_state(purchase, "nothing of it can be reversed")
    amount_cents = there_cents if command.amount_cents is None else command.amount_cents
    if amount_cents > there_cents:
        detail = (
            f"over_reversal: {format_cents(there_cents)} of purchase {purchase.purchase_id!r} can "
            f"be reversed, which is less than {format_cents(amount_cents)}"
        )
        return refuse("over_reversal", purchase.status.value, detail)
    source, of_hold = purchase.source, purchase.status is PurchaseStatus.PENDING
    assert source is not None
    if not of_hold and would_overflow(account, source, amount_cents):
        return invalid("the wallet would hold more than it may", "amount")
    event = PurchaseReversed(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        operation_id=command.operation_id,
        amount_cents=amount_cents,
        asked_cents=command.amount_cents,
        if_unknown=command.if_unknown,
        source=source,
        of_hold=of_hold,
        debt_paid_cents=debt_paid_cents(account, source, amount_cents),
        status=_after(purchase, there_cents - amount_cents).value,
        answered=first_answer(account, command.purchase_id),
    )
    return Decision(Done(created=True), (event,))


def _after(purchase: Purchase, left_cents: int) -> PurchaseStatus:
    """The status once so much is left that can be reversed."""
    if left_cents:
        return purchase.status
    captured = purchase.status is PurchaseStatus.PENDING and purchase.captured_cents
    return PurchaseStatus.CLOSED if captured else PurchaseStatus.REVERSED


def _reverse_before(account: Account, command: Reverse, now_us: int) -> Decision:
    if command.if_unknown is None:
        return no_purchase(command.purchase_id)
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    event = PurchaseReversedBefore(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        operation_id=command.operation_id,
        asked_cents=command.amount_cents,
        if_unknown=command.if_unknown,
    )
    return Decision(Done(created=True), (event,))


def _there_cents(purchase: Purchase) -> int:
    """What a reversal can undo."""
    if purchase.status is PurchaseStatus.PENDING:
        return purchase.held_cents
    return purchase.left_cents if purchase.status is PurchaseStatus.CLOSED else 0


def purchase_reversed(account: Account, event: PurchaseReversed) -> None:
    """The money went back where it came from."""
    purchase = kept_purchase(account, event.purchase_id, event.answered)
    before_cents = purchase.counted_cents
    if event.of_hold:
        release(account, purchase, event.amount_cents)
        if purchase.held_cents == 0 and purchase.captured_cents == 0:
            purchase.freed_cents, purchase.freed_at_us = event.amount_cents, event.at_us
    else:
        give(account, purchase, event.amount_cents)
        purchase.given_back_cents += event.amount_cents
    purchase.status = PurchaseStatus(event.status)
    if purchase.held_cents == 0:
        purchase.expires_at_us = None
        account.look_for_next_expiry()
    purchase.reversed_cents += event.amount_cents
    recount(account, purchase, before_cents, event.at_us)
    text = fingerprint(event.asked_cents, event.if_unknown)
    purchase.operations.append(approved(OperationType.REVERSAL, event, event.amount_cents, text))


def purchase_reversed_before(account: Account, event: PurchaseReversedBefore) -> None:
    """The id stands for a purchase that will be declined when it comes."""
    purchase = Purchase(event.purchase_id, event.at_us)
    purchase.status = PurchaseStatus.REVERSED
    purchase.reason = Reason.REVERSED_BEFORE
    keep_purchase(account, purchase)
    text = fingerprint(event.asked_cents, event.if_unknown)
    purchase.operations.append(approved(OperationType.REVERSAL, event, 0, text))
