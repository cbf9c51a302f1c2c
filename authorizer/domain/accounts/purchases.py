"""The ordered rules of one authorization: the first decline wins; past the last none can fail."""

from typing import Final

from authorizer.domain.accounts.assessment import assess
from authorizer.domain.accounts.assessment_values import Request
from authorizer.domain.accounts.cards import CardStatus
from authorizer.domain.accounts.categories import CREDIT_LIMIT, DEFAULT_WALLETS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.deciders import PRODUCT, Decider
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.idempotency import approval, purchase_fingerprint
from authorizer.domain.accounts.limits import Counted
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_lookup import announced_purchase, find_purchase
from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
    PurchaseStatus,
    PurchaseTerms,
)
from authorizer.domain.accounts.ready_limits import ReadyLimits, spending_of
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import limit_changes_due
from authorizer.domain.aggregate import Context
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason

_APPROVED: Final = {
    wallet: Outcome(Reason.APPROVED, wallet=wallet) for wallet in (*DEFAULT_WALLETS, None)
}

Verdict = tuple[Outcome, PurchaseApproved | PurchaseDeclined | None]
"""The answer to a purchase, and the event that it is; None where nothing happens."""


def authorize(
    account: Account, command: Authorize, context: Context, now_us: int, waited_ns: int
) -> Verdict:
    """Decide one purchase.

    `now_us` is the event time, `waited_ns` how long the request has waited for this decision. An id
    that was answered before gets that answer again, and nothing moves. Any other purchase becomes
    an event, approved or declined.
    """
    if not account.position:  # as `exists`, without the call
        return OUTCOMES[Reason.ACCOUNT_NOT_FOUND], None
    policy = context.policy
    if command.transaction_id is not None:
        repeat = _repeat(account, command, now_us - policy.id_retention_us)
        if repeat is not None and repeat.replayed:
            return repeat, None
        if repeat is not None:
            return _declined(command, now_us, None, repeat.reason)
    override_mcc = policy.merchants.mcc_for(command.merchant)
    if command.card_id is not None or waited_ns >= policy.deadline_ns:
        obstacle = _obstacle(account, command, policy, waited_ns)
        if obstacle is not None:
            return _declined(command, now_us, override_mcc, obstacle)
    sources = policy.sources_by_mcc.get(override_mcc or command.mcc, policy.sources_elsewhere)
    is_bound = command.product is not None and command.product in policy.wallet_by_product
    if is_bound:
        sources = policy.sources_of_product(str(command.product), sources)
    for wallet in sources:
        if account.wallets_cents.get(wallet, 0) >= command.amount_cents:
            return _approved(command, now_us, override_mcc, wallet)
    if not is_bound and _card_covers(account, command):
        return _approved(command, now_us, override_mcc, None)
    return _unpaid(command, now_us, override_mcc, sources)


def _repeat(account: Account, command: Authorize, since_us: int) -> Outcome | None:
    assert command.transaction_id is not None
    if account.parts is not None:
        purchase = Account.purchases.of(account).get(command.transaction_id)
        if purchase is not None:
            return _repeat_of(purchase, command)
    known = account.purchase_keys.get(command.transaction_id, since_us)
    if known is None:
        if account.recalled is None:
            return None
        found = find_purchase(account, command.transaction_id)
        return None if found is None else _repeat_of(found, command)
    if known.fingerprint != command.fingerprint():
        return Outcome(Reason.DUPLICATE_MISMATCH)
    return Outcome(Reason.of(known.answer), replayed=True)


def _repeat_of(purchase: Purchase, command: Authorize) -> Outcome:
    """The answer under an id that stands for a purchase of several messages."""
    if purchase.is_announced:
        return Outcome(Reason.REVERSED_BEFORE)
    made = purchase.authorization
    if made is None or made.fingerprint != command.fingerprint():
        return Outcome(Reason.DUPLICATE_MISMATCH)
    return Outcome(made.reason, replayed=True)


def authorize_by_all_rules(
    account: Account, command: Authorize, context: Context, now_us: int, waited_ns: int
) -> tuple[Outcome, tuple[Event, ...]]:
    """Decide one purchase on an account that has more than wallets: see `Account.special`."""
    if not account.exists:
        return OUTCOMES[Reason.ACCOUNT_NOT_FOUND], ()
    if command.transaction_id is not None:
        repeat = _repeat(account, command, now_us - context.policy.id_retention_us)
        if repeat is not None and repeat.replayed:
            return repeat, ()
        if repeat is not None:
            outcome, other = _declined(command, now_us, None, repeat.reason)
            return outcome, (other,)
    request = Request(
        command.amount_cents,
        command.mcc,
        command.merchant,
        command.card_id,
        command.product,
        waited_ns=waited_ns,
    )
    found = assess(account, request, context.policy, now_us)
    if found.source is None:
        decided = (command, now_us, found.override_mcc, found.reason, found.decided_by)
        outcome, declined = _declined(*decided)
        return outcome, (declined._replace(shadow=found.shadow),)
    wallet = None if found.source == CREDIT_LIMIT else found.source
    outcome, event = _approved(command, now_us, found.override_mcc, wallet)
    if found.shadow:
        event = event._replace(shadow=found.shadow)
    return outcome, (*limit_changes_due(account, context, now_us), event)


