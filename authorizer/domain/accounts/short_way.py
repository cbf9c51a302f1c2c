"""The short way of a purchase on an account that has more than wallets: where that has no say.

Holds, limits, controls and a standing make an account special. Most of its purchases meet none of
them: nothing is overdue, the account is active, no card with controls is named, and every limit
lets them pass. These are decided as on any other account.
"""

from typing import Final

from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.controls import NO_CONTROLS
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.purchases import Verdict, authorize
from authorizer.domain.accounts.ready_limits import ReadyLimits
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.aggregate import Context

_ACTIVE: Final = AccountStatus.ACTIVE  # a member of an enumeration is looked up slowly


def authorize_shortly(
    account: Account, command: Authorize, context: Context, now_us: int, waited_ns: int
) -> Verdict | None:
    """Decide one purchase as `authorize_by_all_rules` does; None where that must be asked."""
    if account.status is not _ACTIVE or account.next_expiry_us <= now_us:
        return None
    if command.card_id is not None and _has_controls(account, command.card_id):
        return None
    verdict = authorize(account, command, context, now_us, waited_ns)
    event = verdict[1]
    if type(event) is not PurchaseApproved:
        return verdict
    of_all = context.policy.global_limits.terms
    ready = account.ready_limits
    if ready is None or ready.of_all is not of_all:
        ready = ReadyLimits(account.limits, account.global_limits, of_all)
        account.ready_limits = ready
    return verdict if ready.let_pass(event) else None


def _has_controls(account: Account, card_id: str) -> bool:
    """Whether a card has a say of its own, or another one pays in its place."""
    card = account.cards.get(card_id)
    return card is not None and (card.controls != NO_CONTROLS or card.replaced_by is not None)
