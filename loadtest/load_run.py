"""The accounts of one load run and what its users share: no Locust in here."""

import itertools
import random
import time
from dataclasses import dataclass, field

from loadtest.client import ask, ask_operation, open_account, put_limit, register_merchants
from loadtest.life_account import LifeAccount
from loadtest.life_choice import Chooser, limits_of
from loadtest.life_messages import Operation
from loadtest.merchants import MERCHANTS, WALLETS
from loadtest.model import AccountModel, Purchase, SequentialAccount, SharedAccount
from loadtest.recorder import Ledger, Recorder
from loadtest.shapes import HOT, LIFE, purchases_expected
from tests.support.client import Client

SMALLEST_PURCHASE_CENTS = 1
LARGEST_PURCHASE_CENTS = 60_00
HOT_PRICE_CENTS = 12_34
FUNDED_SHARE = 0.5
"""The share of the expected spending that the opening balances cover: declines have to occur."""
LIFE_FUNDED_SHARE = 0.25
"""The same of all requests of the life shape, of which half spend and some give back."""

ACCOUNT_NUMBERS_PER_MS = 1_000_000


@dataclass
class LoadRun:
    """One shape with ``users`` at its highest moment, for ``seconds``, on ``accounts`` accounts.

    Accounts are named by shape and clock, so that no two runs on one server share an account.
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
            self.models = [self._hot_account(f"{self.shape}-{first}")]
        else:
            count = max(self.accounts, self.users)
            opening_cents = dict.fromkeys(WALLETS, self._opening_cents(count))
            names = [f"{self.shape}-{first + n}" for n in range(count)]
            if self.shape == LIFE:
                self.models = self._life_accounts(names, opening_cents)
            else:
                self.models = [SequentialAccount(name, opening_cents) for name in names]
        self._free_models = list(self.models)
        self._purchase_numbers = itertools.count(1)

    def open_accounts(self, client: Client) -> None:
        """Register the merchants, open the accounts and put their limits."""
        register_merchants(client)
        for model in self.models:
            open_account(client, model.account, model.opening_cents)
            if isinstance(model, LifeAccount):
                for limit in model.limits:
                    put_limit(client, model.account, limit)

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

    def next_of(self, model: AccountModel) -> Purchase | Operation:
        """What happens next on an account, not yet sent: a purchase, but for the life shape."""
        if isinstance(model, LifeAccount):
            return Chooser(model, self._purchase_numbers).next()
        return self.new_purchase(model)

    def settle_lost(self, client: Client) -> None:
        """Ask again for everything whose answer did not arrive."""
        for model in self.models:
            if isinstance(model, LifeAccount) and (lost := model.unsettled_operation()):
                problem = model.settle_operation(lost, *ask_operation(client, lost), lost=True)
                if problem:
                    self.recorder.wrong(problem)
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
        share = LIFE_FUNDED_SHARE if self.shape == LIFE else FUNDED_SHARE
        return max(LARGEST_PURCHASE_CENTS, int(spending_cents * share / len(WALLETS)))

    def _life_accounts(self, names: list[str], opening_cents: dict[str, int]) -> list[AccountModel]:
        expected = purchases_expected(self.shape, self.users, self.seconds) / len(names)
        cents = min(opening_cents.values())
        return [
            LifeAccount(name, opening_cents, limits_of(number, cents, expected))
            for number, name in enumerate(names)
        ]

    def _hot_account(self, account: str) -> SharedAccount:
        affordable = purchases_expected(self.shape, self.users, self.seconds) * FUNDED_SHARE
        wallet_cents = int(affordable / len(WALLETS)) * HOT_PRICE_CENTS
        return SharedAccount(account, dict.fromkeys(WALLETS, wallet_cents), HOT_PRICE_CENTS)


def random_amount_cents() -> int:
    """The amount of an ordinary purchase in centavos."""
    return random.randint(SMALLEST_PURCHASE_CENTS, LARGEST_PURCHASE_CENTS)
