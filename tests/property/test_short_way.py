"""The short way of a purchase and all rules: they decide and count alike, over random histories.

One account goes the short way where that takes a purchase, its twin along all rules always, and
counts each purchase as any change is counted. A third comes back from the bytes of the first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import pack, unpack
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.controls import NO_CONTROLS, CardControls
from authorizer.domain.accounts.events import AccountOpened, CardOpened, PurchaseApproved
from authorizer.domain.accounts.limits import (
    Change,
    LimitMode,
    LimitScope,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    PutCardControls,
    PutLimit,
    RemoveLimit,
    Reverse,
    SetAccountStatus,
)
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.short_way import authorize_shortly
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.accounts.velocity import count_change
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.limits.commands import PutGlobalLimit, RemoveGlobalLimit
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.moments import DAY_US, HOUR_US
from authorizer.persistence.state.record import decode, encode
from tests.support.builders import ACCOUNT, BY, context, merchants, terms
from tests.support.purchases import decided_either_way

DEADLINE_NS: Final = 80
TRAILING: Final = {"PT5H": 5 * HOUR_US, "P2D": 2 * DAY_US}
SHOPS: Final = ("LOJA X", "METRO SP", "UBER EATS")
NAMES = st.sampled_from("xyz")
LIMITS_PUT = st.builds(
    lambda window, amount, count, scope, mode: LimitTerms(
        window, TRAILING.get(window), amount, count, scope, mode
    ),
    st.sampled_from(("transaction", "day", "month", "lifetime", *TRAILING)),
    st.none() | st.integers(0, 300),
    st.none() | st.integers(0, 9),
    st.sampled_from(
        (
            LimitScope(),
            LimitScope(wallets=("MEAL", CREDIT_LIMIT)),
            LimitScope(mccs=("5812", "5411")),
            LimitScope(merchants=("LOJA*",)),
            LimitScope(wallets=("CASH",), cards=("k",)),
        )
    ),
    st.sampled_from((LimitMode.ENFORCE, LimitMode.ENFORCE, LimitMode.SHADOW)),
)
IDS = st.none() | st.sampled_from([f"p{number}" for number in range(40)])
KINDS: Final = ("k", "plain")
CARDS = st.sampled_from((None, None, None, *KINDS, "missing"))
PURCHASES = st.builds(
    Authorize,
    st.just(ACCOUNT),
    IDS,
    st.integers(1, 60),
    st.sampled_from(("5811", "5812", "5411", "9")),
    st.sampled_from(SHOPS),
    CARDS,
    st.just(0),
    st.just(BY),
    st.sampled_from((None, None, "01", "02")),
)
WAITED = st.sampled_from((*[0] * 9, DEADLINE_NS))


class Twins(RuleBasedStateMachine):
    """Two accounts to which the same happens, each decided in its own way."""

    @initialize(
        meal=st.integers(0, 4000),
        cash=st.integers(0, 4000),
        limits=st.dictionaries(NAMES, LIMITS_PUT, min_size=1),
    )
    def open(self, meal: int, cash: int, limits: dict[str, LimitTerms]) -> None:
        self.now_us = 10**6 * DAY_US // 50
        self.of_all = GlobalLimits()
        self.context = context(
            Policy(
                merchants=merchants(("UBER EATS", "5812")),
                global_limits=self.of_all,
                deadline_ns=DEADLINE_NS,
                wallet_by_product={"01": "MEAL"},
            )
        )
        self.short, self.twin = Account(ACCOUNT), Account(ACCOUNT)
        self.position = 0
        opened = AccountOpened(self.now_us, BY, ACCOUNT, {"MEAL": meal, "CASH": cash}, None)
        cards = [CardOpened(self.now_us, BY, ACCOUNT, "c", terms(name, 200)) for name in KINDS]
        self.take([opened, *cards])
        for name, put in limits.items():
            self.put(name, put)

    def take(self, events: Sequence[Any]) -> None:
        """Let events take place on both; they are what comes back from the journal's bytes."""
        for event in events:
            self.position += 1
            ACCOUNTS.evolve(self.short, event, self.position)
            self._evolve_twin(decode(encode(event)))

    def _evolve_twin(self, event: Any) -> None:
        if not isinstance(event, PurchaseApproved):
            ACCOUNTS.evolve(self.twin, event, self.position)
            return
        counts, before = self.twin.counts, self.twin.position
        self.twin.counts = False
        ACCOUNTS.evolve(self.twin, event, self.position)
        self.twin.counts = counts
        mcc = event.override_mcc or event.mcc
        spending = Spending(event.wallet or CREDIT_LIMIT, mcc, event.merchant, event.card_id)
        key = event.transaction_id or f"\0{before}"
        change = Change(key, event.at_us, event.amount_cents, 1)
        count_change(self.twin, spending, change, event.at_us)

    def ask(self, command: Any) -> None:
        """A command that both decide along the same rules."""
        self.end_overdue()
        decision = ACCOUNTS.decide(self.short, command, self.context, self.now_us)
        self.take(decision.events)

    def end_overdue(self) -> None:
        assert ACCOUNTS.overdue is not None
        self.take(ACCOUNTS.overdue(self.short, self.context, self.now_us))

    @rule(asked=st.lists(PURCHASES, min_size=1, max_size=8), waited_ns=WAITED)
    def buy(self, asked: list[Authorize], waited_ns: int) -> None:
        for command in asked:
            self.buy_one(command, waited_ns)

    @rule(asked=st.lists(PURCHASES, min_size=5, max_size=12))
    def buy_much(self, asked: list[Authorize]) -> None:
        self.buy(asked, 0)

    def buy_one(self, command: Authorize, waited_ns: int) -> None:
        asked = (command, self.context, self.now_us, waited_ns)
        if self.now_us >= self.twin.next_expiry_us:
            assert authorize_shortly(self.short, *asked) is None
            self.end_overdue()
        decided = decided_either_way(self.short, *asked)
        assert decided == authorize_by_all_rules(self.twin, *asked)
        self.take(decided[1])

    @rule(name=NAMES, put=LIMITS_PUT)
    def put(self, name: str, put: LimitTerms) -> None:
        self.ask(PutLimit(ACCOUNT, name, False, put, (), None, self.now_us, BY))

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        self.ask(RemoveLimit(ACCOUNT, name, BY))

    @rule(name=NAMES, put=LIMITS_PUT)
    def put_for_all(self, name: str, put: LimitTerms) -> None:
        self.change_of_all(PutGlobalLimit(name, put, BY))

    @rule(name=NAMES)
    def remove_for_all(self, name: str) -> None:
        self.change_of_all(RemoveGlobalLimit(name, BY))

    def change_of_all(self, command: Any) -> None:
        decision = LIMITS.decide(self.of_all, command, self.context, self.now_us)
        for event in decision.events:
            LIMITS.evolve(self.of_all, event, self.of_all.position + 1)

    @rule(name=NAMES)
    def begin_to_count(self, name: str) -> None:
        put = self.of_all.terms.get(name)
        if put is not None:
            self.ask(PutLimit(ACCOUNT, name, True, put, (), None, self.now_us, BY))

    @rule(id_=st.sampled_from("ghi"), amount=st.integers(1, 120), hours=st.none() | st.just(3))
    def hold(self, id_: str, amount: int, hours: int | None) -> None:
        self.ask(
            AuthorizeHold(ACCOUNT, id_, amount, "5811", "LOJA X", None, False, hours, None, 0, BY)
        )

    @rule(
        id_=st.sampled_from(("p1", "p2", "p3", "p4", "p5", *"ghi")),
        amount=st.none() | st.integers(1, 60),
    )
    def reverse(self, id_: str, amount: int | None) -> None:
        self.ask(Reverse(ACCOUNT, id_, self.name(), amount, None, BY))

    @rule(id_=st.sampled_from("ghi"), amount=st.none() | st.integers(1, 60))
    def capture(self, id_: str, amount: int | None) -> None:
        self.ask(Capture(ACCOUNT, id_, self.name(), amount, True, False, None, None, None, BY))

    def name(self) -> str:
        return f"o{self.position}"

    @rule(controls=st.sampled_from((NO_CONTROLS, CardControls(max_amount_cents=50))))
    def control(self, controls: CardControls) -> None:
        self.ask(PutCardControls(ACCOUNT, "k", controls, BY))

    @rule(asked=PURCHASES)
    def freeze(self, asked: Authorize) -> None:
        self.ask(SetAccountStatus(ACCOUNT, AccountStatus.FROZEN, "a reason", BY))
        self.buy_one(asked, 0)
        self.ask(SetAccountStatus(ACCOUNT, AccountStatus.ACTIVE, "a reason", BY))

    @rule(hours=st.sampled_from((1, 2, 4, 24, 48, 800)))
    def wait(self, hours: int) -> None:
        self.now_us += hours * HOUR_US

    @rule()
    def sleep(self) -> None:
        """Be packed, and made anew of the bytes."""
        self.short = come_back(self.short)

    @invariant()
    def both_are_alike(self) -> None:
        assert written(self.short) == written(self.twin) == written(come_back(self.short))


def written(account: Account) -> str:
    """All of an account at rest."""
    return json.dumps(pack(account))


def come_back(account: Account) -> Account:
    """The account that its bytes make."""
    return unpack(json.loads(written(account)))


Twins.TestCase.settings = settings(max_examples=200, stateful_step_count=30)
TestTwins = Twins.TestCase
