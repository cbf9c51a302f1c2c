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
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.column_types import (
    cents_value,
    storable,
    storable_or_none,
)
from authorizer.followers.reports.tables.decider_texts import decider_texts
from authorizer.followers.reports.tables.movement_sums import MovementSums
from authorizer.followers.reports.tables.schema import CREDIT
from authorizer.followers.reports.tables.terms import KnownTerms, Terms

ADJUSTMENT: Final = "adjustment"
_NO_TERMS: Final = (None, None, None, None)


class Key(NamedTuple):
    """A purchase. The texts are storable."""

    account_id: str
    purchase_id: str


class Begun(NamedTuple):
    """A purchase as it began: when, and its terms."""

    position: int
    at_us: int
    mcc: str | None
    merchant: str | None
    card_id: str | None


class PurchaseChange:
    """What a run of events has made of a purchase."""

    __slots__ = ("answered_at_us", "begun", "counted_cents", "is_forced", "source", "status")

    def __init__(self) -> None:
        self.is_forced = False
        """Whether a capture made it, perhaps of one that was declined before."""
        self.answered_at_us: int | None = None
        """Of a purchase that one message made: when that was, where an event says it."""
        self.begun: Begun | None = None
        """Its beginning in this run; None where it is in the tables already."""
        self.source: str | None = None
        """The source of its funds, where it began in this run."""
        self.counted_cents = 0
        """What its present amount has changed by since."""
        self.status: str | None = None
        """Its status by now; None where that did not change."""


class PurchaseLives:
    """The lines and the purchases that a run of events brings.

    `values` are those of all rows of `movements`, one row behind the other.
    """

    def __init__(self, known: KnownTerms, days: LocalDays) -> None:
        self._known = known
        self.values: list[Any] = []
        self.changes: dict[Key, PurchaseChange] = {}
        self.sums = MovementSums(days)

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
        card_id: str | None = None,
        terms: tuple[str | None, ...] = _NO_TERMS,
    ) -> None:
        """`terms`: MCC, merchant, product and the override's MCC."""
        change = wallet_change(event)
        mcc, merchant, product, override = map(storable_or_none, terms)
        like = self._known.like(
            Terms(
                reason,
                storable_or_none(source),
                None if change is None else storable(change.wallet),
                mcc,
                merchant,
                product,
                override,
                *decider_texts(event),
            ),
            position,
        )
        named = operation_id if purchase_id is None else purchase_id
        self.values += (
            position,
            event.at_us,
            storable(event.account_id),
            type_,
            storable_or_none(named),
            None if purchase_id is None else storable_or_none(operation_id),
            like.terms_id,
            cents_value(amount_cents),
            0 if change is None else change.available_cents,
            0 if change is None else change.held_cents,
            storable_or_none(card_id),
        )
        self.sums.add(event.at_us, type_, reason.answer_code, amount_cents)

    def _change(self, event: Any) -> PurchaseChange:
        key = Key(storable(event.account_id), storable(_id_of(event)))
        change = self.changes.get(key)
        if change is None:
            change = self.changes[key] = PurchaseChange()
        answered = getattr(event, "answered", None)
        if answered is not None:
            change.answered_at_us = answered.at_us
        return change

    def _put(
        self,
        event: Any,
        position: int,
        status: PurchaseStatus,
        source: str | None = None,
        terms: tuple[str | None, ...] = _NO_TERMS[:3],
    ) -> PurchaseChange:
        """`terms`: MCC, merchant and card."""
        change = self._change(event)
        begun = change.begun or Begun(position, event.at_us, None, None, None)
        if begun.mcc is None:
            begun = Begun(begun.position, begun.at_us, *map(storable_or_none, terms))
        change.begun = begun
        change.source = storable_or_none(source)
        change.status, change.counted_cents = status.value, 0
        return change

    def declined(self, event: PurchaseDeclined, position: int) -> None:
        """Note a purchase of one message whose reversal came before it."""
        is_known = event.reason == Reason.REVERSED_BEFORE.name_on_wire
        if is_known and event.transaction_id is not None:
            self._put(event, position, PurchaseStatus.DECLINED, terms=_terms(event))

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
        change = self._put(event, position, PurchaseStatus.PENDING, event.source, _terms(event))
        change.counted_cents = event.amount_cents
        self._line(
            event,
            position,
            OperationType.AUTHORIZATION.value,
            event.amount_cents,
            source=event.source,
            purchase_id=event.purchase_id,
            operation_id=event.purchase_id,
            reason=Reason.PARTIALLY_APPROVED if partly else Reason.APPROVED,
            card_id=event.card_id,
            terms=(event.mcc, event.merchant, event.product, event.override_mcc),
        )

    def _hold_declined(self, event: HoldDeclined, position: int) -> None:
        self._put(event, position, PurchaseStatus.DECLINED, terms=_terms(event))
        self._line(
            event,
            position,
            OperationType.AUTHORIZATION.value,
            event.requested_cents,
            source=None,
            purchase_id=event.purchase_id,
            operation_id=event.purchase_id,
            reason=Reason.of(event.reason),
            card_id=event.card_id,
            terms=(event.mcc, event.merchant, event.product, event.override_mcc),
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
            terms = (event.mcc, event.merchant, event.card_id)
            self._put(event, position, PurchaseStatus.CLOSED, event.source, terms)
        change = self._change(event)
        change.is_forced |= event.makes
        change.counted_cents += event.beyond_cents - event.released_cents
        change.status = event.status
        cents = event.from_hold_cents + event.beyond_cents
        self._line(
            event,
            position,
            OperationType.CAPTURE.value,
            cents,
            source=event.source,
            purchase_id=event.purchase_id,
            operation_id=event.operation_id,
            card_id=event.card_id,
            terms=(event.mcc, event.merchant, None, None),
        )

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


def _terms(event: HoldApproved | HoldDeclined | PurchaseDeclined) -> tuple[str | None, ...]:
    """The effective MCC, the merchant and the card."""
    return event.override_mcc or event.mcc, event.merchant, event.card_id


def _id_of(event: Any) -> str:
    is_single = isinstance(event, PurchaseDeclined)
    return str(event.transaction_id if is_single else event.purchase_id)


OF_A_LIFE: Final = tuple(PurchaseLives.LINES)
"""The events that bring lines of the statement besides purchases of one message."""
