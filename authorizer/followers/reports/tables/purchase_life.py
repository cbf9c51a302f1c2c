"""Events of a purchase's life → lines of the statement, and how the purchase stands. Pure."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
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
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.column_types import cents_value
from authorizer.followers.reports.tables.counted_lines import CountedLines
from authorizer.followers.reports.tables.decider_texts import decider_texts
from authorizer.followers.reports.tables.movement_sums import MovementSums
from authorizer.followers.reports.tables.schema import CREDIT
from authorizer.followers.reports.tables.terms import KnownTerms

ADJUSTMENT: Final = "adjustment"
AUTHORIZATION: Final = OperationType.AUTHORIZATION.value
INCREMENT: Final = OperationType.INCREMENT.value
CAPTURE: Final = OperationType.CAPTURE.value
REVERSAL: Final = OperationType.REVERSAL.value
REFUND: Final = OperationType.REFUND.value
EXPIRY: Final = OperationType.EXPIRY.value
_PENDING: Final = PurchaseStatus.PENDING.value
_CLOSED: Final = PurchaseStatus.CLOSED.value
_DECLINED: Final = PurchaseStatus.DECLINED.value
_REVERSED: Final = PurchaseStatus.REVERSED.value
_BEFORE: Final = Reason.REVERSED_BEFORE.name_on_wire
_NO_TERMS: Final = (None, None, None, None)
_NO_TEXTS: Final = (None, None)
_NO_CHANGE: Final = (None, 0, 0, 0)

Key = tuple[str, str]
"""A purchase: its account and its id."""
Texts = tuple[str | None, ...]


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

    `values` are those of all rows of `movements`, one row behind the other. Texts are storable.
    """

    def __init__(self, known: KnownTerms, days: LocalDays) -> None:
        self._counted = CountedLines(known, days)
        self.values: list[Any] = []
        self.changes: dict[Key, PurchaseChange] = {}

    def sums(self) -> MovementSums:
        """The sums of all lines that came."""
        return self._counted.sums()

    def add(self, event: Any, position: int) -> None:
        """Add what an event at a position brings."""
        self.LINES[type(event)](self, event, position)

    def declined(self, event: PurchaseDeclined, position: int) -> None:
        """Note a purchase of one message whose reversal came before it."""
        its_id = event.transaction_id
        if event.reason == _BEFORE and its_id is not None:
            change = self._change(event.account_id, its_id)
            self._put(change, event, position, _DECLINED, None, _terms(event))

    def _line(  # noqa: PLR0913, PLR0917 - a line has as many parts, and names cost time here
        self,
        event: Any,
        position: int,
        type_: str,
        cents: int,
        source: str | None,
        movement_id: str,
        operation_id: str | None = None,
        reason: Reason = Reason.APPROVED,
        card_id: str | None = None,
        terms: Texts = _NO_TERMS,
        texts: Texts = _NO_TEXTS,
        reference: str | None = None,
    ) -> None:
        """`terms`: MCC, merchant, product and the override's MCC. `texts`: `decider_texts`."""
        change = wallet_change(event)
        wallet, available, held, _ = _NO_CHANGE if change is None else change
        at_us = event.at_us
        kind = (type_, reason, source, wallet, *terms, *texts)
        terms_id = self._counted.count(kind, at_us, cents, position)
        value = cents if cents <= MAX_BALANCE_CENTS else cents_value(cents)
        named = (position, at_us, event.account_id, type_, movement_id, operation_id)
        self.values += (*named, terms_id, value, available, held, card_id, reference)

    def _change(self, account_id: str, purchase_id: str) -> PurchaseChange:
        key = (account_id, purchase_id)
        change = self.changes.get(key)
        if change is None:
            change = self.changes[key] = PurchaseChange()
        return change

    def _put(
        self,
        change: PurchaseChange,
        event: Any,
        position: int,
        status: str,
        source: str | None,
        terms: tuple[str | None, str | None, str | None] = (None, None, None),
    ) -> None:
        """`terms`: the effective MCC, merchant and card."""
        begun = change.begun
        if begun is None:
            change.begun = Begun(position, event.at_us, *terms)
        elif begun.mcc is None:
            change.begun = Begun(begun.position, begun.at_us, *terms)
        change.source = source
        change.status, change.counted_cents = status, 0

    # --- one method an event -------------------------------------------------------------------

    def _credited(self, event: AccountCredited, position: int) -> None:
        self._line(
            *(event, position, CREDIT, event.amount_cents, None, event.credit_id),
            reference=event.reference,
        )

    def _adjusted(self, event: WalletAdjusted, position: int) -> None:
        self._line(event, position, ADJUSTMENT, event.amount_cents, None, event.adjustment_id)

    def _hold_approved(self, event: HoldApproved, position: int) -> None:
        at_us, _, account, its_id, requested, cents, mcc, merchant, card, override, source = event[
            :11
        ]
        change = self._change(account, its_id)
        self._put(change, event, position, _PENDING, source, (override or mcc, merchant, card))
        change.counted_cents = cents
        reason = Reason.PARTIALLY_APPROVED if cents < requested else Reason.APPROVED
        texts = decider_texts(event) if event.shadow else _NO_TEXTS
        # as `wallet_change` tells it, in fewer steps: every hold comes along here
        wallet, held = (None, 0) if source == CREDIT_LIMIT else (source, cents)
        terms = (AUTHORIZATION, reason, source, wallet, mcc, merchant, event.product, override)
        terms_id = self._counted.count((*terms, *texts), at_us, cents, position)
        named = (position, at_us, account, AUTHORIZATION, its_id, its_id)
        self.values += (*named, terms_id, cents, -held, held, card, None)

    def _hold_declined(self, event: HoldDeclined, position: int) -> None:
        its_id = event.purchase_id
        change = self._change(event.account_id, its_id)
        self._put(change, event, position, _DECLINED, None, _terms(event))
        terms = (event.mcc, event.merchant, event.product, event.override_mcc)
        self._line(
            *(event, position, AUTHORIZATION, event.requested_cents, None, its_id, its_id),
            *(Reason.of(event.reason), event.card_id, terms, decider_texts(event)),
        )

    def _incremented(self, event: HoldIncremented, position: int) -> None:
        self._change(event.account_id, event.purchase_id).counted_cents += event.amount_cents
        self._line(
            *(event, position, INCREMENT, event.amount_cents, event.source, event.purchase_id),
            *(event.operation_id, Reason.APPROVED, None, _NO_TERMS, decider_texts(event)),
        )

    def _increment_declined(self, event: IncrementDeclined, position: int) -> None:
        self._line(
            *(event, position, INCREMENT, event.amount_cents, None, event.purchase_id),
            *(event.operation_id, Reason.of(event.reason), None, _NO_TERMS, decider_texts(event)),
        )

    def _captured(self, event: PurchaseCaptured, position: int) -> None:
        change = self._change(event.account_id, event.purchase_id)
        if event.makes:
            terms = (event.mcc, event.merchant, event.card_id)
            self._put(change, event, position, _CLOSED, event.source, terms)
            change.is_forced = True
        change.counted_cents += event.beyond_cents - event.released_cents
        change.status = event.status
        _note_answer(change, event)
        cents = event.from_hold_cents + event.beyond_cents
        self._line(
            *(event, position, CAPTURE, cents, event.source, event.purchase_id),
            *(event.operation_id, Reason.APPROVED, event.card_id),
            (event.mcc, event.merchant, None, None),
        )

    def _reversed(self, event: PurchaseReversed, position: int) -> None:
        change = self._change(event.account_id, event.purchase_id)
        change.counted_cents -= event.amount_cents
        change.status = event.status
        _note_answer(change, event)
        self._operation(event, position, REVERSAL, event.amount_cents, event.source)

    def _reversed_before(self, event: PurchaseReversedBefore, position: int) -> None:
        change = self._change(event.account_id, event.purchase_id)
        self._put(change, event, position, _REVERSED, None)
        self._operation(event, position, REVERSAL, 0, None)

    def _refunded(self, event: PurchaseRefunded, position: int) -> None:
        _note_answer(self._change(event.account_id, event.purchase_id), event)
        self._operation(event, position, REFUND, event.amount_cents, event.source)

    def _expired(self, event: HoldExpired, position: int) -> None:
        change = self._change(event.account_id, event.purchase_id)
        change.counted_cents -= event.amount_cents
        change.status = event.status
        its_id, cents = event.purchase_id, event.amount_cents
        self._line(event, position, EXPIRY, cents, event.source, its_id)

    def _operation(
        self, event: Any, position: int, type_: str, cents: int, source: str | None
    ) -> None:
        self._line(event, position, type_, cents, source, event.purchase_id, event.operation_id)

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


def _terms(
    event: HoldApproved | HoldDeclined | PurchaseDeclined,
) -> tuple[str | None, str | None, str | None]:
    """The effective MCC, the merchant and the card."""
    return event.override_mcc or event.mcc, event.merchant, event.card_id


def _note_answer(
    change: PurchaseChange, event: PurchaseCaptured | PurchaseReversed | PurchaseRefunded
) -> None:
    """Note when a purchase was answered that one message made."""
    if event.answered is not None:
        change.answered_at_us = event.answered.at_us


OF_A_LIFE: Final = tuple(PurchaseLives.LINES)
"""The events that bring lines of the statement besides purchases of one message."""
