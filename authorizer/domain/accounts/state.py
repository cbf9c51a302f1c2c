"""An account: its state, and the one way in which it changes."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.cards import (
    LIMIT_QUERY,
    BlockReason,
    Card,
    CardStatus,
    CardTerms,
    Operation,
)
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountEvent,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import IdempotencyKeys, credit_fields, purchase_fields
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Reason

MAX_OPERATIONS: Final = 1000
"""Operations that an account keeps in memory, limit queries going first; the journal keeps all."""


class Account:
    """The state of one account. It changes through `evolve` only."""

    __slots__ = (
        "account_id",
        "cards",
        "credits",
        "customer_id",
        "opening_cents",
        "operations",
        "position",
        "remembered",
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
        self.remembered = IdempotencyKeys()
        self.credits = IdempotencyKeys()

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


def evolve(account: Account, event: AccountEvent, position: int) -> None:
    """Apply one event that the journal holds at `position`.

    The only writer of an account's state, live and on replay. Whatever could be refused has been
    refused before, so nothing here fails for a reason of business.
    """
    _APPLY[type(event)](account, event)
    account.position = position


def forget_old_ids(account: Account, since_us: int) -> None:
    """Make room where a page of ids was just filled: drop those that no rule looks at any more.

    Not part of `evolve`, because how long ids are kept is configured, and because no decision at or
    after `since_us` can tell the difference.
    """
    for ids in (account.remembered, account.credits):
        if ids.has_just_sealed():
            ids.forget_before(since_us)


def forget_ids_before(account: Account, since_us: int) -> int:
    """Drop every id that is older, those in pages that are not full as well; how many went.

    Too much to do for each purchase; see `forget_old_ids` for what it is not part of.
    """
    ids = (account.remembered, account.credits)
    return sum(each.forget_all_before(since_us) for each in ids)


def _opened(account: Account, event: AccountOpened) -> None:
    account.opening_cents = dict(event.opening_cents)
    account.wallets_cents = dict(event.opening_cents)
    account.customer_id = event.customer_id


def _linked(account: Account, event: AccountLinked) -> None:
    account.customer_id = event.customer_id


def _credited(account: Account, event: AccountCredited) -> None:
    wallets = account.wallets_cents
    wallets[event.wallet] = wallets.get(event.wallet, 0) + event.amount_cents
    fields = credit_fields(event.amount_cents, event.wallet)
    account.credits.add(event.credit_id, event.at_us, "credited", fields)


def _approved(account: Account, event: PurchaseApproved) -> None:
    if event.wallet is not None:
        account.wallets_cents[event.wallet] -= event.amount_cents
    elif event.card_id is not None:
        account.cards[event.card_id].limit_used_cents += event.amount_cents
    _remember(account, event, Reason.APPROVED.word)


def _declined(account: Account, event: PurchaseDeclined) -> None:
    if event.reason != Reason.DUPLICATE_MISMATCH.word:
        _remember(account, event, event.reason)


def _remember(account: Account, event: PurchaseApproved | PurchaseDeclined, word: str) -> None:
    if event.transaction_id is not None:
        fields = purchase_fields(event.amount_cents, event.card_id, event.mcc, event.merchant)
        account.remembered.add(event.transaction_id, event.at_us, word, fields)


def _card_opened(account: Account, event: CardOpened) -> None:
    account.cards[event.terms.card_id] = Card(event.customer_id, event.terms)


def _card_blocked(account: Account, event: CardBlocked) -> None:
    card = account.cards[event.card_id]
    card.status = CardStatus.BLOCKED
    card.block_reason = BlockReason.of(event.block_reason)
    card.blocked_at = WrittenTime(event.at_us)
    _add_operation(
        account,
        Operation(
            "bloqueio",
            event.card_id,
            card.blocked_at,
            event.channel,
            block_reason=event.block_reason,
        ),
    )


def _card_unblocked(account: Account, event: CardUnblocked) -> None:
    card = account.cards[event.card_id]
    card.status = CardStatus.ACTIVE
    card.block_reason = None
    card.blocked_at = None
    _add_operation(
        account,
        Operation(
            "desbloqueio",
            event.card_id,
            WrittenTime(event.at_us),
            event.channel,
            justification=event.justification,
        ),
    )


def _card_replaced(account: Account, event: CardReplaced) -> None:
    old = account.cards[event.card_id]
    at = WrittenTime(event.at_us)
    if event.block_reason is not None and old.block_reason is not BlockReason.of(
        event.block_reason
    ):
        old.block_reason = BlockReason.of(event.block_reason)
        old.blocked_at = at
    old.status = CardStatus.CANCELLED
    old.replaced_by = event.terms.card_id
    if old.limit_total_cents is not None:  # the limit has moved: sums over cards count it once
        old.limit_total_cents = 0
    old.limit_used_cents = 0
    account.cards[event.terms.card_id] = Card(event.customer_id, event.terms)
    _add_operation(
        account,
        Operation(
            "substituicao",
            event.card_id,
            at,
            event.channel,
            block_reason=event.block_reason,
            replaced_by=event.terms.card_id,
        ),
    )


def _limit_changed(account: Account, event: LimitChanged) -> None:
    account.cards[event.card_id].limit_total_cents = event.limit_total_cents
    _add_operation(
        account,
        Operation(
            "alteracao_limite",
            event.card_id,
            WrittenTime(event.at_us),
            event.channel,
            limit_total_cents=event.limit_total_cents,
            previous_limit_cents=event.previous_cents,
        ),
    )


def _limit_queried(account: Account, event: LimitQueried) -> None:
    _add_operation(
        account,
        Operation(
            LIMIT_QUERY,
            event.card_id,
            WrittenTime(event.at_us),
            event.channel,
            available_cents=event.available_cents,
        ),
    )


def _add_operation(account: Account, operation: Operation) -> None:
    operations = account.operations
    operations.append(operation)
    if len(operations) > MAX_OPERATIONS:
        queries = (at for at, each in enumerate(operations) if each.kind == LIMIT_QUERY)
        del operations[next(queries, 0)]


_APPLY: dict[type, Callable[[Account, Any], None]] = {
    AccountOpened: _opened,
    AccountLinked: _linked,
    AccountCredited: _credited,
    PurchaseApproved: _approved,
    PurchaseDeclined: _declined,
    CardOpened: _card_opened,
    CardBlocked: _card_blocked,
    CardUnblocked: _card_unblocked,
    LimitQueried: _limit_queried,
    CardReplaced: _card_replaced,
    LimitChanged: _limit_changed,
}
