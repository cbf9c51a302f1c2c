"""What happens next on an account of the life shape: drawn by chance from what can happen there."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace

from loadtest.life_account import LifeAccount
from loadtest.life_limits import LIFETIME, TRANSACTION, Limit
from loadtest.life_messages import (
    AUTHORIZATION,
    CAPTURE,
    CREDIT,
    INCREMENT,
    REFUND,
    REPEATED,
    REUSED,
    REVERSAL,
    Operation,
)
from loadtest.merchants import MEAL, MERCHANTS, WALLETS
from loadtest.model import Purchase

LARGEST_PURCHASE_CENTS = 60_00
LARGEST_CREDIT_CENTS = 20_00
MOST_BEYOND_CENTS = 5_00
ONE_PURCHASE_CEILING_CENTS = 55_00
LIMITED_EVERY = 3
"""Of three accounts one has no limit, one limits on amounts, one a limit on the count."""


def limits_of(number: int, opening_cents: int, purchases: float) -> list[Limit]:
    """The limits of the account with this number, of which so many purchases are expected."""
    if number % LIMITED_EVERY == 0:
        return []
    if number % LIMITED_EVERY == 1:
        return [
            Limit("meals", LIFETIME, max_amount_cents=opening_cents // 2, wallets=(MEAL,)),
            Limit("purchase", TRANSACTION, max_amount_cents=ONE_PURCHASE_CEILING_CENTS),
            Limit("looking", LIFETIME, max_count=1, shadow=True),
        ]
    return [Limit("count", LIFETIME, max_count=max(1, int(purchases / 4)))]


class Chooser:
    """Draws for one account; the numbers of a run make ids that are used once."""

    def __init__(self, account: LifeAccount, numbers: "itertools.count[int]") -> None:
        self._account = account
        self._numbers = numbers

    def next(self) -> Purchase | Operation:
        """A plain purchase, or an operation. Where the drawn one can't be, an authorization."""
        (draw,) = random.choices(DRAWS, WEIGHTS)
        return draw(self) or self.authorization()

    def purchase(self) -> Purchase:
        """A purchase of one message."""
        merchant, amount = random.choice(MERCHANTS), cents(LARGEST_PURCHASE_CENTS)
        return Purchase(self._id(), self._account.account, merchant, amount)

    def authorization(self) -> Operation:
        """A hold, now and then one that may be partial."""
        made = self._operation(AUTHORIZATION, self._id(), cents(LARGEST_PURCHASE_CENTS))
        merchant = random.choice(MERCHANTS)
        return replace(made, id=made.purchase_id, merchant=merchant, partial=chance(0.2))

    def overtaken(self) -> Operation | None:
        """A hold whose reversal came before it."""
        announced = [
            name
            for name, standing in self._account.standings.items()
            if standing.status == "reversed" and standing.source is None
        ]
        if not announced:
            return None
        return replace(self.authorization(), id=announced[0], purchase_id=announced[0])

    def increment(self) -> Operation | None:
        """More to an open hold; now and then to one that is over."""
        name = self._some("pending") if chance(0.9) else self._some("closed", "declined")
        if name is None:
            return None
        return self._operation(INCREMENT, name, cents(LARGEST_PURCHASE_CENTS // 2))

    def capture(self) -> Operation | None:
        """All that is held, or a part for good, or a part of several; now and then too much."""
        name = self._some("pending") if chance(0.95) else self._some("closed", "declined")
        if name is None:
            return None
        amount = self._part(self._account.standings[name].held_cents)
        if amount is None and self._account.standings[name].status != "pending":
            amount = 1
        return replace(self._operation(CAPTURE, name, amount), final=chance(0.6))

    def forced(self) -> Operation | None:
        """A capture beyond the hold, on a purchase that is over, or on one that nobody knows."""
        name = self._some("pending", "closed")
        if name is None or (chance(0.3) and not self._account.limits):
            amount = cents(LARGEST_PURCHASE_CENTS)
            made = self._operation(CAPTURE, self._id(), amount)
            return replace(made, merchant=random.choice(MERCHANTS), force=True)
        beyond_cents = cents(random.choice((MOST_BEYOND_CENTS, LARGEST_PURCHASE_CENTS)))
        taken_cents = self._account.standings[name].held_cents + beyond_cents
        return replace(self._operation(CAPTURE, name, taken_cents), force=True)

    def reversal(self) -> Operation | None:
        """What is held let go, or what was captured given back; all of it, a part, or too much."""
        name = self._some("pending", "closed", "reversed")
        if name is None:
            return None
        standing, there = self._account.standings[name], self._account.reversible_cents(name)
        within = standing.status == "pending" and standing.captured_cents > 0
        return self._operation(REVERSAL, name, self._part(there, beyond=not within))

    def announced(self) -> Operation:
        """A reversal that comes before its purchase, which it forbids or does not find."""
        made = self._operation(REVERSAL, self._id(), None)
        return replace(made, if_unknown=chance(0.7))

    def refund(self) -> Operation | None:
        """Captured money back; all of it, a part, or too much."""
        name = self._some("closed")
        if name is None:
            return None
        return self._operation(REFUND, name, self._part(self._account.refundable_cents(name)))

    def credit(self) -> Operation:
        """Money into a wallet."""
        made = self._operation(CREDIT, self._id(), cents(LARGEST_CREDIT_CENTS))
        return replace(made, wallet=random.choice(WALLETS))

    def repeated(self) -> Operation | None:
        """An earlier operation again, as it was."""
        done = self._done()
        return done and replace(done, way=REPEATED)

    def reused(self) -> Operation | None:
        """An earlier operation's id with one centavo more."""
        done = self._done()
        return done and replace(done, way=REUSED, amount_cents=(done.amount_cents or 0) + 1)

    def _done(self) -> Operation | None:
        known = self._account.standings
        done = [o for o in self._account.done if o.kind == CREDIT or o.purchase_id in known]
        return random.choice(done) if done else None

    def _some(self, *statuses: str) -> str | None:
        standings = self._account.standings.items()
        names = [name for name, standing in standings if standing.status in statuses]
        return random.choice(names) if names else None

    def _part(self, there: int, beyond: bool = True) -> int | None:
        if not there or chance(0.4):
            return None
        if beyond and chance(0.1):
            return there + cents(MOST_BEYOND_CENTS)
        return cents(there)

    def _operation(self, kind: str, purchase_id: str, amount: int | None) -> Operation:
        return Operation(kind, self._id(), self._account.account, purchase_id, amount)

    def _id(self) -> str:
        return f"life-{next(self._numbers)}"


def cents(most: int) -> int:
    """An amount from one centavo on."""
    return random.randint(1, most)


def chance(share: float) -> bool:
    """True in this share of the cases."""
    return random.random() < share


WEIGHT_BY_DRAW: dict[Callable[[Chooser], Purchase | Operation | None], int] = {
    Chooser.purchase: 24,
    Chooser.authorization: 24,
    Chooser.capture: 18,
    Chooser.increment: 7,
    Chooser.refund: 6,
    Chooser.reversal: 5,
    Chooser.repeated: 4,
    Chooser.forced: 4,
    Chooser.credit: 4,
    Chooser.reused: 2,
    Chooser.announced: 1,
    Chooser.overtaken: 1,
}
DRAWS = list(WEIGHT_BY_DRAW)
WEIGHTS = list(WEIGHT_BY_DRAW.values())
