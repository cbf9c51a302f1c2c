"""Refunds: captured money is given back, never more than was captured."""

from authorizer.domain.accounts.books import debt_paid_cents, give, would_overflow
from authorizer.domain.accounts.purchase_commands import Refund
from authorizer.domain.accounts.purchase_events import PurchaseRefunded
from authorizer.domain.accounts.purchase_lookup import find_purchase, first_answer, kept_purchase
from authorizer.domain.accounts.purchase_operations import (
    approved,
    fingerprint,
    no_purchase,
    refuse,
    refuse_closed,
    refuse_state,
    repeat,
)
from authorizer.domain.accounts.purchase_state import OperationType
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregate import Context
from authorizer.domain.money import format_cents
from authorizer.domain.outcomes import Decision, Done, invalid


def refund_purchase(account: Account, command: Refund, _: Context, now_us: int) -> Decision:
    """Give captured money back to the source that paid, whatever the rules say by now."""
    purchase = find_purchase(account, command.purchase_id)
    if purchase is None:
        return no_purchase(command.purchase_id)
    text = fingerprint(command.amount_cents)
    known = repeat(purchase, OperationType.REFUND, command.operation_id, text)
    refusal = known or refuse_closed(account)
    if refusal is not None:
        return refusal
    left_cents = purchase.left_cents
    amount_cents = left_cents if command.amount_cents is None else command.amount_cents
    if left_cents == 0 and not purchase.captured_cents:
        return refuse_state(purchase, "nothing of it was captured")
    if amount_cents > left_cents or left_cents == 0:
        detail = (
            f"over_refund: {format_cents(left_cents)} is left of what was captured of purchase "
            f"{purchase.purchase_id!r}"
        )
        return refuse("over_refund", purchase.status.value, detail)
    source = purchase.source
    assert source is not None
    if would_overflow(account, source, amount_cents):
        return invalid("the wallet would hold more than it may", "amount")
    event = PurchaseRefunded(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        purchase_id=command.purchase_id,
        operation_id=command.operation_id,
        amount_cents=amount_cents,
        asked_cents=command.amount_cents,
        source=source,
        debt_paid_cents=debt_paid_cents(account, source, amount_cents),
        answered=first_answer(account, command.purchase_id),
    )
    return Decision(Done(created=True), (event,))


def purchase_refunded(account: Account, event: PurchaseRefunded) -> None:
    """The money went back; the purchase's status is as it was."""
    purchase = kept_purchase(account, event.purchase_id, event.answered)
    give(account, purchase, event.amount_cents)
    purchase.given_back_cents += event.amount_cents
    purchase.refunded_cents += event.amount_cents
    text = fingerprint(event.asked_cents)
    purchase.operations.append(approved(OperationType.REFUND, event, event.amount_cents, text))
