"""An account as a child would keep it: dictionaries, and the sentences of the interface's pages.

It shares no code with the rules that it is compared with. Every method says how a request is
answered; `events` counts what the journal must have gained by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Final

from authorizer.simulation.naive_purchase import NaiveLimit, NaivePurchase, Said

WALLETS: Final = ("FOOD", "MEAL", "CASH")
MCC_OF: Final = {"FOOD": "5411", "MEAL": "5812", "CASH": "4111"}
WALLET_OF: Final = {mcc: wallet for wallet, mcc in MCC_OF.items()}
CREDIT: Final = "credit_limit"
HOUR_US: Final = 3_600_000_000
DEADLINE_MS: Final = 80
CREDIT_ID_DAYS: Final = 1
CREDIT_ID_US: Final = CREDIT_ID_DAYS * 24 * HOUR_US * 1001 // 1000 + 72 * HOUR_US + HOUR_US // 30
"""How long a credit's id is known: a thousandth longer than it is set, and 72 hours and two minutes
by which the clock may mislead."""

Answer = tuple[object, ...]
"""A word, and what the answer shows behind it."""


class NaiveAccount:
    """One account. A copy shares no dictionary with it; what lies in them never changes."""

    def __init__(self, opening: dict[str, int]) -> None:
        self.opening = opening
        self.there = dict(opening)
        """What is available, by source; the card's credit limit is one."""
        self.owed: dict[str, int] = {}
        self.booked = dict(opening)
        """What came from outside: opening, credits, adjustments."""
        self.purchases: dict[str, NaivePurchase] = {}
        self.unnamed: tuple[tuple[int, str, int], ...] = ()
        """Approved purchases without an id: time, source, amount."""
        self.credits: dict[str, tuple[int, Said]] = {}
        """Since when each is known, and what it said."""
        self.adjustments: dict[str, Said] = {}
        self.limits: dict[str, NaiveLimit] = {}
        self.card: str | None = None
        self.is_blocked = False
        self.is_frozen = False
        self.position = 0
        """The position of its newest event."""

    def copy(self) -> NaiveAccount:
        """It as it is now, to come back to."""
        twin = copy(self)
        for name in ("there", "owed", "booked", "purchases", "credits", "adjustments", "limits"):
            setattr(twin, name, dict(getattr(self, name)))
        return twin

    # --- money ---------------------------------------------------------------------------------

    def give(self, source: str, cents: int) -> None:
        """Money comes to a source; what it owes is paid first."""
        paid = min(self.owed.get(source, 0), cents)
        if paid:
            self.owed[source] -= paid
        self.there[source] = self.there.get(source, 0) + cents - paid

    def take_by_force(self, source: str, cents: int) -> None:
        """Money is taken from what is there, then on debt; a card's limit is just used."""
        there = self.there.get(source, 0)
        paid = cents if source == CREDIT else min(there, cents)
        self.there[source] = there - paid
        if cents > paid:
            self.owed[source] = self.owed.get(source, 0) + cents - paid

    def held(self, source: str) -> int:
        """What is reserved of a source."""
        return sum(each.held for each in self.purchases.values() if each.source == source)

    def is_conserved(self) -> bool:
        """Whether every wallet's money is explained, and none is below zero."""
        unnamed = self.unnamed
        for wallet in WALLETS:
            spent = sum(each.left for each in self.purchases.values() if each.source == wallet)
            spent += sum(cents for _, source, cents in unnamed if source == wallet)
            there = self.there.get(wallet, 0)
            now = there + self.held(wallet) - self.owed.get(wallet, 0)
            if there < 0 or self.booked.get(wallet, 0) - spent != now:
                return False
        return True

    # --- the rules of an approval --------------------------------------------------------------

    def obstacle(self, card: str | None, waited_ms: int) -> str | None:
        """What is in the way, whatever money there is."""
        if self.is_frozen:
            return "account_frozen"
        if waited_ms >= DEADLINE_MS:
            return "too_late"
        if card is not None and card != self.card:
            return "card_not_found"
        return "card_blocked" if card is not None and self.is_blocked else None

    def covering(self, mcc: str, cents: int, card: str | None) -> str | None:
        """The source that covers an amount: the wallet of the MCC, CASH, the card's limit."""
        sources = (WALLET_OF.get(mcc, "CASH"), "CASH", *([CREDIT] if card else []))
        return next((each for each in sources if self.there.get(each, 0) >= cents), None)

    def is_over(
        self, source: str, cents: int, now_us: int, grown: NaivePurchase | None = None
    ) -> bool:
        """Whether an enforced limit would be passed by a purchase, or by so much more of one.

        One that grows fits as it will stand: what of it is in no window any more is added.
        """
        count = 0 if grown else 1
        for limit in self.limits.values():
            if limit.is_shadow or not limit.counts(source):
                continue
            used_cents, used_count = self.used(limit, now_us)
            new_cents = used_cents + cents
            if grown is not None and limit.window == "transaction":
                new_cents += grown.amount
            elif grown is not None and grown.made_at_us < limit.since_us(now_us):
                new_cents += grown.counted
            if limit.most_cents is not None and new_cents > limit.most_cents:
                return True
            if limit.most_count is not None and count and used_count + count > limit.most_count:
                return True
        return False

    def used(self, limit: NaiveLimit, now_us: int) -> tuple[int, int]:
        """What is used of a limit: amount and count, over all that was bought."""
        if limit.window == "transaction":
            return 0, 0
        since_us = limit.since_us(now_us)
        counted = [
            cents
            for made_at_us, source, cents in self.spendings()
            if made_at_us >= since_us and limit.counts(source)
        ]
        return sum(counted), len(counted)

    def spendings(self) -> Iterator[tuple[int, str, int]]:
        """Time, source and amount of all that counts for limits."""
        yield from self.unnamed
        for each in self.purchases.values():
            if each.counted and each.source is not None:
                yield each.made_at_us, each.source, each.counted

    # --- what is asked -------------------------------------------------------------------------

    def buy(
        self,
        name: str | None,
        said: Said,
        mcc: str,
        waited_ms: int,
        now_us: int,
    ) -> Answer:
        """A purchase of one message. `said`: amount, MCC, merchant, card; `mcc`: the effective."""
        cents, own_mcc, merchant, card = said
        known = self.purchases.get(name) if name is not None else None
        if known is not None and known.is_announced:
            assert name is not None
            self.purchases[name] = known._replace(
                status="declined", said=("buy", *said), mcc=own_mcc, merchant=merchant, card=card
            )
            return "reversed_before", False
        if known is not None:
            same = known.said == ("buy", *said)
            return (known.word, True) if same else ("duplicate_mismatch", False)
        word, source = self.decided(mcc, cents, card, waited_ms, now_us)
        if source is not None:
            self.there[source] -= cents
        if name is not None:
            terms = (source, card, own_mcc, merchant)
            status, paid = ("closed", cents) if source else ("declined", 0)
            self.purchases[name] = NaivePurchase(
                now_us, status, word, ("buy", *said), *terms, amount=paid, captured=paid
            )
        elif source is not None:
            self.unnamed = (*self.unnamed, (now_us, source, cents))
        return word, False

    def decided(
        self, mcc: str, cents: int, card: str | None, waited_ms: int, now_us: int
    ) -> tuple[str, str | None]:
        """The reason, and the source that pays."""
        obstacle = self.obstacle(card, waited_ms)
        if obstacle is not None:
            return obstacle, None
        source = self.covering(mcc, cents, card)
        if source is None:
            return "insufficient_funds", None
        over = self.is_over(source, cents, now_us)
        return ("limit", None) if over else ("approved", source)

    def credit(
        self, credit_id: str, wallet: str, cents: int, reference: str | None, now_us: int
    ) -> Answer:
        """Money comes into a wallet, once per id, until that is forgotten."""
        said = (wallet, cents, reference)
        at_us, known = self.credits.get(credit_id, (0, ()))
        if at_us and now_us - at_us <= CREDIT_ID_US:
            return ("done",) if known == said else ("conflict",)
        self.credits[credit_id] = (now_us, said)
        self._book(wallet, cents)
        return ("created",)

    def adjust(self, adjustment_id: str, wallet: str, cents: int) -> Answer:
        """A correction, once per id; it takes nothing that is not there."""
        if adjustment_id in self.adjustments:
            same = self.adjustments[adjustment_id] == (wallet, cents)
            return ("done",) if same else ("conflict",)
        if self.there.get(wallet, 0) + cents < 0:
            return ("conflict",)
        self.adjustments[adjustment_id] = (wallet, cents)
        self._book(wallet, cents)
        return ("created",)

    def _book(self, wallet: str, cents: int) -> None:
        self.booked[wallet] = self.booked.get(wallet, 0) + cents
        if cents > 0:
            self.give(wallet, cents)
        else:
            self.there[wallet] += cents
