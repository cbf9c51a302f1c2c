"""What is asked of an account, and what is answered."""

from collections.abc import Mapping
from typing import NamedTuple

from authorizer.domain.accounts.cards import BlockReason, CardTerms, Operation
from authorizer.domain.accounts.idempotency import credit_fingerprint, purchase_fingerprint
from authorizer.domain.accounts.state import Account, AccountView, account_view


class Authorize(NamedTuple):
    """Decide one purchase."""

    account_id: str
    transaction_id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    received_ns: int
    """When the request was read from its connection, on the monotonic clock; one whose body came
    in parts, when the last of them was. How long it waited is counted from here."""
    by: str
    product: str | None = None

    def fingerprint(self) -> str:
        """All that the request says besides its id: a repeat says exactly the same."""
        return purchase_fingerprint(
            self.amount_cents, self.card_id, self.mcc, self.merchant, self.product
        )


class OpenAccount(NamedTuple):
    """Open an account; the same again changes nothing."""

    account_id: str
    opening_cents: Mapping[str, int]
    customer_id: str | None
    by: str

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class Credit(NamedTuple):
    """Put money into a wallet, once per id."""

    account_id: str
    credit_id: str
    wallet: str
    amount_cents: int
    by: str
    reference: str | None = None
    """What it gives back or stands for: a sale, a voucher, a network's reference number."""

    def fingerprint(self) -> str:
        """All that the request says besides its id: a repeat says exactly the same."""
        return credit_fingerprint(self.amount_cents, self.wallet, self.reference)

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class OpenCards(NamedTuple):
    """Open a customer's cards on an account, which is opened too if it is missing."""

    account_id: str
    customer_id: str
    cards: tuple[CardTerms, ...]
    by: str

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class ReviewCards(NamedTuple):
    """Say whether cards could be opened as they are; change nothing."""

    opening: OpenCards

    @property
    def account_id(self) -> str:
        """The account."""
        return self.opening.account_id

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class BlockCard(NamedTuple):
    """Block a card."""

    account_id: str
    card_id: str
    block_reason: BlockReason
    channel: str
    by: str

    def reply(self, account: Account) -> CardTerms:
        """The card."""
        return account.cards[self.card_id].terms()


class UnblockCard(NamedTuple):
    """Make a blocked card active again."""

    account_id: str
    card_id: str
    channel: str
    justification: str
    by: str

    def reply(self, account: Account) -> CardTerms:
        """The card."""
        return account.cards[self.card_id].terms()


class ReplaceCard(NamedTuple):
    """Put a new card in the place of another, which is cancelled."""

    account_id: str
    card_id: str
    new_card_id: str
    block_reason: BlockReason | None
    channel: str
    masked_number: str | None
    """As the new card shows it; None: as the old one does."""
    brand: str | None
    """None: that of the old card."""
    by: str

    def reply(self, account: Account) -> CardTerms:
        """The new card."""
        return account.cards[self.new_card_id].terms()


class ChangeLimit(NamedTuple):
    """Set a card's credit limit, in centavos."""

    account_id: str
    card_id: str
    limit_total_cents: int
    may_be_below_used: bool
    """Accept a limit below the amount already used."""
    channel: str
    by: str

    def reply(self, account: Account) -> CardTerms:
        """The card."""
        return account.cards[self.card_id].terms()


class QueryLimit(NamedTuple):
    """Tell a card's limit, and record that it was asked for."""

    account_id: str
    card_id: str
    channel: str
    by: str

    def reply(self, account: Account) -> tuple[CardTerms, Operation]:
        """The card, and the line of history that says it was asked for."""
        return account.cards[self.card_id].terms(), account.operations[-1]


class ReadAccount(NamedTuple):
    """Describe an account as it stands."""

    account_id: str

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)
