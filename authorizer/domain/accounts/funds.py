"""Opening accounts and crediting wallets: how it is decided, and what it changes."""

from collections.abc import Iterable

from authorizer.domain.accounts.books import debt_paid_cents, receive, would_overflow
from authorizer.domain.accounts.commands import Credit, OpenAccount
from authorizer.domain.accounts.events import AccountCredited, AccountLinked, AccountOpened
from authorizer.domain.accounts.idempotency import credit_fingerprint
from authorizer.domain.accounts.purchase_operations import refuse_closed
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregate import Context
from authorizer.domain.outcomes import (
    HOLDS,
    Decision,
    Done,
    Refusal,
    RefusalKind,
    conflict,
    invalid,
)


def open_account(account: Account, command: OpenAccount, context: Context, now_us: int) -> Decision:
    """Open an account. The same opening balances again change nothing, whatever was spent since.

    Its wallets are configured ones: no purchase could ever spend what is in another. An account
    that has others, from other settings, keeps them.
    """
    names = context.policy.wallets()
    for wallet in command.opening_cents:
        if wallet not in names and wallet not in account.opening_cents:
            return invalid(_no_wallet(wallet, names), f"balances.{wallet}")
    if not account.exists:
        opening = dict(command.opening_cents) or dict.fromkeys(names, 0)
        event = AccountOpened(now_us, command.by, command.account_id, opening, command.customer_id)
        return Decision(Done(created=True), (event,))
    if command.opening_cents and dict(command.opening_cents) != account.opening_cents:
        return conflict(f"account {account.account_id} was opened with other balances")
    if command.customer_id is None or command.customer_id == account.customer_id:
        return HOLDS
    if account.customer_id is not None:
        return conflict(f"account {account.account_id} belongs to another customer")
    linked = AccountLinked(now_us, command.by, account.account_id, command.customer_id)
    return Decision(Done(), (linked,))


def credit(account: Account, command: Credit, context: Context, now_us: int) -> Decision:
    """Credit a wallet, once per id.

    The wallet is one that the account has, or one of the configured ones, which is opened by it.
    """
    policy = context.policy
    since_us = now_us - policy.id_retention.credits_us
    known = Account.credit_keys.of(account).get(command.credit_id, since_us)
    if known is not None:
        if known.fingerprint == command.fingerprint():
            return HOLDS
        return conflict(f"credit {command.credit_id} was made with other fields")
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    if not Account.credit_keys.of(account).has_room(policy.max_remembered_ids, since_us):
        return Decision(Refusal(RefusalKind.OVERLOADED, "too many credits in a short time"))
    wallet = command.wallet
    names = policy.wallets()
    if wallet not in account.wallets_cents and wallet not in names:
        return invalid(_no_wallet(wallet, (*account.wallets_cents, *names)), "category")
    if would_overflow(account, wallet, command.amount_cents):
        return invalid("the wallet would hold more than it may", "amount")
    event = AccountCredited(
        now_us,
        command.by,
        command.account_id,
        command.credit_id,
        wallet,
        command.amount_cents,
        debt_paid_cents(account, wallet, command.amount_cents),
        command.reference,
    )
    return Decision(Done(created=True), (event,))


def _no_wallet(wallet: str, names: Iterable[str]) -> str:
    return f"there is no wallet {wallet!r}, only {', '.join(dict.fromkeys(names))}"


def account_opened(account: Account, event: AccountOpened) -> None:
    """The account has its opening balances."""
    account.opening_cents = dict(event.opening_cents)
    account.wallets_cents = dict(event.opening_cents)
    account.customer_id = event.customer_id


def account_linked(account: Account, event: AccountLinked) -> None:
    """The account has a customer."""
    account.customer_id = event.customer_id


def account_credited(account: Account, event: AccountCredited) -> None:
    """The wallet has the amount, and the id stands for this credit."""
    receive(account, event.wallet, event.amount_cents)
    fields = credit_fingerprint(event.amount_cents, event.wallet, event.reference)
    account.credit_keys.add(event.credit_id, event.at_us, "credited", fields)
