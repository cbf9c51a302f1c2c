"""What the load test knows about each account, and so what each answer has to be.

Two models, because what can be known depends on who shares an account (a third one, for purchases
of several messages, is in :mod:`loadtest.life_account`):

- :class:`SequentialAccount` belongs to one client that has one purchase in flight. The one right
  code and the wallet that pays are known before the purchase is sent.
- :class:`SharedAccount` has many purchases in flight at once and their order is unknown. All of
  them have the same price and every wallet holds a whole number of prices. Then the outcome no
  longer depends on the order: the counts of approved purchases alone give every balance, and an
  answer can be refuted where no order explains it.

Both follow the published rule: the wallet pays if it covers the whole amount, else CASH, else 51.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from loadtest.books import WalletBook
from loadtest.merchants import CASH, Merchant

APPROVED = "00"
DECLINED = "07"
INSUFFICIENT_FUNDS = "51"

CODE_BY_BODY = {
    b'{"code":"00"}': APPROVED,
    b'{"code":"51"}': INSUFFICIENT_FUNDS,
    b'{"code":"07"}': DECLINED,
}
"""The only bodies a transaction may be answered with, byte for byte."""

REMEMBERED_PURCHASES = 64
"""How many of an account's latest purchases may be sent again."""


@dataclass(slots=True)
class Purchase:
    """One purchase; ``code`` is its answer once it is known, and never changes after that."""

    id: str
    account: str
    merchant: Merchant
    amount_cents: int
    code: str | None = None

    def body(self) -> str:
        """The JSON body of the request, the amount in reais with two decimals."""
        return transaction_body(self.id, self.account, self.amount_cents, self.merchant)


def transaction_body(id: str, account: str, amount_cents: int, merchant: Merchant) -> str:
    """A request body. ``id`` and ``account`` must need no JSON escaping; the amount may be 0."""
    reais, cents = divmod(amount_cents, 100)
    return (
        f'{{"id":"{id}","account":"{account}","totalAmount":{reais}.{cents:02d},'
        f"{merchant.json_fields}}}"
    )


class AccountModel(Protocol):
    """What both models do."""

    account: str
    opening_cents: dict[str, int]
    recent: deque[Purchase]
    """The latest purchases, to be sent again; those of a shared account may still be in flight.

    None whose answer was wrong: what was ``overloaded`` is decided anew if it is sent again, and
    then the account would differ from the books for no fault of its own.
    """

    def may_send(self) -> bool:
        """Whether a new purchase may leave now."""

    def send(self, purchase: Purchase) -> None:
        """Note that a new purchase leaves for the server; ``ValueError`` where it may not."""

    def settle(self, purchase: Purchase, code: str) -> str | None:
        """Take in an answer, also one to a repetition; what is wrong with it, or None."""

    def unsettled(self) -> list[Purchase]:
        """Purchases that were sent and not answered: only asking again tells their outcome."""

    def in_doubt(self) -> int:
        """How many requests were sent and not answered."""

    def balances_cents(self) -> dict[str, int]:
        """What each wallet must have available once nothing is unsettled."""

    def books(self) -> dict[str, WalletBook]:
        """What each wallet must hold by then, and what went through it."""


def approved_cents(model: AccountModel) -> dict[str, int]:
    """What purchases took from each wallet for good, in centavos, before what was given back."""
    return {wallet: book.captured_cents for wallet, book in model.books().items()}


def books_of_purchases(
    opening_cents: Mapping[str, int], left_cents: Mapping[str, int]
) -> dict[str, WalletBook]:
    """The books of an account that knows nothing but purchases."""
    return {
        wallet: WalletBook(left_cents[wallet], opening, captured_cents=opening - left_cents[wallet])
        for wallet, opening in opening_cents.items()
    }


class SequentialAccount:
    """An account of one client, which waits for each answer before it sends the next purchase."""

    def __init__(self, account: str, opening_cents: Mapping[str, int]) -> None:
        self.account = account
        self.opening_cents = dict(opening_cents)
        self.recent: deque[Purchase] = deque(maxlen=REMEMBERED_PURCHASES)
        self._left_cents = dict(opening_cents)
        self._pending: Purchase | None = None

    def may_send(self) -> bool:
        """See :class:`AccountModel`: not while another purchase is unsettled."""
        return self._pending is None

    def send(self, purchase: Purchase) -> None:
        """See :class:`AccountModel`."""
        if not self.may_send():
            raise ValueError(f"{self.account} still waits for an answer")
        self._pending = purchase

    def settle(self, purchase: Purchase, code: str) -> str | None:
        """See :class:`AccountModel`."""
        if purchase.code is not None:
            return repetition_problem(purchase, code)
        payer = self._payer(purchase)
        expected = APPROVED if payer else INSUFFICIENT_FUNDS
        if payer and code == APPROVED:
            self._left_cents[payer] -= purchase.amount_cents
        purchase.code = code
        self._pending = None
        if code == expected:
            self.recent.append(purchase)
        return None if code == expected else f"{code} for {purchase.id} instead of {expected}"

    def unsettled(self) -> list[Purchase]:
        """See :class:`AccountModel`."""
        return [] if self._pending is None else [self._pending]

    def balances_cents(self) -> dict[str, int]:
        """See :class:`AccountModel`."""
        return dict(self._left_cents)

    def in_doubt(self) -> int:
        """See :class:`AccountModel`."""
        return len(self.unsettled())

    def books(self) -> dict[str, WalletBook]:
        """See :class:`AccountModel`."""
        return books_of_purchases(self.opening_cents, self.balances_cents())

    def _payer(self, purchase: Purchase) -> str | None:
        for wallet in (purchase.merchant.wallet, CASH):
            if self._left_cents[wallet] >= purchase.amount_cents:
                return wallet
        return None


