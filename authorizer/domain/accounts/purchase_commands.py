"""What is asked of a purchase of several messages, and of an account's standing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.limits import Counted, LimitTerms, LimitView
from authorizer.domain.accounts.purchase_lookup import purchase_view
from authorizer.domain.accounts.purchase_state import PurchaseView
from authorizer.domain.accounts.state import Account, AccountStatus, AccountView, account_view


class AuthorizeHold(NamedTuple):
    """Decide a hold: the same rules as a purchase, and the money is reserved."""

    account_id: str
    purchase_id: str
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    partial: bool
    hold_hours: int | None
    product: str | None
    received_ns: int
    """When the request was read, on the monotonic clock."""
    by: str
    waited_ns: int = 0
    """How long it has waited for this decision."""

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class IncrementHold(NamedTuple):
    """Decide an increment: more of the same source."""

    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int
    received_ns: int
    by: str
    waited_ns: int = 0

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class Capture(NamedTuple):
    """Take money of a purchase for good."""

    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int | None
    """None: all that is held."""
    final: bool
    force: bool
    mcc: str | None
    """This member and the next two: for a purchase that `force` makes."""
    merchant: str | None
    card_id: str | None
    by: str

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class Reverse(NamedTuple):
    """Undo a purchase, or a part of it."""

    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int | None
    """None: all that is held, or of a closed purchase all that is left of what was captured."""
    if_unknown: str | None
    """`decline`: a purchase that is not there is declined when it comes."""
    by: str

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class Refund(NamedTuple):
    """Give captured money back."""

    account_id: str
    purchase_id: str
    operation_id: str
    amount_cents: int | None
    """None: all that is left."""
    by: str

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class ReadPurchase(NamedTuple):
    """Describe a purchase."""

    account_id: str
    purchase_id: str

    def reply(self, account: Account) -> PurchaseView:
        """The purchase as it stands."""
        return purchase_view(account, self.purchase_id)


class ExpireHolds(NamedTuple):
    """Let every hold of an account go whose time has come, as happens before every command."""

    account_id: str

    def reply(self, _: Account) -> None:
        """Nothing."""


class Adjust(NamedTuple):
    """Correct a wallet, once per id."""

    account_id: str
    adjustment_id: str
    wallet: str
    amount_cents: int
    """Signed."""
    reason: str
    by: str

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class SetAccountStatus(NamedTuple):
    """Freeze an account, close it, or make it active again."""

    account_id: str
    status: AccountStatus
    reason: str
    by: str

    def reply(self, account: Account) -> AccountView:
        """The account."""
        return account_view(account)


class PutLimit(NamedTuple):
    """Put a velocity limit, or change it."""

    account_id: str
    name: str
    is_global: bool
    terms: LimitTerms
    history: tuple[Counted, ...]
    """Earlier purchases of the account that may count, oldest first."""
    as_of: int | None
    """The position up to which `history` tells, or beyond; None: there is nothing to tell.

    Where the account has moved on, its spending log must begin there."""
    now_us: int
    """The time at which it is told what is used, in microseconds since 1970 UTC."""
    by: str

    def reply(self, account: Account) -> LimitView:
        """The limit, and what is used of it."""
        limits = account.global_limits if self.is_global else account.limits
        return limits[self.name].view(self.now_us)


class RemoveLimit(NamedTuple):
    """Take one of an account's own velocity limits away."""

    account_id: str
    name: str
    by: str

    def reply(self, _: Account) -> None:
        """Nothing."""


class PutCardControls(NamedTuple):
    """Put a card's controls in the place of those before."""

    account_id: str
    card_id: str
    controls: CardControls
    by: str

    def reply(self, account: Account) -> CardControls:
        """The controls."""
        return account.cards[self.card_id].controls


class ReadLimits(NamedTuple):
    """Describe an account's own limits, and what it has used of those for every account."""

    account_id: str
    now_us: int
    """The time at which it is told what is used, in microseconds since 1970 UTC."""
    of_all: Mapping[str, LimitTerms]
    """The limits for every account."""

    def reply(self, account: Account) -> tuple[LimitView, ...]:
        """The account's own, then those for every account, in the order they were put in."""
        own = (limit.view(self.now_us) for limit in account.limits.values())
        return (*own, *(self._part(account, *each) for each in self.of_all.items()))

    def _part(self, account: Account, name: str, terms: LimitTerms) -> LimitView:
        part = account.global_limits.get(name)
        if part is None or not part.terms.counts_like(terms):
            return LimitView(name, terms, None, None, None, is_global=True)
        return part.view(self.now_us)._replace(terms=terms, is_global=True)


class ReadCardControls(NamedTuple):
    """Describe a card's controls."""

    account_id: str
    card_id: str

    def reply(self, account: Account) -> CardControls:
        """The controls."""
        return account.cards[self.card_id].controls


class Explain(NamedTuple):
    """Say how a purchase would be decided now, rule by rule; nothing moves."""

    account_id: str
    purchase_id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    partial: bool
    product: str | None
    histories: Mapping[str, tuple[Counted, ...]] = MappingProxyType({})
    """By name, of limits for every account that the account has not begun to count for: its earlier
    purchases that may count, oldest first."""
    as_of: int | None = None
    """The account's position up to which they tell; None where nothing is to be told."""

    def reply(self, _: Account) -> None:
        """Nothing: the outcome is the explanation."""
