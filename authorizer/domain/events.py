"""What happened: the facts that the journal keeps and from which all state is rebuilt.

Every event names its time (`at_us`, microseconds since 1970 UTC) and who asked for it (`by`). The
order of the fields is the order in the journal; a change to it is a new version of the event, and
`persistence.record` goes on reading the old one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from authorizer.domain.cards import CardTerms, Operation
from authorizer.domain.sealing import Sealed
from authorizer.domain.ticket_events import TicketEvent


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


class TransactionApproved(NamedTuple):
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


class TransactionDeclined(NamedTuple):
    """A purchase was declined; nothing moved."""

    at_us: int
    by: str
    account_id: str
    transaction_id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    override_mcc: str | None
    reason: str


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


class CustomerRegistered(NamedTuple):
    """A customer document came in; what it says about the person is an event of its own."""

    at_us: int
    by: str
    customer_id: str
    account_id: str
    names_account: bool
    """Whether the document named the account (`conta`), so that it is given back with it."""
    card_ids: tuple[str, ...]


class PersonalDataRecorded(NamedTuple):
    """What is known of a person, apart from money, took the place of what was known before."""

    at_us: int
    by: str
    customer_id: str
    personal: Sealed
    """JSON `[name, cpf, phone, email]`."""


class PersonalDataErased(NamedTuple):
    """A person is to be forgotten: the key of all that is sealed about them is destroyed."""

    at_us: int
    by: str
    customer_id: str


class OperationsImported(NamedTuple):
    """A document brought operations that took place before, elsewhere."""

    at_us: int
    by: str
    customer_id: str
    operations: tuple[Operation, ...]


class MerchantRegistered(NamedTuple):
    """A merchant override was registered, or replaced."""

    at_us: int
    by: str
    name: str
    mcc: str


class MerchantRemoved(NamedTuple):
    """A merchant override was taken out."""

    at_us: int
    by: str
    name: str


AccountEvent = (
    AccountOpened
    | AccountLinked
    | AccountCredited
    | TransactionApproved
    | TransactionDeclined
    | CardOpened
    | CardBlocked
    | CardUnblocked
    | LimitQueried
    | CardReplaced
    | LimitChanged
)
CustomerEvent = CustomerRegistered | PersonalDataRecorded | PersonalDataErased | OperationsImported
MerchantEvent = MerchantRegistered | MerchantRemoved
Event = AccountEvent | CustomerEvent | MerchantEvent | TicketEvent
