"""An account: its state, what is shown of it, and its form at rest."""

from enum import Enum
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.cards import (
    Card,
    CardTerms,
    Operation,
    OperationKind,
)
from authorizer.domain.accounts.events import CardOpened, CardReplaced
from authorizer.domain.accounts.idempotency import IdempotencyKeys, IdRetention, StoredAnswer
from authorizer.domain.accounts.kept_purchases import Purchases
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.parts import Part
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.accounts.ready_limits import ReadyLimits, counting_of
from authorizer.domain.accounts.spending_log import SpendingLog
from authorizer.domain.index import Index
from authorizer.domain.moments import NEVER_US

MAX_OPERATIONS: Final = 1000
"""Operations that an account keeps in memory, limit queries going first; the journal keeps all."""
_LIMIT_QUERY: Final = OperationKind.LIMIT_QUERY.value


class Recalled(NamedTuple):
    """A purchase that had left memory, as a message brings it along."""

    purchase_id: str
    found: Purchase | StoredAnswer
    """As it is kept: of several messages, or the answer to a single one."""


class AccountStatus(Enum):
    """What an account is open for."""

    ACTIVE = "active"
    FROZEN = "frozen"
    """No purchase is approved; what was approved goes on."""
    CLOSED = "closed"
    """Nothing goes on."""


class Account:
    """The state of one account. It changes through events only (`Aggregate.evolve`)."""

    __slots__ = (
        "_counting",
        "account_id",
        "cards",
        "counts",
        "customer_id",
        "next_expiry_us",
        "opening",
        "parts",
        "position",
        "purchase_keys",
        "ready_limits",
        "recalled",
        "special",
        "spending_log",
        "status",
        "wallets_cents",
    )

    operations = Part[list[Operation]](list)
    """The history of its cards, the newest last."""
    credit_keys = Part(IdempotencyKeys)
    adjustments = Part(IdempotencyKeys)
    held_cents = Part[dict[str, int]](dict)
    """What is reserved, by wallet; wallets with nothing are left out."""
    owed_cents = Part[dict[str, int]](dict)
    """What forced captures took beyond what was there, by wallet; likewise."""
    purchases = Part(Purchases)
    """Purchases of several messages, by their id. Where there are any, it is `special`."""
    expiries = Part[list[tuple[int, str]]](list)
    """A heap of when holds run out; holds that are closed by then are passed over."""
    _limits = Part[dict[str, Limit]](dict)
    _global_limits = Part[dict[str, Limit]](dict)

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.parts: dict[str, Any] | None = None
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.customer_id: str | None = None
        self.opening: tuple[int, ...] | dict[str, int] = ()
        """What was in its wallets when it was opened: by wallet, or in the order of the wallets,
        of which later ones come behind those that there are and none goes."""
        self.wallets_cents: dict[str, int] = {}
        self.cards: dict[str, Card] = {}
        self.purchase_keys = IdempotencyKeys()
        self.special = False
        """Whether more than wallets and cards decides on a purchase: holds, limits, controls, …"""
        self.status = AccountStatus.ACTIVE
        self.recalled: Recalled | None = None
        """The purchase that a message names, where it had left memory; while that is handled."""
        self.next_expiry_us = NEVER_US
        """When the next hold runs out, in microseconds since 1970 UTC."""
        self._counting: tuple[Limit, ...] = ()
        self.counts = False
        """Whether purchases are counted: for limits, or for a look-up that is under way."""
        self.spending_log: SpendingLog | None = None
        """What was spent since a look-up of the past began; None where none is under way."""
        self.ready_limits: ReadyLimits | None = None
        """The limits, as the last purchase looked at them; None where they have changed since."""

    @property
    def exists(self) -> bool:
        """Whether it has been opened."""
        return self.position > 0

    @property
    def opening_cents(self) -> dict[str, int]:
        """What was in each wallet when it was opened."""
        opening = self.opening
        if isinstance(opening, dict):
            return opening
        return dict(zip(self.wallets_cents, opening, strict=False))  # later wallets had nothing

    @opening_cents.setter
    def opening_cents(self, amounts: dict[str, int]) -> None:
        self.opening = amounts

    @property
    def limits(self) -> dict[str, Limit]:
        """The account's own limits, by name, with all purchases counted."""
        self.settle_limits()
        return self._limits

    @property
    def global_limits(self) -> dict[str, Limit]:
        """The account's parts of the limits for every account, likewise."""
        self.settle_limits()
        return self._global_limits

    @property
    def counting(self) -> tuple[Limit, ...]:
        """Those of both that count purchases, as all do but those on a single one."""
        self.settle_limits()
        return self._counting

    def both_limits(self) -> tuple[dict[str, Limit], dict[str, Limit]]:
        """`limits` and `global_limits`, to be read and not to be changed."""
        self.settle_limits()
        return Account._limits.of(self), Account._global_limits.of(self)

    def settle_limits(self) -> None:
        """Count the purchases that have passed the limits and wait to be counted."""
        if self.ready_limits is not None:
            self.ready_limits.settle()

    def limits_changed(self) -> None:
        """Note that limits were put, changed or taken away, or count anew."""
        limits, global_limits = self.both_limits()
        self._counting = counting_of((*limits.values(), *global_limits.values()))
        self.ready_limits = None
        self._look_whether_it_counts()

    def begin_spending_log(self) -> int:
        """Note what is spent from now on; the position since when it is noted, or was before."""
        if self.spending_log is None or self.spending_log.is_full:
            self.spending_log = SpendingLog(self.position)
        else:
            self.spending_log.readers += 1
        self._look_whether_it_counts()
        return self.spending_log.position

    def end_spending_log(self, position: int) -> None:
        """Note no more, for one of those who asked for it since a position."""
        log = self.spending_log
        if log is not None and log.position == position:
            log.readers -= 1
            if not log.readers:
                self.spending_log = None
                self._look_whether_it_counts()

    def _look_whether_it_counts(self) -> None:
        self.counts = bool(self._counting) or self.spending_log is not None

    def expires(self, purchase: Purchase) -> None:
        """Note when a hold runs out."""
        assert purchase.expires_at_us is not None
        heappush(self.expiries, (purchase.expires_at_us, purchase.purchase_id))
        self.look_for_next_expiry()

    def look_for_next_expiry(self) -> None:
        """Find out when the next hold runs out, once another one has ended."""
        expiries = self.expiries
        while expiries and not self._runs_out(*expiries[0]):
            heappop(expiries)
        self.next_expiry_us = expiries[0][0] if expiries else NEVER_US

    def overdue(self, now_us: int) -> list[Purchase]:
        """The holds whose time has come, the one that ran out first before the others."""
        found: list[tuple[int, str]] = []
        looked_at = [0]
        while looked_at:
            at = looked_at.pop()
            if at < len(self.expiries) and self.expiries[at][0] <= now_us:
                found.append(self.expiries[at])
                looked_at += (2 * at + 1, 2 * at + 2)
        return [
            self.purchases[name] for at_us, name in sorted(found) if self._runs_out(at_us, name)
        ]

    def _runs_out(self, at_us: int, purchase_id: str) -> bool:
        """Whether a hold is open that runs out at a time."""
        purchase = self.purchases.get(purchase_id)
        return purchase is not None and purchase.expires_at_us == at_us


