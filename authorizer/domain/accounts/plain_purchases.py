"""Plain purchases: the short way of those that a wallet pays at once, as nearly all of a batch are.

A purchase is plain if it names no card and no product. On an account that has only wallets, one
whose id is new and that one of its wallets covers is approved, whatever else there is to the rules:
that is decided here, and nothing else. What is not approved here is decided by `authorize`, which
would approve the same ones from the same wallets (`tests/property/test_plain_purchases.py`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from authorizer.domain.accounts.categories import DEFAULT_WALLETS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.idempotency import PAGE_ENTRIES
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome, Reason

Encode = Callable[[tuple[object, ...]], bytes]
"""The record of a name, a version and the fields of an event."""


class PurchaseColumns:
    """Purchases by their members, a column each: what one says stands at its place in all of them.

    So many purchases are few objects. One that is not plain is a command, at its place.
    """

    __slots__ = ("amounts_cents", "commands", "ids", "mccs", "merchants")

    def __init__(self) -> None:
        self.ids: list[str | None] = []
        self.amounts_cents: list[int] = []
        """0 for a purchase that is a command."""
        self.mccs: list[str] = []
        self.merchants: list[str] = []
        self.commands: dict[int, Authorize] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, command: Authorize) -> None:
        """Add a purchase that is a command."""
        self.commands[len(self.ids)] = command
        self.ids.append(command.transaction_id)
        self.amounts_cents.append(0)
        self.mccs.append(command.mcc)
        self.merchants.append(command.merchant)

    def command(self, place: int, account_id: str, by: str, received_ns: int) -> Authorize:
        """The command of a purchase, whose time counts from then (monotonic)."""
        made = self.commands.get(place)
        if made is not None:
            return made._replace(received_ns=received_ns)
        return Authorize(
            account_id, self.ids[place], self.amounts_cents[place], self.mccs[place],
            self.merchants[place], None, received_ns, by,
        )  # fmt: skip


class Approving:
    """Approvals as they are made, one account after the other."""

    __slots__ = (
        "by", "encode", "head", "now_us", "outcomes", "policy", "position", "purchases", "records"
    )  # fmt: skip

    def __init__(
        self,
        purchases: PurchaseColumns,
        policy: Policy,
        by: str,
        head: tuple[object, ...],
        encode: Encode,
    ) -> None:
        """`head` is the name and the version of the records of `PurchaseApproved`."""
        self.purchases = purchases
        self.outcomes: list[Outcome | None] = [None] * len(purchases)
        """By place; None: it is not decided."""
        self.policy = policy
        self.by = by
        self.head = head
        self.encode = encode
        self.now_us = 0
        """The time of the events."""
        self.position = 0
        """The position before that of the first record."""
        self.records: list[bytes] = []
        """Of what was approved, in order."""


class _ByWallet(dict[str, Outcome]):
    """The approvals, by the wallet that paid."""

    def __missing__(self, wallet: str) -> Outcome:
        return Outcome(Reason.APPROVED, wallet=wallet)


_APPROVED: Final = _ByWallet(
    {wallet: Outcome(Reason.APPROVED, wallet=wallet) for wallet in DEFAULT_WALLETS}
)


def is_plain_account(account: Account, policy: Policy) -> bool:
    """Whether nothing but its wallets and the ids of its purchases decides on a plain purchase."""
    only_wallets = not account.special and account.spending_log is None
    return account.exists and only_wallets and not policy.global_limits.terms


def approve_plain(account: Account, places: Sequence[int], row: Approving) -> None:
    """Approve an account's purchases, up to the first that is for `authorize` to decide.

    The account is plain (`is_plain_account`), and it is in time for all of them. Each is part of
    the state once it has its outcome. One whose record can't be made has changed nothing.
    """
    columns, policy, outcomes, records = row.purchases, row.policy, row.outcomes, row.records
    ids, amounts, mccs, merchants = (
        columns.ids, columns.amounts_cents, columns.mccs, columns.merchants
    )  # fmt: skip
    head, encode, now_us, by = row.head, row.encode, row.now_us, row.by
    account_id, wallets_cents = account.account_id, account.wallets_cents
    page, sealed = account.purchase_keys.open_page, account.purchase_keys.sealed_pages
    override_of = policy.merchants.mcc_for if len(policy.merchants) else None
    sources_by_mcc, elsewhere = policy.sources_by_mcc, policy.sources_elsewhere
    before = len(records)
    try:
        for place in places:
            key, amount_cents, mcc, merchant = (
                ids[place],
                amounts[place],
                mccs[place],
                merchants[place],
            )
            if not amount_cents:
                return
            if key is not None and (
                len(page) >= PAGE_ENTRIES or (sealed and account.purchase_keys.holds(key))
            ):
                return
            override_mcc = override_of(merchant) if override_of is not None else None
            for wallet in sources_by_mcc.get(override_mcc or mcc, elsewhere):
                if wallets_cents.get(wallet, 0) >= amount_cents:
                    break
            else:
                return
            record = encode(
                (
                    *head, now_us, by, account_id, key, amount_cents, mcc, merchant, None,
                    override_mcc, wallet, (), None,
                )
            )  # fmt: skip
            if key is not None:
                entry = (
                    f"{now_us}\0approved\1{wallet}\1{override_mcc or ''}"
                    f"\0{amount_cents}\0\0{mcc}\0{merchant}"
                )
                if page.setdefault(key, entry) is not entry:  # the id is known
                    return
            wallets_cents[wallet] -= amount_cents
            records.append(record)
            outcomes[place] = _APPROVED[wallet]
    finally:
        if len(records) > before:
            account.position = row.position + len(records)
