"""An operator's corrections: adjusting a wallet, freezing an account, closing it."""

from authorizer.domain.accounts.books import debt_paid_cents, receive, would_overflow
from authorizer.domain.accounts.idempotency import credit_fingerprint
from authorizer.domain.accounts.purchase_commands import Adjust, SetAccountStatus
from authorizer.domain.accounts.purchase_events import AccountStatusChanged, WalletAdjusted
from authorizer.domain.accounts.purchase_operations import refuse, refuse_closed
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.aggregate import Context
from authorizer.domain.money import format_cents
from authorizer.domain.outcomes import HOLDS, Decision, Done, invalid


def adjust(account: Account, command: Adjust, context: Context, now_us: int) -> Decision:
    """Correct a wallet, once per id. No correction takes what is not there."""
    since_us = now_us - context.policy.id_retention.purchases_us
    known = Account.adjustments.of(account).get(command.adjustment_id, since_us)
    fields = _fields(command.amount_cents, command.wallet, command.reason)
    if known is not None:
        if known.fingerprint == fields:
            return HOLDS
        detail = f"adjustment {command.adjustment_id!r} was made with other members"
        return refuse("duplicate_mismatch", account.status.value, detail)
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    names = (*account.wallets_cents, *context.policy.wallets())
    if command.wallet not in names:
        only = ", ".join(dict.fromkeys(names))
        return invalid(f"there is no wallet {command.wallet!r}, only {only}", "wallet")
    there_cents = account.wallets_cents.get(command.wallet, 0)
    if there_cents + command.amount_cents < 0:
        detail = f"wallet {command.wallet} has {format_cents(there_cents)}"
        return refuse("insufficient_funds", account.status.value, detail)
    if would_overflow(account, command.wallet, command.amount_cents):
        return invalid("the wallet would hold more than it may", "amount")
    event = WalletAdjusted(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        adjustment_id=command.adjustment_id,
        wallet=command.wallet,
        amount_cents=command.amount_cents,
        reason=command.reason,
        debt_paid_cents=debt_paid_cents(account, command.wallet, command.amount_cents),
    )
    return Decision(Done(created=True), (event,))


def _fields(amount_cents: int, wallet: str, reason: str) -> str:
    return f"{credit_fingerprint(amount_cents, wallet)}\0{reason}"


def set_account_status(
    account: Account, command: SetAccountStatus, _: Context, now_us: int
) -> Decision:
    """Freeze an account, close it, or make it active again. The same status again holds already."""
    if command.status is account.status:
        return HOLDS
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    if command.status is AccountStatus.CLOSED:
        left = _left(account)
        if left:
            return refuse("not_empty", account.status.value, f"it still has {', '.join(left)}")
    event = AccountStatusChanged(
        now_us, command.by, command.account_id, command.status.value, command.reason
    )
    return Decision(Done(), (event,))


def _left(account: Account) -> list[str]:
    """What keeps an account from being closed."""
    left = [f"{format_cents(c)} in {w}" for w, c in account.wallets_cents.items() if c]
    held, owed = Account.held_cents.of(account), Account.owed_cents.of(account)
    left += [f"{format_cents(c)} held of {w}" for w, c in held.items() if c]
    left += [f"{format_cents(c)} owed by {w}" for w, c in owed.items() if c]
    limit_holds = (p for p in Account.purchases.of(account).open() if p.held_cents)
    return left + [f"the open hold {purchase.purchase_id}" for purchase in limit_holds]


def wallet_adjusted(account: Account, event: WalletAdjusted) -> None:
    """The wallet is corrected, and the id stands for this correction."""
    if event.amount_cents >= 0:
        receive(account, event.wallet, event.amount_cents)
    else:
        account.wallets_cents[event.wallet] += event.amount_cents
    fields = _fields(event.amount_cents, event.wallet, event.reason)
    account.special = True
    account.adjustments.add(event.adjustment_id, event.at_us, "adjusted", fields)


def account_status_changed(account: Account, event: AccountStatusChanged) -> None:
    """The account's status is another one."""
    account.special = True
    account.status = AccountStatus(event.status)