class AccountView(NamedTuple):
    """What may be seen of an account from outside: a copy that stays as it is."""

    account_id: str
    wallets_cents: dict[str, int]
    customer_id: str | None
    cards: tuple[CardTerms, ...]
    owner_of_card: dict[str, str]
    """The customer of each card, by the card's id."""
    operations: tuple[Operation, ...]
    status: AccountStatus
    held_cents: dict[str, int]
    """What is reserved, by wallet; wallets with nothing are left out."""
    owed_cents: dict[str, int]
    """What forced captures took beyond what was there, by wallet; likewise."""


def account_view(account: Account) -> AccountView:
    """Describe an account as it stands."""
    return AccountView(
        account.account_id,
        dict(account.wallets_cents),
        account.customer_id,
        tuple(card.terms() for card in account.cards.values()),
        {card.card_id: card.customer_id for card in account.cards.values()},
        tuple(Account.operations.of(account)),
        account.status,
        dict(Account.held_cents.of(account)),
        dict(Account.owed_cents.of(account)),
    )


def forget_id_pages(account: Account, now_us: int, kept: IdRetention) -> None:
    """When a page has just been sealed, drop pages older than the retention.

    Not an event: how long ids are kept is configured, and no decision at or after `now_us` can
    tell the difference.
    """
    purchase_keys = account.purchase_keys
    if purchase_keys.sealed_pages and purchase_keys.has_just_sealed():
        purchase_keys.forget_before(now_us - kept.purchases_us)
    if account.parts is None:
        return
    for ids, kept_us in (
        (Account.credit_keys.of(account), kept.credits_us),
        (Account.adjustments.of(account), kept.purchases_us),
    ):
        if ids.sealed_pages and ids.has_just_sealed():
            ids.forget_before(now_us - kept_us)


def forget_ids(account: Account, now_us: int, kept: IdRetention) -> int:
    """Drop every id that is older, those in pages that are not full as well; how many went.

    Too much to do for each purchase; see `forget_id_pages` for what it is not part of.
    """
    purchases_since_us = now_us - kept.purchases_us
    remembered = (
        (account.purchase_keys, purchases_since_us),
        (Account.adjustments.of(account), purchases_since_us),
        (Account.credit_keys.of(account), now_us - kept.credits_us),
    )
    return sum(ids.forget_all_before(since_us) for ids, since_us in remembered if ids)


def add_operation(account: Account, operation: Operation) -> None:
    """Add a line to the history; past the bound a limit query goes, or else the oldest line."""
    operations = account.operations
    operations.append(operation)
    if len(operations) > MAX_OPERATIONS:
        queries = (at for at, each in enumerate(operations) if each.kind == _LIMIT_QUERY)
        del operations[next(queries, 0)]


def _account_of_card(event: CardOpened | CardReplaced) -> tuple[str, str]:
    return event.terms.card_id, event.account_id


ACCOUNT_OF_CARD: Final = Index(
    "cards",
    snapshot_kind=4,
    entries={CardOpened: _account_of_card, CardReplaced: _account_of_card},
    is_counted=True,
)
"""The account that a card is on; cards stay where they are."""
