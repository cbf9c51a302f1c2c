"""Opening, blocking and unblocking cards, and telling their limit: decided, and applied."""

from typing import Final

from authorizer.domain.accounts.card_history import operation_of
from authorizer.domain.accounts.cards import (
    BlockReason,
    Card,
    CardStatus,
    CardTerms,
)
from authorizer.domain.accounts.commands import (
    BlockCard,
    OpenCards,
    QueryLimit,
    ReviewCards,
    UnblockCard,
)
from authorizer.domain.accounts.events import (
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardUnblocked,
    LimitQueried,
)
from authorizer.domain.accounts.purchase_commands import PutCardControls, ReadCardControls
from authorizer.domain.accounts.purchase_events import CardControlsPut
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account, add_operation
from authorizer.domain.aggregate import Context
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import HOLDS, Decision, Done, conflict, unknown

MAX_CARDS: Final = 100
"""Cards that one account may hold."""


def open_cards(account: Account, command: OpenCards, context: Context, now_us: int) -> Decision:
    """Open the cards of a customer document that are not there yet.

    A card that is there must be in the document as it was put, or as it is now: its limit and state
    change through its own calls, never through an old document.
    """
    for terms in command.cards:
        if is_elsewhere(account, terms.card_id, context):
            return conflict(f"card {terms.card_id} is on another account")
    found: list[Event] = []
    if not account.exists:
        opening = dict.fromkeys(context.policy.wallets(), 0)
        found.append(
            AccountOpened(now_us, command.by, account.account_id, opening, command.customer_id)
        )
    elif account.customer_id is None:
        found.append(AccountLinked(now_us, command.by, account.account_id, command.customer_id))
    new = {terms.card_id for terms in command.cards} - account.cards.keys()
    if len(account.cards) + len(new) > MAX_CARDS:
        return conflict(f"an account holds at most {MAX_CARDS} cards")
    for terms in command.cards:
        card = account.cards.get(terms.card_id)
        if card is None:
            found.append(
                CardOpened(now_us, command.by, account.account_id, command.customer_id, terms)
            )
        elif card.customer_id != command.customer_id:
            return conflict(f"card {terms.card_id} belongs to another customer")
        elif not _describes(terms, card):
            return conflict(
                f"card {terms.card_id} is there with other terms; its state and limit change "
                "through /cartoes"
            )
    return Decision(Done(created=bool(found)), found)


def review_cards(account: Account, command: ReviewCards, context: Context, now_us: int) -> Decision:
    """Say how cards would be opened."""
    return open_cards(account, command.opening, context, now_us)._replace(events=())


def is_elsewhere(account: Account, card_id: str, context: Context) -> bool:
    """Whether a card is on another account."""
    return context.look_up(ACCOUNT_OF_CARD, card_id) not in (None, account.account_id)


def _describes(terms: CardTerms, card: Card) -> bool:
    """Whether a document shows the card as it was put, or as it is."""
    shown = terms.on_the_wire()
    return shown in (card.opening.on_the_wire(), card.terms().on_the_wire())


def block_card(account: Account, command: BlockCard, _: Context, now_us: int) -> Decision:
    """Block a card. A block is never weakened: a final reason gives way to a final one only."""
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    if card.status is CardStatus.CANCELLED:
        return conflict(f"card {card.card_id} is cancelled")
    if not _block_changes(card, command):
        return HOLDS
    event = CardBlocked(
        now_us,
        command.by,
        account.account_id,
        card.card_id,
        command.block_reason.motivo,
        command.channel,
    )
    return Decision(Done(created=True), (event,))


def _block_changes(card: Card, command: BlockCard) -> bool:
    if card.status is not CardStatus.BLOCKED or card.block_reason is None:
        return True
    if card.block_reason is command.block_reason:
        return False
    return command.block_reason.final or not card.block_reason.final


def unblock_card(account: Account, command: UnblockCard, context: Context, now_us: int) -> Decision:
    """Unblock a card, unless the reason of its block is final."""
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    unsealable = context.unsealable(card.customer_id)
    if unsealable is not None:
        return Decision(unsealable)
    if card.status is CardStatus.CANCELLED:
        return conflict(f"card {card.card_id} is cancelled")
    if card.status is CardStatus.ACTIVE:
        return HOLDS
    if card.block_reason is not None and card.block_reason.final:
        return conflict(
            f"card {card.card_id} is blocked for {card.block_reason.motivo}, which is final"
        )
    event = CardUnblocked(
        now_us,
        command.by,
        account.account_id,
        card.card_id,
        command.channel,
        context.sealer.seal(card.customer_id, command.justification),
    )
    return Decision(Done(created=True), (event,))


def query_limit(account: Account, command: QueryLimit, _: Context, now_us: int) -> Decision:
    """Tell a card's limit in real time, and record that it was told."""
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    if card.limit_total_cents is None:
        return conflict(f"card {card.card_id} has no credit limit")
    event = LimitQueried(
        now_us,
        command.by,
        account.account_id,
        card.card_id,
        command.channel,
        card.available_cents,
    )
    return Decision(Done(created=True), (event,))


def card_opened(account: Account, event: CardOpened) -> None:
    """The account has the card."""
    account.cards[event.terms.card_id] = Card(event.customer_id, event.terms)


def card_blocked(account: Account, event: CardBlocked) -> None:
    """The card is blocked."""
    card = account.cards[event.card_id]
    card.status = CardStatus.BLOCKED
    card.block_reason = BlockReason.of(event.block_reason)
    card.blocked_at = WrittenTime(event.at_us)
    add_operation(account, operation_of(event))


def card_unblocked(account: Account, event: CardUnblocked) -> None:
    """The card is active."""
    card = account.cards[event.card_id]
    card.status = CardStatus.ACTIVE
    card.block_reason = None
    card.blocked_at = None
    add_operation(account, operation_of(event))


def limit_queried(account: Account, event: LimitQueried) -> None:
    """The history has the query."""
    add_operation(account, operation_of(event))


def put_card_controls(
    account: Account, command: PutCardControls, _: Context, now_us: int
) -> Decision:
    """Put a card's controls. The same again changes nothing."""
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    if card.controls == command.controls:
        return HOLDS
    event = CardControlsPut(
        now_us, command.by, command.account_id, command.card_id, command.controls
    )
    return Decision(Done(), (event,))


def read_card_controls(
    account: Account, command: ReadCardControls, _: Context, __: int
) -> Decision:
    """Describe a card's controls."""
    return HOLDS if command.card_id in account.cards else Decision(unknown("card", command.card_id))


def card_controls_put(account: Account, event: CardControlsPut) -> None:
    """The card has these controls."""
    account.special = True
    account.cards[event.card_id].put_controls(event.controls)
