"""Events of a purchase's life → lines of the statement, and how the purchase stands. Pure."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.changes import wallet_change
from authorizer.domain.accounts.events import AccountCredited, PurchaseDeclined
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    IncrementDeclined,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    PurchaseReversedBefore,
    WalletAdjusted,
)
from authorizer.domain.accounts.purchase_state import OperationType, PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.column_types import storable
from authorizer.followers.reports.tables.decider_texts import decider_columns
from authorizer.followers.reports.tables.schema import CREDIT, Row

ADJUSTMENT: Final = "adjustment"

_OF_A_HOLD: Final = ("mcc", "merchant", "card_id", "product", "override_mcc")


class Key(NamedTuple):
    """A purchase."""

    account_id: str
    purchase_id: str


class PurchaseChange:
    """What a run of events has made of a purchase."""

    __slots__ = ("counted_cents", "is_forced", "put", "status")

    def __init__(self) -> None:
        self.is_forced = False
        """Whether a capture made it, perhaps of one that was declined before."""
        self.put: Row | None = None
        """The purchase as it began in this run; None where it is in the tables already."""
        self.counted_cents = 0
        """What its present amount has changed by since."""
        self.status: str | None = None
        """Its status by now; None where that did not change."""


class PurchaseLives:
    """The lines and the purchases that a run of events brings."""

    def __init__(self) -> None:
        self.lines: list[Row] = []
        self.changes: dict[Key, PurchaseChange] = {}

    def add(self, event: Any, position: int) -> None:
        """Add what an event at a position brings."""
        self.LINES[type(event)](self, event, position)

    def _line(  # noqa: PLR0913 - a line has as many parts
        self,
        event: Any,
        position: int,
        type_: str,
        amount_cents: int,
        *,
        source: str | None,
        purchase_id: str | None = None,
        operation_id: str | None = None,
        reason: Reason = Reason.APPROVED,
    ) -> None:
        change = wallet_change(event)
        self.lines.append(
            {
                "position": position,
                "at_us": event.at_us,
                "account_id": event.account_id,
                "type": type_,
                "movement_id": operation_id if purchase_id is None else purchase_id,
                "operation_id": None if purchase_id is None else operation_id,
                "wallet": None if change is None else change.wallet,
                "amount_cents": amount_cents,
                "available_cents": 0 if change is None else change.available_cents,
                "held_cents": 0 if change is None else change.held_cents,
                "code": reason.answer_code,
                "reason": reason.name_on_wire,
                "source": source,
                **{name: getattr(event, name, None) for name in _OF_A_HOLD},
                **decider_columns(event),
            }
        )

    def _change(self, event: Any) -> PurchaseChange:
        key = Key(storable(event.account_id), storable(_id_of(event)))
        return self.changes.setdefault(key, PurchaseChange())

    def _put(
        self, event: Any, position: int, status: PurchaseStatus, source: str | None = None
    ) -> None:
        change = self._change(event)
        begun = change.put or {"position": position, "at_us": event.at_us, "mcc": None}
        if begun["mcc"] is None:
            begun |= {
                "mcc": getattr(event, "override_mcc", None) or getattr(event, "mcc", None),
                "merchant": getattr(event, "merchant", None),
                "card_id": getattr(event, "card_id", None),
            }
        key = {"account_id": event.account_id, "purchase_id": _id_of(event)}
        change.put = {**key, **begun, "source": source}
        change.status, change.counted_cents = status.value, 0

    def declined(self, event: PurchaseDeclined, position: int) -> None:
        """Note a purchase of one message whose reversal came before it."""
        is_known = event.reason == Reason.REVERSED_BEFORE.name_on_wire
        if is_known and event.transaction_id is not None:
            self._put(event, position, PurchaseStatus.DECLINED)

    # --- one method an event -------------------------------------------------------------------

    def _credited(self, event: AccountCredited, position: int) -> None:
        self._line(
            event, position, CREDIT, event.amount_cents, source=None, operation_id=event.credit_id
        )

    def _adjusted(self, event: WalletAdjusted, position: int) -> None:
        name, cents = event.adjustment_id, event.amount_cents
        self._line(event, position, ADJUSTMENT, cents, source=None, operation_id=name)

    def _hold_approved(self, event: HoldApproved, position: int) -> None:
        partly = event.amount_cents < event.requested_cents
        self._put(event, position, PurchaseStatus.PENDING, source=event.source)
        self._change(event).counted_cents = event.amount_cents
        self._line(
            event,
            position,
            OperationType.AUTHORIZATION.value,
            event.amount_cents,
            source=event.source,
            purchase_id=event.purchase_id,
            operation_id=event.purchase_id,
            reason=Reason.PARTIALLY_APPROVED if partly else Reason.APPROVED,
        )

    def _hold_declined(self, event: HoldDeclined, position: int) -> None:
        self._put(event, position, PurchaseStatus.DECLINED)
        self._line(
            event,
            position,
            OperationType.AUTHORIZATION.value,
            event.requested_cents,
            source=None,
            purchase_id=event.purchase_id,
            operation_id=event.purchase_id,
            reason=Reason.of(event.reason),
        )

    def _incremented(self, event: HoldIncremented, position: int) -> None:
        self._change(event).counted_cents += event.amount_cents
        self._operation(event, position, OperationType.INCREMENT, event.amount_cents, event.source)

    def _increment_declined(self, event: IncrementDeclined, position: int) -> None:
        self._line(
            event,
            position,
            OperationType.INCREMENT.value,
            event.amount_cents,
            source=None,
            purchase_id=event.purchase_id,
            operation_id=event.operation_id,
            reason=Reason.of(event.reason),
        )

    def _captured(self, event: PurchaseCaptured, position: int) -> None:
        if event.makes:
            self._put(event, position, PurchaseStatus.CLOSED, source=event.source)
        change = self._change(event)
        change.is_forced |= event.makes
        change.counted_cents += event.beyond_cents - event.released_cents
        change.status = event.status
        cents = event.from_hold_cents + event.beyond_cents
        self._operation(event, position, OperationType.CAPTURE, cents, event.source)

    def _reversed(self, event: PurchaseReversed, position: int) -> None:
        change = self._change(event)
        change.counted_cents -= event.amount_cents
        change.status = event.status
        self._operation(event, position, OperationType.REVERSAL, event.amount_cents, event.source)

    def _reversed_before(self, event: PurchaseReversedBefore, position: int) -> None:
        self._put(event, position, PurchaseStatus.REVERSED)
        self._operation(event, position, OperationType.REVERSAL, 0, None)

    def _refunded(self, event: PurchaseRefunded, position: int) -> None:
        self._change(event)
        self._operation(event, position, OperationType.REFUND, event.amount_cents, event.source)

    def _expired(self, event: HoldExpired, position: int) -> None:
        change = self._change(event)
        change.counted_cents -= event.amount_cents
        change.status = event.status
        self._operation(event, position, OperationType.EXPIRY, event.amount_cents, event.source)

    def _operation(
        self, event: Any, position: int, type_: OperationType, cents: int, source: str | None
    ) -> None:
        self._line(
            event,
            position,
            type_.value,
            cents,
            source=source,
            purchase_id=event.purchase_id,
            operation_id=getattr(event, "operation_id", None),
        )

    LINES: Final[dict[type, Callable[["PurchaseLives", Any, int], None]]] = {
        AccountCredited: _credited,
        WalletAdjusted: _adjusted,
        HoldApproved: _hold_approved,
        HoldDeclined: _hold_declined,
        HoldIncremented: _incremented,
        IncrementDeclined: _increment_declined,
        PurchaseCaptured: _captured,
        PurchaseReversed: _reversed,
        PurchaseReversedBefore: _reversed_before,
        PurchaseRefunded: _refunded,
        HoldExpired: _expired,
    }


def _id_of(event: Any) -> str:
    is_single = isinstance(event, PurchaseDeclined)
    return str(event.transaction_id if is_single else event.purchase_id)


OF_A_LIFE: Final = tuple(PurchaseLives.LINES)
"""The events that bring lines of the statement besides purchases of one message."""
