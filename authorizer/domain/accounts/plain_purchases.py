"""Plain purchases: the short way of those that a wallet pays at once, as nearly all of a batch are.

A purchase is plain if it names no card and no product. On an account that has only wallets, one
whose id is new and that one of its wallets covers is approved, whatever else there is to the rules:
that is decided here, and nothing else. What is not approved here is decided by `authorize`, which
would approve the same ones from the same wallets (`tests/property/test_plain_purchases.py`).
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from authorizer.domain.accounts.categories import DEFAULT_WALLETS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.idempotency import PAGE_ENTRIES
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome, Reason

PlainPurchase = tuple[str, str | None, int, str, str]
"""The account, the client's id of it, the centavos, the MCC, the merchant."""
EncodeApproval = Callable[[tuple[object, ...]], bytes]
"""The record of a `PurchaseApproved` with these fields."""


class Approving(NamedTuple):
    """What purchases that are approved together have in common."""

    policy: Policy
    now_us: int
    """The time of their events."""
    by: str
    encode: EncodeApproval


class Approved(NamedTuple):
    """What was approved so far, in order."""

    records: list[bytes]
    outcomes: list[Outcome]


class _ByWallet(dict[str, Outcome]):
    """The approvals, by the wallet that paid."""

    def __missing__(self, wallet: str) -> Outcome:
        return Outcome(Reason.APPROVED, wallet=wallet)


_APPROVED: Final = _ByWallet(
    {wallet: Outcome(Reason.APPROVED, wallet=wallet) for wallet in DEFAULT_WALLETS}
)


def is_plain_account(account: Account, policy: Policy) -> bool:
    """Whether nothing but its wallets and the ids of its purchases decides on a plain purchase."""
    return account.exists and not account.special and not policy.global_limits.terms


def approve_plain(
    account: Account,
    purchases: Sequence[PlainPurchase | Authorize],
    approving: Approving,
    approved: Approved,
) -> None:
    """Approve purchases one after the other, up to the first that is for `authorize` to decide.

    The account is plain (`is_plain_account`), and it is in time for all of them. Each is part of
    the state when it is added to `approved`. One whose record can't be made has changed nothing.
    """
    policy, now_us, by, encode = approving
    keys, wallets_cents = account.purchase_keys, account.wallets_cents
    page, sealed = keys.open_page, keys.sealed_pages
    override_of, elsewhere = policy.merchants.mcc_for, policy.sources_elsewhere
    sources_by_mcc = policy.sources_by_mcc
    for purchase in purchases:
        if isinstance(purchase, Authorize):
            return
        account_id, key, amount_cents, mcc, merchant = purchase
        if key is not None and (
            key in page or len(page) >= PAGE_ENTRIES or (sealed and keys.holds(key))
        ):
            return
        override_mcc = override_of(merchant)
        for wallet in sources_by_mcc.get(override_mcc or mcc, elsewhere):
            if wallets_cents.get(wallet, 0) >= amount_cents:
                break
        else:
            return
        record = encode(
            (
                now_us, by, account_id, key, amount_cents, mcc, merchant, None,
                override_mcc, wallet, (), None,
            )
        )  # fmt: skip
        entry = (
            f"{now_us}\0approved\1{wallet}\1{override_mcc or ''}"
            f"\0{amount_cents}\0\0{mcc}\0{merchant}"
        )
        wallets_cents[wallet] -= amount_cents
        if key is not None:
            page[key] = entry
        approved.records.append(record)
        approved.outcomes.append(_APPROVED[wallet])
