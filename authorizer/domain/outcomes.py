"""What a decision comes to: events to record and an answer. Outcomes are values, no exceptions."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from authorizer.domain.events import Event
from authorizer.domain.reasons import Reason


class Outcome(NamedTuple):
    """The answer to a purchase."""

    reason: Reason
    replayed: bool = False
    """The id was answered before; this is that answer again."""
    wallet: str | None = None
    """The wallet that paid; None for a decline, a replay and the card's credit limit."""


class RefusalKind(Enum):
    """Why anything but a purchase was refused."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    CHANGED = "changed"
    """It is not as the caller has seen it."""
    GONE = "gone"
    """It was there, and was erased for good."""


class Refusal(NamedTuple):
    """A command that was refused, in words for the caller."""

    kind: RefusalKind
    detail: str
    field: str | None = None


class Done(NamedTuple):
    """A command that holds now: it changed something, or what it asks for was so already."""

    created: bool = False
    """Something new came into being, rather than being there already."""


class Decision(NamedTuple):
    """What `decide` returns: the events that the command causes, and the answer once they hold."""

    outcome: Outcome | Refusal | Done
    events: Sequence[Event] = ()


def not_found(detail: str) -> Decision:
    """The thing that the command names does not exist."""
    return Decision(Refusal(RefusalKind.NOT_FOUND, detail))


def no_account(account_id: str) -> Decision:
    """The account was never opened."""
    return not_found(f"there is no account {account_id!r}")


def conflict(detail: str) -> Decision:
    """The state does not allow the command."""
    return Decision(Refusal(RefusalKind.CONFLICT, detail))


def not_as_seen(customer_id: str) -> Refusal:
    """Somebody else has changed this customer since the caller looked."""
    detail = f"customer {customer_id!r} is not as this request has seen them: read them again"
    return Refusal(RefusalKind.CHANGED, detail)


def invalid(detail: str, field: str) -> Decision:
    """A field of the command can't be taken, whatever the state."""
    return Decision(Refusal(RefusalKind.INVALID, detail, field))


def erased(customer_id: str) -> Refusal:
    """The personal data of this customer was erased, at the person's wish."""
    detail = f"the personal data of customer {customer_id!r} was erased"
    return Refusal(RefusalKind.GONE, detail)
