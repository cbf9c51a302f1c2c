"""What a decision comes to: events to record and an answer. Outcomes are values, no exceptions."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.messages import Event


class Reason(Enum):
    """The outcome of an authorization, in one word.

    `answer_code` is the challenge's answer: 00 approved, 51 no funds, 07 anything else.
    `response_code` is what an ISO 8583:1987 network would carry for the same reason (field 39). The
    two differ on purpose: 07 means «pick up card» in ISO 8583, so the challenge's 07 is ours alone.
    """

    APPROVED = ("approved", "00", "00")
    INSUFFICIENT_FUNDS = ("insufficient_funds", "51", "51")
    MALFORMED = ("malformed", "07", "30")
    INVALID_AMOUNT = ("invalid_amount", "07", "13")
    ACCOUNT_NOT_FOUND = ("account_not_found", "07", "14")
    CARD_NOT_FOUND = ("card_not_found", "07", "14")
    CARD_BLOCKED = ("card_blocked", "07", "62")
    DUPLICATE_MISMATCH = ("duplicate_mismatch", "07", "94")
    TOO_LATE = ("too_late", "07", "68")
    OVERLOADED = ("overloaded", "07", "91")
    UNAVAILABLE = ("unavailable", "07", "91")
    PARTIALLY_APPROVED = ("partially_approved", "00", "10")
    ACCOUNT_FROZEN = ("account_frozen", "07", "62")
    ACCOUNT_CLOSED = ("account_closed", "07", "14")
    REVERSED_BEFORE = ("reversed_before", "07", "94")
    CARD_CONTROL = ("card_control", "07", "57")
    MERCHANT_NOT_ELIGIBLE = ("merchant_not_eligible", "07", "57")
    AMOUNT_LIMIT = ("amount_limit", "07", "61")
    COUNT_LIMIT = ("count_limit", "07", "65")

    def __init__(self, name_on_wire: str, answer_code: str, response_code: str) -> None:
        self.name_on_wire = name_on_wire
        self.answer_code = answer_code
        self.response_code = response_code

    __hash__ = object.__hash__  # Enum's own runs in Python, on every lookup by reason

    @classmethod
    def of(cls, name_on_wire: str) -> "Reason":
        """The reason that an event names. KeyError for a name that never was one."""
        return _BY_NAME[name_on_wire]


_BY_NAME: Final = {reason.name_on_wire: reason for reason in Reason}


class Outcome(NamedTuple):
    """The answer to a purchase."""

    reason: Reason
    replayed: bool = False
    """The id was answered before; this is that answer again."""
    wallet: str | None = None
    """The wallet that paid; None for a decline, a replay and the card's credit limit."""


OUTCOMES: Final = {reason: Outcome(reason) for reason in Reason}
"""The outcome that says no more than its reason: of every decline, and of a refused request."""


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
    reason: str | None = None
    """Why, in one word for programs."""
    state: str | None = None
    """The state that does not allow it."""


class Done(NamedTuple):
    """A command that holds now: it changed something, or what it asks for was so already."""

    created: bool = False
    """Something new came into being, rather than being there already."""


class Answered(NamedTuple):
    """A question that was answered; nothing changes."""

    value: Any


class Decision(NamedTuple):
    """What `decide` returns: the events that the command causes, and the answer once they hold."""

    outcome: Outcome | Refusal | Done | Answered
    events: Sequence[Event] = ()


HOLDS: Final = Decision(Done())
"""What the command asks for is so already: nothing changes."""


def unknown(what: str, its_id: str) -> Refusal:
    """There is no entity of this kind with this id."""
    return Refusal(RefusalKind.NOT_FOUND, f"there is no {what} {its_id!r}")


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
