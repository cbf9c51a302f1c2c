"""A decision of the past, explained from the events up to it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.assessment import assess
from authorizer.domain.accounts.assessment_values import Assessment, Request, Step
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.policy_values import policy_from
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldIncremented,
    IncrementDeclined,
)
from authorizer.domain.accounts.purchase_lookup import find_purchase
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.outcomes import Reason
from authorizer.domain.settings.aggregate import SETTINGS
from authorizer.persistence.state.record import records_of
from authorizer.persistence.state.state import State

_TABLES: Final = (MERCHANTS, LIMITS, SETTINGS)
"""What decisions rest on besides their account."""
_TYPES: Final[dict[type, str]] = {
    PurchaseApproved: "purchase",
    PurchaseDeclined: "purchase",
    HoldApproved: "authorization",
    HoldDeclined: "authorization",
    HoldIncremented: "increment",
    IncrementDeclined: "increment",
}
_OF_AN_ID: Final = (Reason.DUPLICATE_MISMATCH, Reason.REVERSED_BEFORE)
"""Reasons for which no rule is asked but the one of ids."""


class Recorded(NamedTuple):
    """The decision as the journal has it."""

    reason: Reason
    source: str | None
    amount_cents: int
    """What was approved; 0 for a decline."""


class PastDecision(NamedTuple):
    """A decision of the past, with every rule and what it saw."""

    position: int
    at_us: int
    type: str
    """`purchase`, `authorization` or `increment`, as the statement has it."""
    recorded: Recorded
    assessment: Assessment
    settings_position: int
    """Where the settings were journaled under which it was made; 0: nobody knows them."""

    @property
    def differs(self) -> bool:
        """Whether the rules come to something else than what was decided."""
        found = self.assessment
        amount_cents = 0 if found.source is None else found.amount_cents
        return self.recorded != (found.reason, found.source, amount_cents)


class Retelling:
    """Follows an account's events until it has seen a decision, which it explains.

    It must be told of every event that `wants` says yes to, in order.
    """

    def __init__(
        self,
        account_id: str,
        purchase_id: str,
        operation_id: str | None,
        policy_today: Callable[[State], Policy],
    ) -> None:
        """`operation_id`: the increment to explain; None: the purchase itself.

        `policy_today`: the settings that are taken where nobody knows them.
        """
        self._account = Account(account_id)
        self._purchase_id = purchase_id
        self._operation_id = operation_id
        self._state = State()
        self._today = policy_today(self._state)
        self._policy = self._today
        self.wants = records_of(
            (kind.name for table in _TABLES for kind in table.events), account_id
        )
        """Whether the events of a record may matter."""
        self.found: PastDecision | None = None
        """The newest decision under the id."""

    @property
    def knows_the_account(self) -> bool:
        """Whether there was an event of it."""
        return self._account.exists

    def take(self, event: Any, position: int) -> None:
        """Follow an event."""
        aggregate = AGGREGATE_OF_EVENT[type(event)]
        if aggregate is ACCOUNTS and event.account_id == self._account.account_id:
            if self._is_looked_for(event):
                self.found = self._explained(event, position)
            ACCOUNTS.evolve(self._account, event, position)
            assert ACCOUNTS.retention is not None
            ACCOUNTS.retention.forget_pages(self._account, event.at_us, self._policy.id_retention)
        elif aggregate in _TABLES:
            aggregate.evolve(self._state.single(aggregate), event, position)
            if aggregate is SETTINGS:
                tables = (self._state.single(MERCHANTS), self._state.single(LIMITS))
                self._policy = policy_from(event.policy, *tables)

    def _is_looked_for(self, event: Any) -> bool:
        if _TYPES.get(type(event)) is None or _id_of(event) != self._purchase_id:
            return False
        if getattr(event, "reason", None) == Reason.DUPLICATE_MISMATCH.name_on_wire:
            return False  # the id stands for another purchase
        return getattr(event, "operation_id", None) == self._operation_id

    def _explained(self, event: Any, position: int) -> PastDecision:
        recorded = _recorded(event)
        known = find_purchase(self._account, self._purchase_id)
        if recorded.reason in _OF_AN_ID and known is not None:
            found = _by_its_id(known, recorded.reason)
        else:
            only = known if self._operation_id is not None else None
            request = _request(event, only, recorded.reason, self._policy)._replace(is_told=True)
            found = assess(self._account, request, self._policy, event.at_us, only)
        settings = self._state.single(SETTINGS)
        type_ = _TYPES[type(event)]
        return PastDecision(position, event.at_us, type_, recorded, found, settings.position)


def _id_of(event: Any) -> str | None:
    is_single = isinstance(event, PurchaseApproved | PurchaseDeclined)
    found: str | None = event.transaction_id if is_single else event.purchase_id
    return found


def _by_its_id(known: Purchase, reason: Reason) -> Assessment:
    step = Step("id", "known", {"id": known.purchase_id, "status": known.status.value})
    return Assessment(reason, None, 0, None, None, (step,))


def _recorded(event: Any) -> Recorded:
    if isinstance(event, PurchaseDeclined | HoldDeclined | IncrementDeclined):
        return Recorded(Reason.of(event.reason), None, 0)
    if isinstance(event, PurchaseApproved):
        return Recorded(Reason.APPROVED, event.wallet or CREDIT_LIMIT, event.amount_cents)
    requested_cents = getattr(event, "requested_cents", event.amount_cents)
    partly = event.amount_cents < requested_cents
    reason = Reason.PARTIALLY_APPROVED if partly else Reason.APPROVED
    return Recorded(reason, event.source, event.amount_cents)


def _request(event: Any, only: Purchase | None, reason: Reason, policy: Policy) -> Request:
    """What was asked for. How long it had waited is recorded only where that was too long."""
    terms = event if only is None else only.terms
    amount_cents = getattr(event, "requested_cents", None)
    return Request(
        event.amount_cents if amount_cents is None else amount_cents,
        terms.mcc,
        terms.merchant,
        terms.card_id,
        getattr(event, "product", None),
        getattr(event, "partial", False),
        policy.deadline_ns if reason is Reason.TOO_LATE else 0,
    )
