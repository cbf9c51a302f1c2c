"""Velocity limits against a list of purchases that is counted anew each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from authorizer.domain.accounts import at_rest as accounts
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import AccountOpened
from authorizer.domain.accounts.limits import (
    Counted,
    LimitMode,
    LimitScope,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    IncrementHold,
    PutLimit,
    Refund,
    RemoveLimit,
    Reverse,
)
from authorizer.domain.accounts.purchase_lookup import find_purchase, purchase_view
from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import DAY_US, HOUR_US, NEVER_US
from authorizer.domain.outcomes import Refusal
from tests.support.documents import MCC
from tests.support.purchases import decided_either_way

TRAILING: Final = {"PT5H": 5 * HOUR_US, "P2D": 2 * DAY_US}
WINDOWS: Final = ("transaction", "day", "week", "lifetime", *TRAILING)
A, BY = "a", "tester"
NAMES = st.sampled_from("xyz")
CEILINGS = st.none() | st.integers(0, 300)
COUNTS = st.none() | st.integers(0, 5)
PARTS = st.none() | st.integers(1, 60)


def window_of(window: str, at_us: int) -> tuple[int, int]:
    """Days and weeks of a calendar that knows nothing else."""
    if window == "lifetime":
        return 0, NEVER_US
    length_us = {"day": DAY_US, "week": 7 * DAY_US}[window]
    start_us = at_us // length_us * length_us
    return start_us, start_us + length_us


CONTEXT = cast(
    "Any", SimpleNamespace(policy=Policy(id_retention_us=1000 * DAY_US), window_of=window_of)
)


@dataclass
class Made:
    """A purchase that was approved."""

    key: str
    at_us: int
    spending: Spending
    position: int
    unnamed_cents: int = 0
    """Its amount, where it has no id and so never changes."""


class Velocity(RuleBasedStateMachine):
    """Spends, changes its mind about it, and puts limits on it; time goes by."""

    @initialize()
    def begin(self) -> None:
        self.now_us = 10**6 * DAY_US // 50
        self.account = Account(A)
        self.take(AccountOpened(self.now_us, BY, A, dict.fromkeys(MCC, 10**9), None))
        self.made: list[Made] = []
        self.since: int | None = None
        """The position of a look-up that is under way."""
        self.seen: tuple[Counted, ...] | None = None
        """What it has found, at any time since."""
        self.limits: dict[str, LimitTerms] = {}
        self.number = 0

    def take(self, *events: Any) -> None:
        for event in events:
            ACCOUNTS.evolve(self.account, event, self.account.position + 1)

    def ask(self, command: Any) -> Any:
        decision = ACCOUNTS.decide(self.account, command, CONTEXT, self.now_us)
        self.take(*decision.events)
        return decision.outcome

    def name(self) -> str:
        self.number += 1
        return f"p{self.number}"

    def present_cents(self, made: Made) -> int:
        """What limits are to count of a purchase: what is held, and captured and not reversed."""
        purchase = find_purchase(self.account, made.key)
        if purchase is None:
            return made.unnamed_cents
        reversed_cents = purchase.given_back_cents - purchase.refunded_cents
        return purchase.held_cents + purchase.captured_cents - reversed_cents

    def is_in_window(self, terms: LimitTerms, made: Made) -> bool:
        """Whether a purchase was made in a limit's window of now."""
        if terms.trailing_us is not None:
            return self.now_us - terms.trailing_us < made.at_us <= self.now_us
        since_us, until_us = window_of(terms.window, self.now_us)
        return since_us <= made.at_us < until_us

    def used(self, terms: LimitTerms) -> tuple[int, int]:
        """The amount and the count that are used, counted anew."""
        if terms.window == "transaction":
            return 0, 0
        amounts = [
            self.present_cents(made)
            for made in self.made
            if self.is_in_window(terms, made) and fits(terms.scope, made.spending)
        ]
        return sum(amounts), sum(cents > 0 for cents in amounts)

    def expected(
        self, spending: Spending, amount_cents: int, count: int, adds_to: Made | None = None
    ) -> str:
        """The reason that a purchase should get, or more of one that is held."""
        for terms in self.limits.values():
            if terms.mode is LimitMode.SHADOW or not fits(terms.scope, spending):
                continue
            cents, used = self.used(terms)
            if adds_to is not None and terms.window == "transaction":
                held = find_purchase(self.account, adds_to.key)
                assert held is not None
                cents = held.amount_cents
            elif adds_to is not None and not self.is_in_window(terms, adds_to):
                cents += self.present_cents(adds_to)
            most = terms.max_amount_cents
            if most is not None and cents + amount_cents > most:
                return "amount_limit"
            if terms.max_count is not None and count and used + count > terms.max_count:
                return "count_limit"
        return "approved"

    @rule(
        name=NAMES,
        window=st.sampled_from(WINDOWS),
        amount=CEILINGS,
        count=COUNTS,
        scope=st.sampled_from(
            (
                LimitScope(),
                LimitScope(wallets=("MEAL",)),
                LimitScope(wallets=("FOOD", "CASH")),
                LimitScope(mccs=("5411",)),
            )
        ),
        mode=st.sampled_from(LimitMode),
    )
    def put(
        self,
        name: str,
        window: str,
        amount: int | None,
        count: int | None,
        scope: LimitScope,
        mode: LimitMode,
    ) -> None:
        terms = LimitTerms(window, TRAILING.get(window), amount, count, scope, mode)
        self.ask(PutLimit(A, name, False, terms, self.history(), None, self.now_us, BY))
        self.limits[name] = terms

    def history(self) -> tuple[Counted, ...]:
        """The past as the read models tell it."""
        return tuple(
            Counted(
                f"\0{made.position}" if made.unnamed_cents else made.key,
                *(made.at_us, self.present_cents(made), made.spending, made.position),
            )
            for made in self.made
            if self.present_cents(made)
        )

    @rule()
    def look_back(self) -> None:
        """A look-up begins, perhaps behind one that is given up."""
        if self.since is not None:
            self.account.end_spending_log(self.since)
        self.since, self.seen = self.account.begin_spending_log(), None

    @precondition(lambda self: self.since is not None)
    @rule()
    def see(self) -> None:
        self.seen = self.history()

    @precondition(lambda self: self.seen is not None)
    @rule(name=NAMES, window=st.sampled_from(WINDOWS), amount=CEILINGS, count=COUNTS)
    def put_what_was_seen(
        self, name: str, window: str, amount: int | None, count: int | None
    ) -> None:
        """A limit is put while the account has moved on since it was looked up."""
        assert self.since is not None
        assert self.seen is not None
        terms = LimitTerms(
            window, TRAILING.get(window), amount, count, LimitScope(), LimitMode.ENFORCE
        )
        put = PutLimit(A, name, False, terms, self.seen, self.since, self.now_us, BY)
        outcome = self.ask(put)
        assert not isinstance(outcome, Refusal), outcome
        self.limits[name] = terms
        self.account.end_spending_log(self.since)
        self.since = self.seen = None

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        outcome = self.ask(RemoveLimit(A, name, BY))
        assert isinstance(outcome, Refusal) == (name not in self.limits)
        self.limits.pop(name, None)

    @rule(wallet=st.sampled_from(list(MCC)), amount=st.integers(1, 120))
    def hold(self, wallet: str, amount: int) -> None:
        spending = Spending(wallet, MCC[wallet], "LOJA", None)
        expected, key = self.expected(spending, amount, 1), self.name()
        mcc = MCC[wallet]
        self.ask(AuthorizeHold(A, key, amount, mcc, "LOJA", None, False, None, None, 0, BY))
        assert purchase_view(self.account, key).reason.name_on_wire == expected
        if expected == "approved":
            self.made.append(Made(key, self.now_us, spending, self.account.position))

    @rule(wallet=st.sampled_from(list(MCC)), amount=st.integers(1, 120), named=st.booleans())
    def buy(self, wallet: str, amount: int, named: bool) -> None:
        spending = Spending(wallet, MCC[wallet], "LOJA", None)
        expected, key = self.expected(spending, amount, 1), self.name()
        command = Authorize(A, key if named else None, amount, MCC[wallet], "LOJA", None, 0, BY)
        outcome, events = decided_either_way(self.account, command, CONTEXT, self.now_us)
        self.take(*events)
        assert outcome.reason.name_on_wire == expected
        if expected == "approved":
            unnamed_cents = 0 if named else amount
            self.made.append(Made(key, self.now_us, spending, self.account.position, unnamed_cents))

    def some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([made.key for made in self.made]))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), amount=PARTS)
    def reverse(self, data: st.DataObject, amount: int | None) -> None:
        self.ask(Reverse(A, self.some(data), self.name(), amount, None, BY))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), amount=PARTS, final=st.booleans(), force=st.booleans())
    def capture(self, data: st.DataObject, amount: int | None, final: bool, force: bool) -> None:
        key = self.some(data)
        if find_purchase(self.account, key) is not None:
            self.ask(Capture(A, key, self.name(), amount, final, force, None, None, None, BY))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), amount=st.integers(1, 60))
    def refund(self, data: st.DataObject, amount: int) -> None:
        self.ask(Refund(A, self.some(data), self.name(), amount, BY))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), amount=st.integers(1, 60))
    def increment(self, data: st.DataObject, amount: int) -> None:
        key = self.some(data)
        purchase = find_purchase(self.account, key)
        if purchase is None or purchase.status is not PurchaseStatus.PENDING:
            return
        held = next(made for made in self.made if made.key == key)
        expected = self.expected(held.spending, amount, 0, held)
        self.ask(IncrementHold(A, key, self.name(), amount, 0, BY))
        assert purchase_view(self.account, key).operations[-1].reason.name_on_wire == expected

    @rule(hours=st.sampled_from((1, 4, 5, 20, 24, 48, 170)))
    def wait(self, hours: int) -> None:
        self.now_us += hours * HOUR_US
        assert ACCOUNTS.overdue is not None
        self.take(*ACCOUNTS.overdue(self.account, CONTEXT, self.now_us))

    @invariant()
    def the_counters_are_those_of_the_list(self) -> None:
        for name, terms in self.limits.items():
            assert self.account.limits[name].used(self.now_us) == self.used(terms), name

    @invariant()
    def it_comes_back_from_its_bytes(self) -> None:
        written = json.dumps(accounts.pack(self.account))
        assert json.dumps(accounts.pack(accounts.unpack(json.loads(written)))) == written


def fits(scope: LimitScope, spending: Spending) -> bool:
    """Whether a purchase is in a scope of wallets or codes."""
    wallet_fits = not scope.wallets or spending.source in scope.wallets
    return wallet_fits and (not scope.mccs or spending.mcc in scope.mccs)


Velocity.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestVelocity = Velocity.TestCase
