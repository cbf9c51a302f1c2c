"""Replacing a card, and changing its credit limit: how it is decided, and what it changes."""

from authorizer.domain.accounts.card_history import operation_of
from authorizer.domain.accounts.card_rules import MAX_CARDS, is_elsewhere
from authorizer.domain.accounts.cards import (
    BlockReason,
    Card,
    CardStatus,
    CardTerms,
)
from authorizer.domain.accounts.commands import ChangeLimit, ReplaceCard
from authorizer.domain.accounts.events import CardReplaced, LimitChanged
from authorizer.domain.accounts.state import Account, add_operation
from authorizer.domain.aggregate import Context
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import HOLDS, Decision, Done, conflict, unknown


def replace_card(account: Account, command: ReplaceCard, context: Context, now_us: int) -> Decision:
    """Cancel a card for good, and open an active one in its place.

    The new card takes over the limit and what is used of it, so the cancelled one has nothing left
    of either. The motive of a block is never weakened: a final one gives way to a final one only.
    """
    if is_elsewhere(account, command.new_card_id, context):
        return conflict(f"card {command.new_card_id} is on another account")
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    new = account.cards.get(command.new_card_id)
    if new is not None and _is_in_the_place_of(new, card):
        return HOLDS
    if card.status is CardStatus.CANCELLED:
        return _cancelled(card)
    if new is not None:
        return conflict(f"there is a card {command.new_card_id} already")
    if len(account.cards) >= MAX_CARDS:
        return conflict(f"an account holds at most {MAX_CARDS} cards")
    reason = _stronger(card.block_reason, command.block_reason)
    event = CardReplaced(
        now_us,
        command.by,
        account.account_id,
        card.customer_id,
        card.card_id,
        reason.motivo if reason else None,
        command.channel,
        _new_terms(card, command),
    )
    return Decision(Done(created=True), (event,))


def _is_in_the_place_of(new: Card, card: Card) -> bool:
    """A document may bring a link to any card: only one of the same customer counts."""
    return card.replaced_by == new.card_id and card.customer_id == new.customer_id


def _stronger(known: BlockReason | None, given: BlockReason | None) -> BlockReason | None:
    if given is None or (known is not None and known.final and not given.final):
        return known
    return given


def _new_terms(card: Card, command: ReplaceCard) -> CardTerms:
    return CardTerms(
        command.new_card_id,
        command.masked_number or card.masked_number,
        command.brand or card.brand,
        CardStatus.ACTIVE.value,
        None,
        None,
        card.limit_total_cents,
        card.limit_used_cents,
        replaces=card.card_id,
    )


def change_limit(account: Account, command: ChangeLimit, _: Context, now_us: int) -> Decision:
    """Set a card's credit limit, of a blocked card too; below what is used only if that is said."""
    card = account.cards.get(command.card_id)
    if card is None:
        return Decision(unknown("card", command.card_id))
    if card.status is CardStatus.CANCELLED:
        return _cancelled(card)
    if card.limit_total_cents == command.limit_total_cents:
        return HOLDS
    if command.limit_total_cents < card.limit_used_cents and not command.may_be_below_used:
        return conflict(f"card {card.card_id} has used more than this limit")
    event = LimitChanged(
        now_us,
        command.by,
        account.account_id,
        card.card_id,
        command.channel,
        command.limit_total_cents,
        card.limit_total_cents,
    )
    return Decision(Done(created=True), (event,))


def _cancelled(card: Card) -> Decision:
    by = f", and {card.replaced_by} is in its place" if card.replaced_by else ""
    return conflict(f"card {card.card_id} is cancelled{by}")


def card_replaced(account: Account, event: CardReplaced) -> None:
    """The card is cancelled; another one has its limit, what is used of it, and its controls."""
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
    new = account.cards[event.terms.card_id] = Card(event.customer_id, event.terms)
    new.put_controls(old.controls)
    add_operation(account, operation_of(event))


def limit_changed(account: Account, event: LimitChanged) -> None:
    """The card has another credit limit."""
    account.cards[event.card_id].limit_total_cents = event.limit_total_cents
    add_operation(account, operation_of(event))
