"""What is counted of purchases of several messages, and of escalations, for `/metrics`: integers.

Gauges go on from the recovered state by what each event changes, so they are exact at any time and
nobody walks along the accounts for them. Counters begin at the start.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.deciders import limit_hits
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    IncrementHold,
    Refund,
    Reverse,
)
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldExpired,
    HoldIncremented,
    PurchaseCaptured,
    PurchaseReversed,
)
from authorizer.domain.accounts.purchase_state import OperationType, PurchaseStatus
from authorizer.domain.accounts.state import Account
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Decision, Reason, Refusal
from authorizer.domain.tickets.events import TicketEscalated

MAX_LIMIT_NAMES: Final = 100
"""Names of limits that are counted each by itself; the others are counted together."""
OTHER_LIMITS: Final = ""
"""The name under which they are: no limit has it."""
REPLAYED: Final = "replayed"
"""The outcome of an operation that was made before."""

_PENDING: Final = PurchaseStatus.PENDING.value
_TYPES: Final[Mapping[type[Any], str]] = {
    AuthorizeHold: OperationType.AUTHORIZATION.value,
    IncrementHold: OperationType.INCREMENT.value,
    Capture: OperationType.CAPTURE.value,
    Reverse: OperationType.REVERSAL.value,
    Refund: OperationType.REFUND.value,
}


class Operation(NamedTuple):
    """An operation that was asked for, and what became of it, in the words of the wire."""

    type: str
    outcome: str


class CountedHit(NamedTuple):
    """A limit that a purchase would have gone beyond."""

    name: str
    level: str
    mode: str


class LifeCounts:
    """Open holds and what they hold; operations, expiries and hits of limits."""

    def __init__(self) -> None:
        self.open_holds = 0
        self.held_cents: Counter[str] = Counter()
        """By source: a wallet, or `CREDIT_LIMIT`."""
        self.expired = 0
        self.late_captures = 0
        self.forced_captures = 0
        self.operations: Counter[Operation] = Counter()
        self.limit_hits: Counter[CountedHit] = Counter()
        self.escalations: Counter[tuple[str, str]] = Counter()
        """Escalations of tickets, by their deadline and level."""
        self._limit_names: set[str] = set()

    def recovered(self, account: Account) -> None:
        """Count the open holds of an account as it was recovered."""
        for purchase in Account.purchases.of(account).open():
            if purchase.source is not None:
                self.open_holds += 1
                self.held_cents[purchase.source] += purchase.held_cents

    def decided(self, command: Any, decision: Decision) -> None:
        """Count an operation and what became of it; commands of other kinds are passed over."""
        type_ = _TYPES.get(type(command))
        if type_ is not None:
            self.operations[Operation(type_, _outcome(decision))] += 1

    def happened(self, events: Iterable[Event]) -> None:
        """Count what events changed, once they are appended."""
        for event in events:
            count = self.COUNT.get(type(event))
            if count is not None:
                count(self, event)
            for name, level, mode in limit_hits(event) if _decided(event) else ():
                hit = CountedHit(self._bounded(name), level or "", mode.value)
                self.limit_hits[hit] += 1

    def _bounded(self, name: str) -> str:
        if name not in self._limit_names:
            if len(self._limit_names) >= MAX_LIMIT_NAMES:
                return OTHER_LIMITS
            self._limit_names.add(name)
        return name

    # --- one method an event -------------------------------------------------------------------

    def _approved(self, event: HoldApproved) -> None:
        self.open_holds += 1
        self.held_cents[event.source] += event.amount_cents

    def _incremented(self, event: HoldIncremented) -> None:
        self.held_cents[event.source] += event.amount_cents

    def _captured(self, event: PurchaseCaptured) -> None:
        self.late_captures += event.late
        self.forced_captures += event.force
        self._let_go(event, event.from_hold_cents + event.released_cents)

    def _reversed(self, event: PurchaseReversed) -> None:
        if event.of_hold:
            self._let_go(event, event.amount_cents)

    def _expired(self, event: HoldExpired) -> None:
        self.expired += 1
        self._let_go(event, event.amount_cents)

    def _escalated(self, event: TicketEscalated) -> None:
        self.escalations[event.deadline, event.level] += 1

    def _let_go(self, event: PurchaseCaptured | PurchaseReversed | HoldExpired, cents: int) -> None:
        """An open hold holds something always, so one of which nothing goes is none."""
        if cents:
            self.held_cents[event.source] -= cents
            self.open_holds -= event.status != _PENDING

    COUNT: Final[dict[type[Any], Callable[["LifeCounts", Any], None]]] = {
        HoldApproved: _approved,
        HoldIncremented: _incremented,
        PurchaseCaptured: _captured,
        PurchaseReversed: _reversed,
        HoldExpired: _expired,
        TicketEscalated: _escalated,
    }


def _decided(event: Any) -> bool:
    """Whether a limit may have had a say in it."""
    return bool(getattr(event, "shadow", ()) or getattr(event, "decided_by", None))


def _outcome(decision: Decision) -> str:
    """`approved`, the reason of a decline or of a refusal, or `REPLAYED`."""
    outcome = decision.outcome
    if isinstance(outcome, Refusal):
        return outcome.reason or outcome.kind.value
    if not decision.events:
        return REPLAYED
    event: Any = decision.events[-1]
    reason: str = getattr(event, "reason", Reason.APPROVED.name_on_wire)
    if isinstance(event, HoldApproved) and event.amount_cents < event.requested_cents:
        return Reason.PARTIALLY_APPROVED.name_on_wire
    return reason