class SharedAccount:
    """An account that many clients buy with at once, every purchase at the same price.

    ``ValueError`` if an opening balance is not a whole number of prices.
    """

    def __init__(self, account: str, opening_cents: Mapping[str, int], price_cents: int) -> None:
        if any(cents % price_cents for cents in opening_cents.values()):
            raise ValueError(f"balances of {account} are no multiples of {price_cents}")
        self.account = account
        self.opening_cents = dict(opening_cents)
        self.price_cents = price_cents
        self.recent: deque[Purchase] = deque(maxlen=REMEMBERED_PURCHASES)
        self._capacity = {wallet: c // price_cents for wallet, c in opening_cents.items()}
        self._approved: Counter[str] = Counter()
        self._pending: dict[str, Purchase] = {}
        self._sent_too_late: set[str] = set()
        self._exhausted: set[str] = set()

    def may_send(self) -> bool:
        """See :class:`AccountModel`: always."""
        return True

    def send(self, purchase: Purchase) -> None:
        """See :class:`AccountModel`; the price is part of the model."""
        if purchase.amount_cents != self.price_cents:
            raise ValueError(f"{purchase.id} does not cost {self.price_cents}")
        self._pending[purchase.id] = purchase
        self.recent.append(purchase)
        if purchase.merchant.wallet in self._exhausted:
            self._sent_too_late.add(purchase.id)

    def settle(self, purchase: Purchase, code: str) -> str | None:
        """See :class:`AccountModel`."""
        if purchase.code is not None:
            return repetition_problem(purchase, code)
        purchase.code = code
        del self._pending[purchase.id]
        if code == APPROVED:
            return self._approve(purchase)
        self._sent_too_late.discard(purchase.id)
        if code == INSUFFICIENT_FUNDS:
            return self._decline(purchase)
        if purchase in self.recent:
            self.recent.remove(purchase)
        return f"{code} for {purchase.id}"

    def unsettled(self) -> list[Purchase]:
        """See :class:`AccountModel`."""
        return list(self._pending.values())

    def balances_cents(self) -> dict[str, int]:
        """See :class:`AccountModel`."""
        left = {w: max(0, n - self._approved[w]) for w, n in self._capacity.items()}
        left[CASH] = self._capacity[CASH] - self._paid_by_cash(self._approved)
        return {wallet: count * self.price_cents for wallet, count in left.items()}

    def in_doubt(self) -> int:
        """See :class:`AccountModel`."""
        return len(self.unsettled())

    def books(self) -> dict[str, WalletBook]:
        """See :class:`AccountModel`."""
        return books_of_purchases(self.opening_cents, self.balances_cents())

    def _approve(self, purchase: Purchase) -> str | None:
        self._approved[purchase.merchant.wallet] += 1
        if self._paid_by_cash(self._approved) > self._capacity[CASH]:
            return f"00 for {purchase.id} although the money for it was spent"
        if purchase.id in self._sent_too_late:
            return f"00 for {purchase.id}, sent after a 51 for the same wallet"
        return None

    def _decline(self, purchase: Purchase) -> str | None:
        wallet = purchase.merchant.wallet
        self._exhausted.add(wallet)
        most_approved = self._approved + Counter(
            pending.merchant.wallet for pending in self._pending.values()
        )
        if most_approved[wallet] < self._capacity[wallet]:
            return f"51 for {purchase.id} although {wallet} covers it in every order"
        if self._paid_by_cash(most_approved) < self._capacity[CASH]:
            return f"51 for {purchase.id} although CASH covers it in every order"
        return None

    def _paid_by_cash(self, approved: Mapping[str, int]) -> int:
        return sum(
            count if wallet == CASH else max(0, count - self._capacity[wallet])
            for wallet, count in approved.items()
        )


def repetition_problem(purchase: Purchase, code: str) -> str | None:
    """What is wrong with the answer to a purchase that has one, or None."""
    if code == purchase.code:
        return None
    return f"{code} for the repeated {purchase.id}, whose first answer was {purchase.code}"
