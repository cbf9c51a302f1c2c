"""Finding a purchase of an account by its id, of several messages or of one."""

from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
    PurchaseStatus,
    PurchaseTerms,
    PurchaseView,
    view_of,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Reason


def find_purchase(account: Account, purchase_id: str) -> Purchase | None:
    """The purchase of an id: as it is kept, or as its single message left it."""
    purchase = Account.purchases.of(account).get(purchase_id)
    if purchase is not None:
        return purchase
    answered = _answer(account, purchase_id)
    if answered is not None:
        return single_message(purchase_id, answered)
    found = account.recalled
    if found is None or found.purchase_id != purchase_id:
        return None
    return found.found if isinstance(found.found, Purchase) else None


def announced_purchase(account: Account, purchase_id: str) -> Purchase | None:
    """The purchase of several messages that an id stands for already, from now on kept."""
    found = Account.purchases.of(account).get(purchase_id)
    if found is not None or account.recalled is None:
        return found
    found = find_purchase(account, purchase_id)
    return keep_purchase(account, found) if found is not None and found.is_announced else None


def first_answer(account: Account, purchase_id: str) -> StoredAnswer | None:
    """What a purchase of one message was answered; None where an id stands for no such one."""
    return None if purchase_id in Account.purchases.of(account) else _answer(account, purchase_id)


def _answer(account: Account, purchase_id: str) -> StoredAnswer | None:
    """What is remembered under an id, or was brought along by a message."""
    answered = account.purchase_keys.get(purchase_id, 0)
    found = account.recalled
    if answered is not None or found is None or found.purchase_id != purchase_id:
        return answered
    return None if isinstance(found.found, Purchase) else found.found


def told_purchase(
    account: Account, purchase_id: str, answered: StoredAnswer | None
) -> Purchase | None:
    """The purchase of an id, which an event tells of where its id may be forgotten by now."""
    found = find_purchase(account, purchase_id)
    if found is None and answered is not None:
        return single_message(purchase_id, answered)
    return found


def kept_purchase(
    account: Account, purchase_id: str, answered: StoredAnswer | None = None
) -> Purchase:
    """The purchase of an id, from now on kept as one of several messages. KeyError for none."""
    purchase = told_purchase(account, purchase_id, answered)
    if purchase is None:
        raise KeyError(purchase_id)
    return keep_purchase(account, purchase)


def keep_purchase(account: Account, purchase: Purchase) -> Purchase:
    """The purchase, from now on kept as one of several messages."""
    account.purchases[purchase.purchase_id] = purchase
    account.special = True
    return purchase


def purchase_view(account: Account, purchase_id: str) -> PurchaseView:
    """A purchase as it stands. KeyError for one that is not there."""
    purchase = find_purchase(account, purchase_id)
    if purchase is None:
        raise KeyError(purchase_id)
    return view_of(account.account_id, purchase)


def single_message(purchase_id: str, answered: StoredAnswer) -> Purchase:
    """A purchase that one message made: captured in full, or declined."""
    amount, card_id, mcc, merchant, *product = answered.fingerprint.split("\0", 4)
    purchase = Purchase(purchase_id, answered.at_us)
    purchase.terms = PurchaseTerms(
        mcc, merchant, card_id or None, product[0] if product else None, answered.override_mcc
    )
    purchase.requested_cents = int(amount)
    purchase.reason = Reason.of(answered.answer)
    if purchase.reason is Reason.APPROVED:
        purchase.amount_cents = purchase.captured_cents = purchase.requested_cents
        purchase.source = answered.source
        purchase.status = PurchaseStatus.CLOSED
    purchase.operations.append(
        PurchaseOperation(
            OperationType.AUTHORIZATION,
            purchase_id,
            purchase.requested_cents,
            purchase.reason,
            answered.at_us,
            answered.fingerprint,
        )
    )
    return purchase
