"""Expiry: a hold runs out by itself, at its time."""

from authorizer.domain.accounts.books import debt_paid_cents, release
from authorizer.domain.accounts.purchase_events import (
    HoldExpired,
)
from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
    PurchaseStatus,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import recount
from authorizer.domain.aggregate import Context
from authorizer.domain.moments import NEVER_US
from authorizer.domain.outcomes import Reason


def next_expiry_us(account: Account, _: Context) -> int | None:
    """When the next hold runs out; None where none is open."""
    return None if account.next_expiry_us == NEVER_US else account.next_expiry_us


def holds_overdue(account: Account, _: Context, now_us: int) -> tuple[HoldExpired, ...]:
    """The end of every hold whose time has come, the one that ran out first before the others."""
    if now_us < account.next_expiry_us:
        return ()
    events: list[HoldExpired] = []
    paid_cents: dict[str, int] = {}
    for purchase in account.overdue(now_us):
        source = purchase.source
        assert source is not None
        before_cents = paid_cents.get(source, 0)
        paid_cents[source] = debt_paid_cents(account, source, before_cents + purchase.held_cents)
        events.append(
            HoldExpired(
                at_us=now_us,
                by="expiry",
                account_id=account.account_id,
                purchase_id=purchase.purchase_id,
                amount_cents=purchase.held_cents,
                source=source,
                debt_paid_cents=paid_cents[source] - before_cents,
                status=_after_expiry(purchase).value,
            )
        )
    return tuple(events)


def _after_expiry(purchase: Purchase) -> PurchaseStatus:
    return PurchaseStatus.CLOSED if purchase.captured_cents else PurchaseStatus.EXPIRED


def hold_expired(account: Account, event: HoldExpired) -> None:
    """The money went back."""
    purchase = account.purchases[event.purchase_id]
    before_cents = purchase.counted_cents
    release(account, purchase, event.amount_cents)
    purchase.released_cents += event.amount_cents
    recount(account, purchase, before_cents, event.at_us)
    purchase.freed_cents, purchase.freed_at_us = event.amount_cents, event.at_us
    purchase.expires_at_us = None
    purchase.status = _after_expiry(purchase)
    purchase.operations.append(
        PurchaseOperation(
            OperationType.EXPIRY, None, event.amount_cents, Reason.APPROVED, event.at_us, ""
        )
    )
    account.look_for_next_expiry()
