"""Replacing a card, and changing its credit limit."""

from authorizer.domain.accounts.card_rules import MAX_CARDS
from authorizer.domain.accounts.cards import BlockReason, Card, CardStatus, CardTerms
from authorizer.domain.accounts.commands import ChangeLimit, ReplaceCard
from authorizer.domain.accounts.events import CardReplaced, LimitChanged
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Decision, Done, conflict, not_found


def replace_card(account: Account, command: ReplaceCard, _: Policy, now_us: int) -> Decision:
    """Cancel a card for good, and open an active one in its place.

    The new card takes over the limit and what is used of it, so the cancelled one has nothing left
    of either. The motive of a block is never weakened: a final one gives way to a final one only.
    """
    card = account.cards.get(command.card_id)
    if card is None:
        return not_found(f"there is no card {command.card_id}")
    new = account.cards.get(command.new_card_id)
    if new is not None and _is_in_the_place_of(new, card):
        return Decision(Done())
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


def change_limit(account: Account, command: ChangeLimit, _: Policy, now_us: int) -> Decision:
    """Set a card's credit limit, of a blocked card too; below what is used only if that is said."""
    card = account.cards.get(command.card_id)
    if card is None:
        return not_found(f"there is no card {command.card_id}")
    if card.status is CardStatus.CANCELLED:
        return _cancelled(card)
    if card.limit_total_cents == command.limit_total_cents:
        return Decision(Done())
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
