"""The accounts of one load run and what its users share: no Locust in here."""

import itertools
import random
import time
from dataclasses import dataclass, field

from loadtest.client import ask, open_account, register_merchants
from loadtest.merchants import MERCHANTS, WALLETS
from loadtest.model import AccountModel, Purchase, SequentialAccount, SharedAccount
from loadtest.recorder import Ledger, Recorder
from loadtest.shapes import HOT, purchases_expected
from tests.support.client import Client

SMALLEST_PURCHASE_CENTS = 1
LARGEST_PURCHASE_CENTS = 60_00
HOT_PRICE_CENTS = 12_34
FUNDED_SHARE = 0.5
"""The share of the expected spending that the opening balances cover: declines have to occur."""

ACCOUNT_NUMBERS_PER_MS = 1_000_000


@dataclass
class LoadRun:
    """One shape with ``users`` at its highest moment, for ``seconds``, on ``accounts`` accounts.

    Account numbers derive from the clock, so that no two runs on one server share an account.
    """

    shape: str
    users: int
    seconds: float
    accounts: int
    recorder: Recorder = field(default_factory=Recorder)
    models: list[AccountModel] = field(init=False)

    def __post_init__(self) -> None:
        first = time.time_ns() // 1_000_000 * ACCOUNT_NUMBERS_PER_MS
        if self.shape == HOT:
            self.models = [self._hot_account(str(first))]
        else:
            count = max(self.accounts, self.users)
            opening_cents = dict.fromkeys(WALLETS, self._opening_cents(count))
            self.models = [SequentialAccount(str(first + n), opening_cents) for n in range(count)]
        self._free_models = list(self.models)
        self._purchase_numbers = itertools.count(1)

    def open_accounts(self, client: Client) -> None:
        """Register the merchants and open the accounts."""
        register_merchants(client)
        for model in self.models:
            open_account(client, model.account, model.opening_cents)

    def take_models(self) -> list[AccountModel]:
        """Accounts for one user alone, until it gives them back; the hot account is for all."""
        if self.shape == HOT:
            return self.models
        share = max(1, len(self.models) // self.users)
        taken, self._free_models = self._free_models[:share], self._free_models[share:]
        return taken

    def give_back(self, models: list[AccountModel]) -> None:
        """See :meth:`take_models`."""
        if self.shape != HOT:
            self._free_models += models

    def new_purchase(self, model: AccountModel) -> Purchase:
        """A purchase with an id of its own, not yet sent."""
        return Purchase(
            id=f"{self.shape}-{next(self._purchase_numbers)}",
            account=model.account,
            merchant=random.choice(MERCHANTS),
            amount_cents=HOT_PRICE_CENTS if self.shape == HOT else random_amount_cents(),
        )

    def settle_lost(self, client: Client) -> None:
        """Ask again for every purchase whose answer did not arrive."""
        for model in self.models:
            for purchase in model.unsettled():
                problem = model.settle(purchase, ask(client, purchase.body()))
                if problem:
                    self.recorder.wrong(problem)

    def ledger(self) -> Ledger:
        """What to hand on when the load has ended."""
        return self.recorder.ledger(self.shape, self.models)

    def _opening_cents(self, accounts: int) -> int:
        expected = purchases_expected(self.shape, self.users, self.seconds)
        mean_cents = (SMALLEST_PURCHASE_CENTS + LARGEST_PURCHASE_CENTS) / 2
        spending_cents = expected * mean_cents / accounts
        return max(LARGEST_PURCHASE_CENTS, int(spending_cents * FUNDED_SHARE / len(WALLETS)))

    def _hot_account(self, account: str) -> SharedAccount:
        affordable = purchases_expected(self.shape, self.users, self.seconds) * FUNDED_SHARE
        wallet_cents = int(affordable / len(WALLETS)) * HOT_PRICE_CENTS
        return SharedAccount(account, dict.fromkeys(WALLETS, wallet_cents), HOT_PRICE_CENTS)


def random_amount_cents() -> int:
    """The amount of an ordinary purchase in centavos."""
    return random.randint(SMALLEST_PURCHASE_CENTS, LARGEST_PURCHASE_CENTS)