def _obstacle(
    account: Account, command: Authorize, policy: Policy, waited_ns: int
) -> Reason | None:
    """What is in the way of a purchase, whatever funds there are."""
    if waited_ns >= policy.deadline_ns:
        return Reason.TOO_LATE
    if command.card_id is None:
        return None
    card = account.cards.get(command.card_id)
    if card is None:
        return Reason.CARD_NOT_FOUND
    return None if card.status is CardStatus.ACTIVE else Reason.CARD_BLOCKED


def _card_covers(account: Account, command: Authorize) -> bool:
    if command.card_id is None:
        return False
    return account.cards[command.card_id].available_cents >= command.amount_cents


def _approved(
    command: Authorize, now_us: int, override_mcc: str | None, wallet: str | None
) -> tuple[Outcome, PurchaseApproved]:
    account_id, transaction_id, cents, mcc, merchant, card_id, _, by, product = command
    fields = (
        now_us, by, account_id, transaction_id, cents, mcc, merchant, card_id, override_mcc,
        wallet, (), product,
    )  # fmt: skip
    event = tuple.__new__(PurchaseApproved, fields)  # its own `__new__` is in Python, and slower
    return _APPROVED.get(wallet) or Outcome(Reason.APPROVED, False, wallet), event


def _unpaid(
    command: Authorize, now_us: int, override_mcc: str | None, sources: tuple[str, ...]
) -> Verdict:
    """The decline of a purchase that no source pays: none of these, or there is none."""
    if sources:
        return _declined(command, now_us, override_mcc, Reason.INSUFFICIENT_FUNDS)
    product = Decider(PRODUCT, str(command.product), None)
    return _declined(command, now_us, override_mcc, Reason.MERCHANT_NOT_ELIGIBLE, product)


def _declined(
    command: Authorize,
    now_us: int,
    override_mcc: str | None,
    reason: Reason,
    decided_by: Decider | None = None,
) -> tuple[Outcome, PurchaseDeclined]:
    event = PurchaseDeclined(
        now_us,
        command.by,
        command.account_id,
        command.transaction_id,
        command.amount_cents,
        command.mcc,
        command.merchant,
        command.card_id,
        override_mcc,
        reason.name_on_wire,
        decided_by,
        (),
        command.product,
    )
    return OUTCOMES[reason], event


def purchase_approved(account: Account, event: PurchaseApproved) -> None:
    """The wallet or the card's credit limit has paid, and the id stands for this purchase."""
    if event.wallet is not None:
        account.wallets_cents[event.wallet] -= event.amount_cents
    elif event.card_id is not None:
        account.cards[event.card_id].limit_used_cents += event.amount_cents
    if account.counts:
        ready = account.ready_limits
        if ready is None:
            ready = account.ready_limits = ReadyLimits(account.limits, account.global_limits, {})
        ready.count(event, account.position)
        if account.spending_log is not None:
            # a key of its own where it has no id: the past names such by their position
            key = event.transaction_id or f"\0+{account.position}"
            noted = Counted(key, event.at_us, event.amount_cents, spending_of(event))
            account.spending_log.note(noted)
    if event.transaction_id is not None:
        _remember(account, event, approval(event.wallet or CREDIT_LIMIT, event.override_mcc))


def purchase_declined(account: Account, event: PurchaseDeclined) -> None:
    """Nothing has moved; the id stands for this decline, unless another purchase has it."""
    if event.reason != Reason.DUPLICATE_MISMATCH.name_on_wire:
        _remember(account, event, event.reason)


def _remember(account: Account, event: PurchaseApproved | PurchaseDeclined, word: str) -> None:
    if event.transaction_id is None:
        return
    fields = purchase_fingerprint(
        event.amount_cents, event.card_id, event.mcc, event.merchant, event.product
    )
    announced = None
    if account.parts is not None or account.recalled is not None:
        announced = announced_purchase(account, event.transaction_id)
    if announced is None:
        account.purchase_keys.add(event.transaction_id, event.at_us, word, fields)
        return
    announced.status = PurchaseStatus.DECLINED
    announced.terms = PurchaseTerms(
        event.mcc, event.merchant, event.card_id, event.product, event.override_mcc
    )
    announced.requested_cents = event.amount_cents
    announced.operations.append(
        PurchaseOperation(
            OperationType.AUTHORIZATION,
            event.transaction_id,
            event.amount_cents,
            Reason.REVERSED_BEFORE,
            event.at_us,
            fields,
        )
    )
