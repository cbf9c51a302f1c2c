"""What is asked of an account, a customer or the merchant table."""

from collections.abc import Mapping
from typing import NamedTuple

from authorizer.domain.cards import BlockReason, CardTerms, Operation


class Authorize(NamedTuple):
    """Decide one purchase."""

    account_id: str
    transaction_id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    received_ns: int
    """When the request was in, on the monotonic clock: how long it waited is counted from here."""
    by: str

    def fields(self) -> str:
        """All that the request says besides its id: a repeat says exactly the same."""
        return f"{self.amount_cents}\0{self.card_id or ''}\0{self.mcc}\0{self.merchant}"


class OpenAccount(NamedTuple):
    """Open an account; the same again changes nothing."""

    account_id: str
    opening_cents: Mapping[str, int]
    customer_id: str | None
    by: str


class Credit(NamedTuple):
    """Put money into a wallet, once per id."""

    account_id: str
    credit_id: str
    wallet: str
    amount_cents: int
    by: str

    def fields(self) -> str:
        """All that the request says besides its id: a repeat says exactly the same."""
        return f"{self.amount_cents}\0{self.wallet}"


class OpenCards(NamedTuple):
    """Open a customer's cards on an account, which is opened too if it is missing."""

    account_id: str
    customer_id: str
    cards: tuple[CardTerms, ...]
    by: str


class BlockCard(NamedTuple):
    """Block a card."""

    account_id: str
    card_id: str
    block_reason: BlockReason
    channel: str
    by: str


class UnblockCard(NamedTuple):
    """Make a blocked card active again."""

    account_id: str
    card_id: str
    channel: str
    justification: str
    by: str


class QueryLimit(NamedTuple):
    """Tell a card's limit, and record that it was asked for."""

    account_id: str
    card_id: str
    channel: str
    by: str


class ReadAccount(NamedTuple):
    """Describe an account as it stands."""

    account_id: str


class RegisterCustomer(NamedTuple):
    """Register a customer, or replace what is known of the person; cards are opened apart."""

    customer_id: str
    account_id: str
    names_account: bool
    name: str
    cpf: str
    phone: str | None
    email: str | None
    card_ids: tuple[str, ...]
    operations: tuple[Operation, ...]
    by: str


class ReadCustomer(NamedTuple):
    """Describe a customer."""

    customer_id: str


class RegisterMerchant(NamedTuple):
    """Put a merchant override in, or in the place of the one with the same key."""

    name: str
    mcc: str
    by: str


class RemoveMerchant(NamedTuple):
    """Take a merchant override out."""

    name: str
    by: str


class ReadMerchants(NamedTuple):
    """List the merchant overrides."""


AccountCommand = (
    Authorize
    | OpenAccount
    | Credit
    | OpenCards
    | BlockCard
    | UnblockCard
    | QueryLimit
    | ReadAccount
)
CustomerCommand = RegisterCustomer | ReadCustomer
MerchantCommand = RegisterMerchant | RemoveMerchant | ReadMerchants
