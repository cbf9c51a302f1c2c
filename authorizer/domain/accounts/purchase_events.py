"""What happens to a purchase of several messages, and to an account's standing.

The order of an event's fields is the order in the journal.
"""

from typing import NamedTuple

from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.limits import LimitEntry, LimitScope
from authorizer.domain.revival import AnyInt


class HoldApproved(NamedTuple):
    """Money was reserved for a purchase."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    requested_cents: int
    amount_cents: int
    """Less than requested where it was approved in part."""
    mcc: str
    merchant: str
    card_id: str | None
    override_mcc: str | None
    """The MCC of the merchant override that applied, if one did."""
    source: str
    """The wallet that pays, or `CREDIT_LIMIT`."""
    expires_at_us: int
    partial: bool
    """Whether the request would take less than it asked for."""
    hold_hours: int | None
    """The time to live that the request asked for."""
    product: str | None
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it."""


class HoldDeclined(NamedTuple):
    """A hold was declined; nothing moved."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    requested_cents: AnyInt
    mcc: str
    merchant: str
    card_id: str | None
    override_mcc: str | None
    reason: str
    decided_by: Decider | None
    """The control, the product or the limit that declined."""
    partial: bool
    hold_hours: int | None
    product: str | None
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it too."""


class HoldIncremented(NamedTuple):
    """More money of the same source was reserved for a purchase."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int
    source: str
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it."""


class IncrementDeclined(NamedTuple):
    """An increment was declined; the hold is as it was."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: AnyInt
    reason: str
    decided_by: Decider | None
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it too."""


class PurchaseCaptured(NamedTuple):
    """Money of a purchase was taken for good."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    from_hold_cents: int
    beyond_cents: int
    """What was not held: an over-capture, a late or a forced one."""
    released_cents: int
    """The rest of the hold, which a final capture lets go."""
    late: bool
    asked_cents: int | None
    """The amount of the request; None: all that is held."""
    final: bool
    force: bool
    mcc: str | None
    """This member and the next two: as the request gave them, with `force`."""
    merchant: str | None
    card_id: str | None
    source: str
    """The wallet that pays, or `CREDIT_LIMIT`."""
    makes: bool
    """Whether the capture makes the purchase, or its approval, by force."""
    owed_cents: int
    """What the source did not have, and owes now."""
    debt_paid_cents: int
    """What of the released rest paid an older debt of the source."""
    status: str
    """The purchase's status from now on."""
    answered: StoredAnswer | None = None
    """Of a purchase of one message, which is one of several from now on: what it was answered.

    Replay may have forgotten its id by then. None where the purchase is one of several already.
    """


class PurchaseReversed(NamedTuple):
    """Held money was let go, or captured money given back: the purchase was undone, or a part."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int
    asked_cents: int | None
    """The amount of the request; None: all that there is."""
    if_unknown: str | None
    source: str
    of_hold: bool
    """Whether held money was let go; else captured money was given back."""
    debt_paid_cents: int
    """What of it paid a debt of the source."""
    status: str
    """The purchase's status from now on."""
    answered: StoredAnswer | None = None
    """As in `PurchaseCaptured`."""


class PurchaseReversedBefore(NamedTuple):
    """A reversal came before its purchase, which will be declined."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    asked_cents: int | None
    if_unknown: str


class PurchaseRefunded(NamedTuple):
    """Captured money was given back: goods came back, or a shop made it good."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int
    asked_cents: int | None
    """The amount of the request; None: all that is left."""
    source: str
    debt_paid_cents: int
    """What of it paid a debt of the source."""
    answered: StoredAnswer | None = None
    """As in `PurchaseCaptured`."""


class HoldExpired(NamedTuple):
    """A hold ran out, and its money went back."""

    at_us: int
    by: str
    account_id: str
    purchase_id: str
    amount_cents: int
    source: str
    debt_paid_cents: int
    """What of it paid a debt of the source."""
    status: str
    """The purchase's status from now on."""


class WalletAdjusted(NamedTuple):
    """An operator corrected a wallet."""

    at_us: int
    by: str
    account_id: str
    adjustment_id: str
    wallet: str
    amount_cents: int
    """Signed."""
    reason: str
    """In the operator's words."""
    debt_paid_cents: int
    """What of it paid a debt of the wallet."""


class AccountStatusChanged(NamedTuple):
    """An account was frozen, closed, or made active again."""

    at_us: int
    by: str
    account_id: str
    status: str
    reason: str
    """In the operator's words."""


class LimitPut(NamedTuple):
    """A velocity limit of an account was put, or changed, with what is used of it by now."""

    at_us: int
    by: str
    account_id: str
    name: str
    is_global: bool
    """Whether it is the account's part of a limit for every account."""
    window: str
    trailing_us: int | None
    max_amount_cents: int | None
    max_count: int | None
    scope: LimitScope
    mode: str
    starts_at_us: int
    ends_at_us: int
    """The calendar window that it counts in first, without its end; 0 for other windows."""
    used_cents: int
    used_count: int
    entries: tuple[LimitEntry, ...]
    """Of a trailing window: the purchases in it, oldest first."""


class LimitCeilingsChanged(NamedTuple):
    """A velocity limit counts on as before, up to other ceilings or in another mode."""

    at_us: int
    by: str
    account_id: str
    name: str
    is_global: bool
    max_amount_cents: int | None
    max_count: int | None
    mode: str


class LimitRemoved(NamedTuple):
    """A velocity limit of an account was taken away."""

    at_us: int
    by: str
    account_id: str
    name: str
    is_global: bool


class LimitWindowBegan(NamedTuple):
    """A limit counts in another calendar window from now on."""

    at_us: int
    by: str
    account_id: str
    name: str
    is_global: bool
    starts_at_us: int
    ends_at_us: int


class CardControlsPut(NamedTuple):
    """A card's controls were put in the place of those before."""

    at_us: int
    by: str
    account_id: str
    card_id: str
    controls: CardControls
