"""The books of all wallets, added up from the events alone, against what a state holds.

For every wallet: opening + credits + adjustments + refunds + reversed captures - captured =
available + held - owed, and what is available is never negative. The sums know nothing of how an
account evolves, so what both get wrong alike is unlikely.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import AccountCredited, AccountOpened, PurchaseApproved
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldExpired,
    HoldIncremented,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    WalletAdjusted,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.money import format_cents
from authorizer.persistence.state.state import State

MAX_TOLD: Final = 20
"""Wallets that are told one by one; the others are counted."""


class Balance(NamedTuple):
    """What is in a wallet, in centavos."""

    available_cents: int
    held_cents: int
    owed_cents: int

    def __str__(self) -> str:
        available, held, owed = map(format_cents, self)
        return f"{available} available, {held} held, {owed} owed"


class Balances:
    """The balances of every wallet, three numbers each."""

    def __init__(self) -> None:
        self._accounts: dict[str, int] = {}
        self._wallets: dict[str, array[int]] = {}
        """By wallet, the numbers of the accounts one behind the other."""

    def add(self, account_id: str, wallet: str, available: int, held: int, owed: int) -> None:
        """Add to a wallet's balance, in centavos."""
        numbers = self._wallets.setdefault(wallet, array("q"))
        at = 3 * self._accounts.setdefault(account_id, len(self._accounts))
        if at >= len(numbers):
            numbers.frombytes(bytes(8 * (3 * len(self._accounts) - len(numbers))))
        numbers[at] += available
        numbers[at + 1] += held
        numbers[at + 2] += owed

    def get(self, account_id: str, wallet: str) -> Balance:
        """The balance of a wallet, which has nothing if it is not there."""
        if not self.has(account_id, wallet):
            return Balance(0, 0, 0)
        at = 3 * self._accounts[account_id]
        return Balance(*self._wallets[wallet][at : at + 3])

    def has(self, account_id: str, wallet: str) -> bool:
        """Whether the wallet is among those that may have something."""
        numbers, number = self._wallets.get(wallet), self._accounts.get(account_id)
        return numbers is not None and number is not None and 3 * number < len(numbers)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Every account with every wallet that may have something."""
        for wallet, numbers in self._wallets.items():
            for account_id, at in self._accounts.items():
                if 3 * at < len(numbers):
                    yield account_id, wallet

    @classmethod
    def of(cls, state: State) -> "Balances":
        """What the accounts of a state say that their wallets hold."""
        balances = cls()
        store = state[ACCOUNTS]
        for account_id in store:
            account: Account = store.load(account_id)
            for place, by_wallet in enumerate(
                (account.wallets_cents, account.held_cents, account.owed_cents)
            ):
                for wallet, cents in by_wallet.items():
                    parts = [0, 0, 0]
                    parts[place] = cents
                    balances.add(account_id, wallet, *parts)
        return balances


class WalletBooks:
    """Adds up the events of all accounts."""

    def __init__(self) -> None:
        self._balances = Balances()

    def take(self, event: Any) -> None:
        """Add an event up.

        Raises:
            OverflowError: a wallet would hold more than any may.
        """
        booked = BOOKED.get(type(event))
        if booked is not None:
            booked(self._balances, event)

    def problems(self, found: Balances) -> list[str]:
        """Each wallet that holds something else than its events make, or less than nothing."""
        told: list[str] = []
        more = 0
        unmade = (each for each in found if not self._balances.has(*each))
        for account_id, wallet in chain(self._balances, unmade):
            made, there = self._balances.get(account_id, wallet), found.get(account_id, wallet)
            if made == there and made.available_cents >= 0:
                continue
            if len(told) == MAX_TOLD:
                more += 1
            elif made == there:
                told.append(f"account {account_id!r}, wallet {wallet}: {there}")
            else:
                text = f"account {account_id!r}, wallet {wallet}: {there}, but its events make "
                told.append(f"{text}{made}")
        return [*told, *([f"{more} more wallets do not add up"] if more else [])]


def _opened(balances: Balances, event: AccountOpened) -> None:
    for wallet, cents in event.opening_cents.items():
        balances.add(event.account_id, wallet, cents, 0, 0)


def _credited(balances: Balances, event: AccountCredited | WalletAdjusted) -> None:
    _came_in(balances, event.account_id, event.wallet, event.amount_cents, event.debt_paid_cents)


def _purchased(balances: Balances, event: PurchaseApproved) -> None:
    if event.wallet is not None:
        balances.add(event.account_id, event.wallet, -event.amount_cents, 0, 0)


def _held(balances: Balances, event: HoldApproved | HoldIncremented) -> None:
    if event.source != CREDIT_LIMIT:
        cents = event.amount_cents
        balances.add(event.account_id, event.source, -cents, cents, 0)


def _captured(balances: Balances, event: PurchaseCaptured) -> None:
    if event.source == CREDIT_LIMIT:
        return
    gone_cents = event.from_hold_cents + event.beyond_cents
    unheld_cents = event.from_hold_cents + event.released_cents
    owed_cents = event.owed_cents - event.debt_paid_cents
    available_cents = unheld_cents - gone_cents + owed_cents  # money = available + held - owed
    balances.add(event.account_id, event.source, available_cents, -unheld_cents, owed_cents)


def _given_back(
    balances: Balances, event: PurchaseReversed | PurchaseRefunded | HoldExpired
) -> None:
    if event.source == CREDIT_LIMIT:
        return
    of_hold = event.of_hold if isinstance(event, PurchaseReversed) else type(event) is HoldExpired
    if of_hold:
        balances.add(event.account_id, event.source, 0, -event.amount_cents, 0)
    cents, paid_cents = event.amount_cents, event.debt_paid_cents
    _came_in(balances, event.account_id, event.source, cents, paid_cents)


def _came_in(
    balances: Balances, account_id: str, wallet: str, cents: int, debt_paid_cents: int
) -> None:
    balances.add(account_id, wallet, cents - debt_paid_cents, 0, -debt_paid_cents)


BOOKED: Final[Mapping[type[Any], Callable[[Balances, Any], None]]] = {
    AccountOpened: _opened,
    AccountCredited: _credited,
    WalletAdjusted: _credited,
    PurchaseApproved: _purchased,
    HoldApproved: _held,
    HoldIncremented: _held,
    PurchaseCaptured: _captured,
    PurchaseReversed: _given_back,
    PurchaseRefunded: _given_back,
    HoldExpired: _given_back,
}
"""The events that move money of a wallet; a test lists those that don't."""
