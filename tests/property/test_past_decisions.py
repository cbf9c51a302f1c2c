"""What is explained of the past is what a dry run said just before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.cli.past_decision import PastDecision, Retelling
from authorizer.domain.accounts import expiry
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.assessment_values import Assessment
from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.events import AccountOpened, CardOpened
from authorizer.domain.accounts.explanation import explain
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.policy_values import policy_values
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    Explain,
    IncrementHold,
    PutLimit,
    Reverse,
)
from authorizer.domain.accounts.purchase_events import AccountStatusChanged, CardControlsPut
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.limits.events import GlobalLimitPut
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.moments import HOUR_US
from authorizer.domain.outcomes import Answered
from authorizer.domain.settings.events import PolicyChanged
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.state import State
from tests.support.any_event import unhurried
from tests.support.builders import BY, NOW_US, context

A: Final = "conta \u00f1"
SHOPS: Final = ("LOJA", "UBER EATS")
MCCS: Final = ("5411", "5812", "5999")
POLICIES: Final = (
    Policy(),
    Policy(categories=CategoryTable({"5411": "MEAL"}, "FOOD"), deadline_ns=1),
    Policy(fallback_of={"FOOD": None}, wallet_by_product={"01": "MEAL", "02": None}),
)
"""Merchants and limits stay when the settings change."""

amounts = st.integers(1, 60_00)
shops, mccs = st.sampled_from(SHOPS), st.sampled_from(MCCS)
cards = st.sampled_from([None, None, "k", "unknown"])
ids = st.sampled_from([f"p{number}" for number in range(6)])
windows = st.sampled_from([("transaction", None), ("day", None), ("PT2H", 2 * HOUR_US)])
modes = st.sampled_from(LimitMode)
ceilings = st.none() | st.integers(0, 60_00)
counts = st.none() | st.integers(0, 3)
scopes = st.sampled_from([LimitScope(), LimitScope(mccs=("5812",)), LimitScope(wallets=("CASH",))])
limit_terms = st.builds(
    lambda window, most, count, scope, mode: LimitTerms(
        window[0], window[1], most, count, scope, mode
    ),
    windows, ceilings, counts, scopes, modes,
)  # fmt: skip
products = st.sampled_from([None, None, "01", "02"])
steps = st.one_of(
    st.tuples(st.just("buy"), ids, amounts, mccs, shops, cards, products),
    st.tuples(st.just("hold"), ids, amounts, mccs, shops, cards, st.booleans(), products),
    st.tuples(st.just("hold"), ids, amounts, mccs, shops, cards, st.booleans(), products),
    st.tuples(st.just("increment"), ids, amounts),
    st.tuples(st.just("capture"), ids),
    st.tuples(st.just("reverse"), ids, st.booleans()),
    st.tuples(st.just("limit"), st.sampled_from("xy"), limit_terms),
    st.tuples(st.just("limit for all"), st.sampled_from("xy"), limit_terms),
    st.tuples(st.just("control"), st.integers(0, 60_00)),
    st.tuples(st.just("status"), st.sampled_from(["active", "active", "frozen"])),
    st.tuples(st.just("merchant"), st.sampled_from(["UBER*", "LOJA"]), mccs),
    st.tuples(st.just("no merchant"), st.sampled_from(["UBER*", "LOJA"])),
    st.tuples(st.just("settings"), st.sampled_from(range(len(POLICIES)))),
    st.tuples(st.just("time"), st.integers(1, 40 * HOUR_US)),
)


class World:
    """An account with a card, the merchants, the limits and the settings, and what happened."""

    def __init__(self) -> None:
        self.now_us = NOW_US
        self.state = State()
        self.account = Account(A)
        self.policy = self.with_tables(POLICIES[0])
        self.events: list[Any] = []
        self.number = 0
        self.last: tuple[str, str | None, Assessment | None] | None = None
        """The newest decision: the purchase, the increment, and what a dry run said before."""
        opening = {"FOOD": 80_00, "MEAL": 80_00, "CASH": 50_00}
        self.take(AccountOpened(self.now_us, BY, A, opening, None))
        card = CardTerms("k", "**** 1", "Visa", "ativo", None, None, 100_00, 0)
        self.take(CardOpened(self.now_us, BY, A, "c", card))
        self.settings(0)

    def with_tables(self, policy: Policy) -> Policy:
        merchants, limits = self.state.single(MERCHANTS), self.state.single(LIMITS)
        return replace(policy, merchants=merchants, global_limits=limits)

    def take(self, *events: Any) -> None:
        for event in events:
            self.events.append(event)
            aggregate: Any = AGGREGATE_OF_EVENT[type(event)]
            its = self.account if aggregate is ACCOUNTS else self.state.single(aggregate)
            aggregate.evolve(its, event, len(self.events))

    @property
    def around(self) -> Any:
        return context(self.policy)

    def step(self, what: str, *given: Any) -> None:
        self.now_us += 1
        self.number += 1
        self.take(*expiry.holds_overdue(self.account, context(), self.now_us))
        getattr(self, what.replace(" ", "_"))(*given)

    def decide(self, command: Any) -> list[Any]:
        decision = ACCOUNTS.decide(self.account, command, self.around, self.now_us)
        self.take(*decision.events)
        return list(decision.events)

    def dry(self, *members: Any) -> Assessment:
        outcome = explain(self.account, Explain(A, *members), self.around, self.now_us).outcome
        assert isinstance(outcome, Answered)
        found: Assessment = outcome.value
        return found

    def buy(self, name: str, *members: Any) -> None:
        if name in self.account.purchases or self.account.purchase_keys.get(name, 0):
            return
        cents, mcc, shop, card, product = members
        said = self.dry(name, cents, mcc, shop, card, False, product)
        command = Authorize(A, name, cents, mcc, shop, card, 0, BY, product)
        _, events = authorize_by_all_rules(self.account, command, self.around, self.now_us, 0)
        self.take(*events)
        self.last = (name, None, said)

    def hold(self, name: str, *members: Any) -> None:
        if name in self.account.purchases or self.account.purchase_keys.get(name, 0):
            return
        cents, mcc, shop, card, partial, product = members
        said = self.dry(name, *members)
        self.decide(AuthorizeHold(A, name, cents, mcc, shop, card, partial, None, product, 0, BY))
        self.last = (name, None, said)

    def increment(self, name: str, cents: int) -> None:
        if self.decide(IncrementHold(A, name, f"i{self.number}", cents, 0, BY)):
            self.last = (name, f"i{self.number}", None)

    def capture(self, name: str) -> None:
        self.decide(Capture(A, name, f"c{self.number}", 1, False, False, None, None, None, BY))

    def reverse(self, name: str, before: bool) -> None:
        unknown = "decline" if before else None
        self.decide(Reverse(A, name, f"r{self.number}", None, unknown, BY))

    def limit(self, name: str, terms: LimitTerms, is_global: bool = False) -> None:
        self.decide(PutLimit(A, name, is_global, terms, (), None, self.now_us, BY))

    def limit_for_all(self, name: str, terms: LimitTerms) -> None:
        self.take(GlobalLimitPut(self.now_us, BY, name, *terms[:5], terms.mode.value))
        if self.number % 3:  # the account has not begun to count for the others
            self.limit(name, terms, is_global=True)

    def control(self, cents: int) -> None:
        self.take(CardControlsPut(self.now_us, BY, A, "k", CardControls(max_amount_cents=cents)))

    def status(self, word: str) -> None:
        self.take(AccountStatusChanged(self.now_us, BY, A, word, "said so"))

    def merchant(self, name: str, mcc: str) -> None:
        self.take(MerchantRegistered(self.now_us, BY, name, mcc))

    def no_merchant(self, name: str) -> None:
        if self.state.single(MERCHANTS).get(name) is not None:
            self.take(MerchantRemoved(self.now_us, BY, name))

    def settings(self, number: int) -> None:
        self.policy = self.with_tables(POLICIES[number])
        self.take(PolicyChanged(self.now_us, "start", policy_values(self.policy), "UTC"))

    def time(self, micros: int) -> None:
        self.now_us += micros


def told(world: World, purchase_id: str, operation_id: str | None) -> PastDecision:
    """What the events tell of a decision, others and what came later among them."""
    today = Policy(CategoryTable({}, "nowhere"))
    retelling = Retelling(A, purchase_id, operation_id, lambda _: today)
    for position, event in enumerate(world.events, 1):
        if retelling.wants(encode(event)):
            retelling.take(event, position)
    assert retelling.found is not None
    return retelling.found


@given(st.lists(steps, min_size=5, max_size=40))
@settings(unhurried, max_examples=150)
def test_the_past_is_explained_as_a_dry_run_did_it_just_before(history: list[Any]) -> None:
    world = World()
    decisions: list[tuple[int, tuple[str, str | None, Assessment | None]]] = []
    for what, *given_ in history:
        world.last = None
        world.step(what, *given_)
        if world.last is not None:
            decisions.append((len(world.events), world.last))
    for _, (purchase_id, operation_id, said) in decisions:
        found = told(world, purchase_id, operation_id)
        assert not found.differs, (found, world.events)
        assert found.settings_position > 0
        if said is not None and said.steps[0].rule != "id":
            assert found.assessment == said
