"""An account: its state, what is shown of it, and its form at rest."""

from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.cards import (
    BlockReason,
    Card,
    CardStatus,
    CardTerms,
    Operation,
    OperationKind,
    pack_operation,
    pack_terms,
    unpack_operation,
    unpack_terms,
)
from authorizer.domain.accounts.events import CardOpened, CardReplaced
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.index import Index

MAX_OPERATIONS: Final = 1000
"""Operations that an account keeps in memory, limit queries going first; the journal keeps all."""
_LIMIT_QUERY: Final = OperationKind.LIMIT_QUERY.value


class Account:
    """The state of one account. It changes through events only (`Aggregate.evolve`)."""

    __slots__ = (
        "account_id",
        "cards",
        "credit_keys",
        "customer_id",
        "opening_cents",
        "operations",
        "position",
        "purchase_keys",
        "wallets_cents",
    )

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.customer_id: str | None = None
        self.opening_cents: dict[str, int] = {}
        self.wallets_cents: dict[str, int] = {}
        self.cards: dict[str, Card] = {}
        self.operations: list[Operation] = []
        self.purchase_keys = IdempotencyKeys()
        self.credit_keys = IdempotencyKeys()

    @property
    def exists(self) -> bool:
        """Whether it has been opened."""
        return self.position > 0


class AccountView(NamedTuple):
    """What may be seen of an account from outside: a copy that stays as it is."""

    account_id: str
    wallets_cents: dict[str, int]
    customer_id: str | None
    cards: tuple[CardTerms, ...]
    owner_of_card: dict[str, str]
    """The customer of each card, by the card's id."""
    operations: tuple[Operation, ...]


def account_view(account: Account) -> AccountView:
    """Describe an account as it stands."""
    return AccountView(
        account.account_id,
        dict(account.wallets_cents),
        account.customer_id,
        tuple(card.terms() for card in account.cards.values()),
        {card.card_id: card.customer_id for card in account.cards.values()},
        tuple(account.operations),
    )


def forget_id_pages(account: Account, since_us: int) -> None:
    """When a page has just been sealed, drop pages older than the retention.

    Not an event: how long ids are kept is configured, and no decision at or after `since_us` can
    tell the difference.
    """
    for ids in (account.purchase_keys, account.credit_keys):
        if ids.has_just_sealed():
            ids.forget_before(since_us)


def forget_ids(account: Account, since_us: int) -> int:
    """Drop every id that is older, those in pages that are not full as well; how many went.

    Too much to do for each purchase; see `forget_id_pages` for what it is not part of.
    """
    ids = (account.purchase_keys, account.credit_keys)
    return sum(each.forget_all_before(since_us) for each in ids)


def add_operation(account: Account, operation: Operation) -> None:
    """Add a line to the history; past the bound a limit query goes, or else the oldest line."""
    operations = account.operations
    operations.append(operation)
    if len(operations) > MAX_OPERATIONS:
        queries = (at for at, each in enumerate(operations) if each.kind == _LIMIT_QUERY)
        del operations[next(queries, 0)]


def _account_of_card(event: CardOpened | CardReplaced) -> tuple[str, str]:
    return event.terms.card_id, event.account_id


ACCOUNT_OF_CARD: Final = Index(
    "cards",
    snapshot_kind=4,
    entries={CardOpened: _account_of_card, CardReplaced: _account_of_card},
    is_counted=True,
)
"""The account that a card is on; cards stay where they are."""


def pack(account: Account) -> tuple[Any, ...]:
    """An account as plain values, without the sealed pages of its ids."""
    return (
        account.account_id,
        account.position,
        account.customer_id,
        account.opening_cents,
        account.wallets_cents,
        [_pack_card(card) for card in account.cards.values()],
        [pack_operation(operation) for operation in account.operations],
        account.purchase_keys.open_page,
        account.credit_keys.open_page,
    )


def unpack(values: list[Any]) -> Account:
    """The account that `pack` made values of."""
    account_id, position, customer_id, opening, wallets, cards, operations, ids, credited = values
    account = Account(account_id)
    account.position = position
    account.customer_id = customer_id
    account.opening_cents = opening
    account.wallets_cents = wallets
    for fields in cards:
        card = _unpack_card(*fields)
        account.cards[card.card_id] = card
    account.operations = [unpack_operation(operation) for operation in operations]
    account.purchase_keys.open_page = ids
    account.credit_keys.open_page = credited
    return account


def _pack_card(card: Card) -> tuple[Any, ...]:
    return (card.customer_id, pack_terms(card.opening), pack_terms(card.terms()))


def _unpack_card(customer_id: str, opening: list[Any], current: list[Any]) -> Card:
    card = Card(customer_id, unpack_terms(opening))
    now: CardTerms = unpack_terms(current)
    card.status = CardStatus(now.status)
    card.block_reason = BlockReason.of(now.block_reason) if now.block_reason else None
    card.blocked_at = now.blocked_at
    card.limit_total_cents = now.limit_total_cents
    card.limit_used_cents = now.limit_used_cents
    card.replaces = now.replaces
    card.replaced_by = now.replaced_by
    return card
