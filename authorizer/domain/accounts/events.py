"""What happens to an account: the facts from which its state is rebuilt.

The order of an event's fields is the order in the journal.
"""

from collections.abc import Mapping
from typing import NamedTuple

from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.revival import AnyInt
from authorizer.domain.sealing import Sealed


class AccountOpened(NamedTuple):
    """An account came into being with its opening balances, in centavos by wallet."""

    at_us: int
    by: str
    account_id: str
    opening_cents: Mapping[str, int]
    customer_id: str | None


class AccountLinked(NamedTuple):
    """An account that had no customer got one."""

    at_us: int
    by: str
    account_id: str
    customer_id: str


class AccountCredited(NamedTuple):
    """Money came into a wallet."""

    at_us: int
    by: str
    account_id: str
    credit_id: str
    wallet: str
    amount_cents: int
    debt_paid_cents: int = 0
    """What of it paid a debt of the wallet."""
    reference: str | None = None
    """What it gives back or stands for, as its caller said it."""


class PurchaseApproved(NamedTuple):
    """A purchase was approved and one source of funds paid all of it."""

    at_us: int
    by: str
    account_id: str
    transaction_id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    override_mcc: str | None
    """The MCC of the merchant override that applied, if one did."""
    wallet: str | None
    """The wallet that paid; None where the card's credit limit paid."""
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it."""
    product: str | None = None


class PurchaseDeclined(NamedTuple):
    """A purchase was declined; nothing moved."""

    at_us: int
    by: str
    account_id: str
    transaction_id: str | None
    amount_cents: AnyInt
    """What was asked for, however much."""
    mcc: str
    merchant: str
    card_id: str | None
    override_mcc: str | None
    reason: str
    decided_by: Decider | None = None
    """The control or the limit that declined."""
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined it too."""
    product: str | None = None


class CardOpened(NamedTuple):
    """A customer's card was opened on an account."""

    at_us: int
    by: str
    account_id: str
    customer_id: str
    terms: CardTerms


class CardBlocked(NamedTuple):
    """A card was blocked, or blocked for another reason than before."""

    at_us: int
    by: str
    account_id: str
    card_id: str
    block_reason: str
    channel: str


class CardUnblocked(NamedTuple):
    """A card became active again."""

    at_us: int
    by: str
    account_id: str
    card_id: str
    channel: str
    justification: Sealed
    """Under the key of the card's customer."""


class CardReplaced(NamedTuple):
    """A card was cancelled, and a new one on the same account has its limit and what is used of it.

    One event, so that neither card is ever without the other.
    """

    at_us: int
    by: str
    account_id: str
    customer_id: str
    card_id: str
    """The card that is cancelled."""
    block_reason: str | None
    """The motive that the cancelled card has from now on; None for none."""
    channel: str
    terms: CardTerms
    """The new card."""


class LimitChanged(NamedTuple):
    """A card's credit limit was set to another value, in centavos."""

    at_us: int
    by: str
    account_id: str
    card_id: str
    channel: str
    limit_total_cents: int
    previous_cents: int | None
    """The limit until now; None where the card had none."""


class LimitQueried(NamedTuple):
    """Somebody asked for a card's limit, and was told what was available."""

    at_us: int
    by: str
    account_id: str
    card_id: str
    channel: str
    available_cents: int
