"""What an event has changed of a wallet: available, held and owed, told by the event alone.

For every wallet, opening balance and changes are the balance. Read models and audits add them up
without an account's state.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import AccountCredited, PurchaseApproved
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldExpired,
    HoldIncremented,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    WalletAdjusted,
)


class WalletChange(NamedTuple):
    """A change of one wallet, in centavos."""

    wallet: str
    available_cents: int = 0
    held_cents: int = 0
    owed_cents: int = 0


def wallet_change(event: Any) -> WalletChange | None:
    """What an event has changed; None where no wallet has: a decline, a card's credit limit."""
    change_of = _CHANGE.get(type(event))
    if change_of is None or getattr(event, "source", None) == CREDIT_LIMIT:
        return None
    return change_of(event)


def _credited(event: AccountCredited) -> WalletChange:
    return _received(event.wallet, event.amount_cents, event.debt_paid_cents)


def _received(wallet: str, amount_cents: int, debt_paid_cents: int) -> WalletChange:
    """Money came into a wallet, and paid a debt first."""
    return WalletChange(wallet, amount_cents - debt_paid_cents, 0, -debt_paid_cents)


def _purchased(event: PurchaseApproved) -> WalletChange | None:
    return None if event.wallet is None else WalletChange(event.wallet, -event.amount_cents)


def _held(event: HoldApproved | HoldIncremented) -> WalletChange:
    return WalletChange(event.source, -event.amount_cents, event.amount_cents)


def _captured(event: PurchaseCaptured) -> WalletChange:
    back_cents = event.released_cents - event.debt_paid_cents
    taken_cents = event.beyond_cents - event.owed_cents
    return WalletChange(
        event.source,
        back_cents - taken_cents,
        -event.from_hold_cents - event.released_cents,
        event.owed_cents - event.debt_paid_cents,
    )


def _reversed(event: PurchaseReversed) -> WalletChange:
    change = _received(event.source, event.amount_cents, event.debt_paid_cents)
    return change._replace(held_cents=-event.amount_cents) if event.of_hold else change


def _refunded(event: PurchaseRefunded) -> WalletChange:
    return _received(event.source, event.amount_cents, event.debt_paid_cents)


def _expired(event: HoldExpired) -> WalletChange:
    change = _received(event.source, event.amount_cents, event.debt_paid_cents)
    return change._replace(held_cents=-event.amount_cents)


def _adjusted(event: WalletAdjusted) -> WalletChange:
    return _received(event.wallet, event.amount_cents, event.debt_paid_cents)


_CHANGE: Final[dict[type, Callable[[Any], WalletChange | None]]] = {
    AccountCredited: _credited,
    PurchaseApproved: _purchased,
    HoldApproved: _held,
    HoldIncremented: _held,
    PurchaseCaptured: _captured,
    PurchaseReversed: _reversed,
    PurchaseRefunded: _refunded,
    HoldExpired: _expired,
    WalletAdjusted: _adjusted,
}
