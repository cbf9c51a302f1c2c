"""What the operations of a purchase have in common: repeats, refusals, the line they add."""

from typing import Protocol

from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
)
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.outcomes import HOLDS, Decision, Reason, Refusal, RefusalKind, unknown


class OfOperation(Protocol):
    """An event of an operation on a purchase."""

    @property
    def at_us(self) -> int:
        """When it happened, in microseconds since 1970 UTC."""

    @property
    def operation_id(self) -> str:
        """Its id within the purchase."""


def refuse(reason: str, state: str, detail: str) -> Decision:
    """A call that the state does not allow; `reason` in one word, and which state it is."""
    return Decision(Refusal(RefusalKind.CONFLICT, detail, reason=reason, state=state))


def refuse_state(purchase: Purchase, what: str) -> Decision:
    """A call that the purchase's status does not allow."""
    status = purchase.status.value
    return refuse("wrong_state", status, f"purchase {purchase.purchase_id!r} is {status}: {what}")


def refuse_closed(account: Account) -> Decision | None:
    """A closed account refuses everything."""
    if account.status is not AccountStatus.CLOSED:
        return None
    return refuse("account_closed", "closed", f"account {account.account_id!r} is closed")


def no_purchase(purchase_id: str) -> Decision:
    """There is no purchase of this id."""
    return Decision(unknown("purchase", purchase_id))


def repeat(
    purchase: Purchase, type_: OperationType, operation_id: str, fingerprint: str
) -> Decision | None:
    """The answer to an operation's id that was taken before; None where it is new."""
    known = purchase.operation(operation_id)
    if known is None:
        return None
    if known.type is type_ and known.fingerprint == fingerprint:
        return HOLDS
    detail = f"operation {operation_id!r} of purchase {purchase.purchase_id!r} was another one"
    return refuse("duplicate_mismatch", purchase.status.value, detail)


def fingerprint(*members: object) -> str:
    """All members of a request in one text; missing ones differ from empty ones."""
    return "\0".join("" if member is None else f"={member}" for member in members)


def approved(
    type_: OperationType, event: OfOperation, amount_cents: int, fingerprint: str
) -> PurchaseOperation:
    """The line that an event with an operation's id adds to its purchase."""
    at_us, operation_id = event.at_us, event.operation_id
    return PurchaseOperation(type_, operation_id, amount_cents, Reason.APPROVED, at_us, fingerprint)
