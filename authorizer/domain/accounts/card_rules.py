"""Opening, blocking and unblocking cards, and telling their limit."""

from typing import Final

from authorizer.domain.accounts.cards import Card, CardStatus, CardTerms
from authorizer.domain.accounts.commands import BlockCard, OpenCards, QueryLimit, UnblockCard
from authorizer.domain.accounts.events import (
    AccountEvent,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardUnblocked,
    LimitQueried,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Decision, Done, conflict, not_found
from authorizer.domain.sealing import Sealer

MAX_CARDS: Final = 100
"""Cards that one account may hold."""


def open_cards(account: Account, command: OpenCards, policy: Policy, now_us: int) -> Decision:
    """Open the cards of a customer document that are not there yet.

    A card that is there must be in the document as it was put, or as it is now: its limit and state
    change through its own calls, never through an old document.
    """
    found: list[AccountEvent] = []
    if not account.exists:
        opening = dict.fromkeys(policy.categories.wallets(), 0)
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


def _describes(terms: CardTerms, card: Card) -> bool:
    """Whether a document shows the card as it was put, or as it is."""
    shown = terms.on_the_wire()
    return shown in (card.opening.on_the_wire(), card.terms().on_the_wire())


def block_card(account: Account, command: BlockCard, _: Policy, now_us: int) -> Decision:
    """Block a card. A block is never weakened: a final reason gives way to a final one only."""
    card = account.cards.get(command.card_id)
    if card is None:
        return not_found(f"there is no card {command.card_id}")
    if card.status is CardStatus.CANCELLED:
        return conflict(f"card {card.card_id} is cancelled")
    if not _block_changes(card, command):
        return Decision(Done())
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


def unblock_card(account: Account, command: UnblockCard, sealer: Sealer, now_us: int) -> Decision:
    """Unblock a card, unless the reason of its block is final. Its customer has a key."""
    card = account.cards.get(command.card_id)
    if card is None:
        return not_found(f"there is no card {command.card_id}")
    if card.status is CardStatus.CANCELLED:
        return conflict(f"card {card.card_id} is cancelled")
    if card.status is CardStatus.ACTIVE:
        return Decision(Done())
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
        sealer.seal(card.customer_id, command.justification),
    )
    return Decision(Done(created=True), (event,))


def query_limit(account: Account, command: QueryLimit, _: Policy, now_us: int) -> Decision:
    """Tell a card's limit in real time, and record that it was told."""
    card = account.cards.get(command.card_id)
    if card is None:
        return not_found(f"there is no card {command.card_id}")
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
