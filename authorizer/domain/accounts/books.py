"""An account's books: how money moves between available, held, owed and spent.

For every wallet: opening + credits + adjustments + refunds + reversed captures - captured =
available + held - owed, and what is available is never negative. A card's credit limit is a source
too: what is held or captured is used of it, and it may be used beyond its end by force.
"""

from authorizer.domain.accounts.cards import Card
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.accounts.state import Account
from authorizer.domain.money import MAX_BALANCE_CENTS


def available_cents(account: Account, source: str, card_id: str | None) -> int:
    """What a source could pay now; 0 for a wallet or a card that is not there."""
    if source != CREDIT_LIMIT:
        return account.wallets_cents.get(source, 0)
    card = card_of(account, card_id)
    return 0 if card is None else max(0, card.available_cents)


def would_overflow(account: Account, source: str, adds_cents: int) -> bool:
    """Whether a wallet would hold more than it may, with what is held of it."""
    if source == CREDIT_LIMIT:
        return False
    held_cents = Account.held_cents.of(account).get(source, 0)
    there_cents = account.wallets_cents.get(source, 0) + held_cents
    return there_cents + adds_cents > MAX_BALANCE_CENTS


def card_of(account: Account, card_id: str | None) -> Card | None:
    """The card whose limit a purchase uses: the one that took the place of a replaced one."""
    card = None if card_id is None else account.cards.get(card_id)
    for _ in account.cards:  # a document may let cards replace each other in a circle
        if card is None or card.replaced_by is None:
            break
        card = account.cards.get(card.replaced_by)
    return card


def hold(account: Account, purchase: Purchase, amount_cents: int) -> None:
    """Reserve money of the purchase's source."""
    source = purchase.source
    assert source is not None
    if source == CREDIT_LIMIT:
        _use_limit(account, purchase, amount_cents)
    else:
        account.wallets_cents[source] -= amount_cents
        account.held_cents[source] = account.held_cents.get(source, 0) + amount_cents
    purchase.held_cents += amount_cents


def release(account: Account, purchase: Purchase, amount_cents: int) -> None:
    """Let reserved money go back to where it came from."""
    _unhold(account, purchase, amount_cents)
    give(account, purchase, amount_cents)


def capture(account: Account, purchase: Purchase, from_hold_cents: int, beyond_cents: int) -> None:
    """Take money for good: of what is held, and beyond it of what is available, then on debt."""
    source = purchase.source
    assert source is not None
    _unhold(account, purchase, from_hold_cents)
    if source == CREDIT_LIMIT:
        _use_limit(account, purchase, beyond_cents)
    elif beyond_cents:
        there_cents = account.wallets_cents.get(source, 0)
        paid_cents = min(there_cents, beyond_cents)
        account.wallets_cents[source] = there_cents - paid_cents
        if paid_cents < beyond_cents:
            owed_cents = account.owed_cents.get(source, 0)
            account.owed_cents[source] = owed_cents + beyond_cents - paid_cents
    purchase.captured_cents += from_hold_cents + beyond_cents


def debt_paid_cents(account: Account, source: str, amount_cents: int) -> int:
    """What of the money that comes back to a source would pay what it owes."""
    return min(Account.owed_cents.of(account).get(source, 0), max(0, amount_cents))


def give(account: Account, purchase: Purchase, amount_cents: int) -> None:
    """Bring money back to the source that paid."""
    source = purchase.source
    assert source is not None
    if source == CREDIT_LIMIT:
        _use_limit(account, purchase, -amount_cents)
    else:
        receive(account, source, amount_cents)


def receive(account: Account, wallet: str, amount_cents: int) -> None:
    """Put money into a wallet; what the wallet owes is paid first."""
    owed_cents = Account.owed_cents.of(account).get(wallet, 0)
    if owed_cents:
        paid_cents = min(owed_cents, amount_cents)
        amount_cents -= paid_cents
        if paid_cents == owed_cents:
            del account.owed_cents[wallet]
        else:
            account.owed_cents[wallet] = owed_cents - paid_cents
    account.wallets_cents[wallet] = account.wallets_cents.get(wallet, 0) + amount_cents


def _unhold(account: Account, purchase: Purchase, amount_cents: int) -> None:
    source = purchase.source
    assert source is not None
    if source != CREDIT_LIMIT and amount_cents:  # of a limit both are used alike
        left_cents = account.held_cents[source] - amount_cents
        if left_cents:
            account.held_cents[source] = left_cents
        else:
            del account.held_cents[source]
    purchase.held_cents -= amount_cents


def _use_limit(account: Account, purchase: Purchase, amount_cents: int) -> None:
    card = card_of(account, purchase.terms.card_id)
    assert card is not None
    card.limit_used_cents += amount_cents
