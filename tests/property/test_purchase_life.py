"""A purchase's whole life against a naive model: random operations, every book compared.

The model is a few dictionaries and the sentences of the contract. After every operation the account
holds the money that the model holds, conserves it, and is what its bytes and its events make.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from authorizer.domain.accounts import at_rest as accounts
from authorizer.domain.accounts import purchase_commands as asked
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.changes import wallet_change
from authorizer.domain.accounts.commands import Authorize, BlockCard, Credit
from authorizer.domain.accounts.events import AccountOpened, CardOpened
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_lookup import find_purchase, purchase_view
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.moments import DAY_US, HOUR_US
from authorizer.domain.outcomes import Refusal
from tests.support.documents import MCC

CONTEXT = cast(
    "Any",
    SimpleNamespace(policy=Policy(id_retention_us=1000 * DAY_US), window_of=lambda *_: (0, 0)),
)
WALLET_OF: Final = {code: wallet for wallet, code in MCC.items()}
LIMIT: Final = "credit_limit"
LONGEST_WAIT_HOURS: Final = 169
"""Longer than a hold, and than a late capture may come."""
BY, A, K = "tester", "a", "k1"
AMOUNTS = st.integers(1, 5000)
IDS = st.sampled_from([f"h{number}" for number in range(6)])
MAYBE = st.none() | AMOUNTS
WALLETS = st.sampled_from(list(MCC))


@dataclass
class Model:
    """A purchase as the contract speaks of it."""

    source: str | None
    status: str = "pending"
    card: str | None = None
    made_at_us: int = 0
    amount: int = 0
    held: int = 0
    captured: int = 0
    back: int = 0
    refunded: int = 0
    freed: int = 0
    freed_at_us: int = 0

    @property
    def left(self) -> int:
        return self.captured - self.back

    @property
    def counted(self) -> int:
        """What limits count of it: refunds give nothing back."""
        return self.held + self.captured - (self.back - self.refunded)


class Life(RuleBasedStateMachine):
    """One account, and six ids for its purchases."""

    @initialize(card=st.booleans())
    def begin(self, card: bool) -> None:
        self.now_us = 10**15
        self.account = Account(A)
        self.events: list[Any] = []
        self.wallet = {"FOOD": 3000, "MEAL": 3000, "CASH": 2000}
        self.money_in = dict(self.wallet)
        self.owed = dict.fromkeys(self.wallet, 0)
        self.take(AccountOpened(self.now_us, BY, A, dict(self.wallet), None))
        self.card = K if card else None
        if card:
            terms = CardTerms(K, "*", "V", "ativo", None, None, 8000, 0)
            self.take(CardOpened(self.now_us, BY, A, "c", terms))
            self.wallet[LIMIT] = 8000
        self.model: dict[str, Model] = {}
        self.frozen = self.blocked = False
        self.number = 0

    def take(self, *events: Any) -> None:
        for event in events:
            self.events.append(event)
            ACCOUNTS.evolve(self.account, event, len(self.events))
            if hasattr(event, "status") and hasattr(event, "purchase_id"):
                assert purchase_view(self.account, event.purchase_id).status.value == event.status

    def ask(self, command: Any) -> Any:
        decision = ACCOUNTS.decide(self.account, command, CONTEXT, self.now_us)
        assert not (isinstance(decision.outcome, Refusal) and decision.events)
        self.take(*decision.events)
        return decision.outcome

    def submit(self, command: Authorize) -> Any:
        """Ask for a purchase of one message."""
        outcome, events = authorize_by_all_rules(self.account, command, CONTEXT, self.now_us, 0)
        self.take(*events)
        return outcome

    def name(self) -> str:
        self.number += 1
        return f"o{self.number}"

    def put(self, source: str | None, cents: int) -> None:
        """Money comes to a source; what it owes is paid first."""
        assert source is not None
        if source in self.owed:
            paid = min(self.owed[source], cents)
            self.owed[source] -= paid
            cents -= paid
        self.wallet[source] += cents

    def covering(self, mcc: str, amount: int, card: str | None) -> str | None:
        """The source that covers an amount by the rules."""
        for source in (WALLET_OF[mcc], "CASH", *([LIMIT] if card else [])):
            if self.wallet[source] >= amount:
                return source
        return None

    def stopped(self, card: str | None) -> bool:
        """Whether nothing is approved, whatever there is."""
        return self.frozen or (card is not None and self.blocked)

    def within_limits(self, source: str, amount: int, count: int) -> bool:
        """Whether velocity limits let so much more pass; here there are none."""
        return True

    @rule(name=IDS, amount=AMOUNTS, wallet=WALLETS, partial=st.booleans(), with_card=st.booleans())
    def authorize(
        self, name: str, amount: int, wallet: str, partial: bool, with_card: bool
    ) -> None:
        card, mcc = self.card if with_card else None, MCC[wallet]
        outcome = self.ask(
            asked.AuthorizeHold(A, name, amount, mcc, "LOJA", card, partial, None, None, 0, BY)
        )
        if name in self.model:
            self.known(name, outcome)
            return
        assert outcome.created
        source, given = self.covering(mcc, amount, card), amount
        if source is None and partial and self.wallet[wallet] > 0:
            source, given = wallet, self.wallet[wallet]
        if source is None or self.stopped(card) or not self.within_limits(source, given, 1):
            self.model[name] = Model(None, "declined", card, self.now_us)
            return
        self.wallet[source] -= given
        self.model[name] = Model(source, "pending", card, self.now_us, amount=given, held=given)

    def known(self, name: str, outcome: Any) -> None:
        """A hold under an id that is known: a repeat, another one, or one reversed before."""
        if self.model[name].status == "announced":
            assert purchase_view(self.account, name).reason.name_on_wire == "reversed_before"
            self.model[name].status = "declined"
        else:
            assert isinstance(outcome, Refusal) or not outcome.created

    @rule(name=IDS, amount=AMOUNTS, wallet=WALLETS)
    def buy(self, name: str, amount: int, wallet: str) -> None:
        command = Authorize(A, name, amount, MCC[wallet], "LOJA", None, 0, BY)
        outcome = self.submit(command)
        if name in self.model:
            if self.model[name].status == "announced":
                assert outcome.reason.name_on_wire == "reversed_before"
                self.model[name].status = "declined"
            return
        source = None if self.stopped(None) else self.covering(MCC[wallet], amount, None)
        if source is not None and not self.within_limits(source, amount, 1):
            source = None
        assert (outcome.reason.answer_code == "00") == (source is not None)
        if source is None:
            self.model[name] = Model(None, "declined", None, self.now_us)
            return
        self.wallet[source] -= amount
        made = Model(source, "closed", None, self.now_us, amount=amount, captured=amount)
        self.model[name] = made

    @rule(name=IDS, amount=AMOUNTS)
    def increment(self, name: str, amount: int) -> None:
        outcome = self.ask(asked.IncrementHold(A, name, self.name(), amount, 0, BY))
        model = self.model.get(name)
        if model is None or model.status != "pending":
            assert isinstance(outcome, Refusal)
            return
        assert model.source is not None
        good = not self.stopped(model.card) and self.wallet[model.source] >= amount
        good = good and self.within_limits(model.source, amount, 0)
        last = purchase_view(self.account, name).operations[-1]
        assert (last.reason.answer_code == "00") == good
        if good:
            self.wallet[model.source] -= amount
            model.held += amount
            model.amount += amount

    @rule(name=IDS, amount=MAYBE, final=st.booleans())
    def capture(self, name: str, amount: int | None, final: bool) -> None:
        command = asked.Capture(A, name, self.name(), amount, final, False, None, None, None, BY)
        outcome = self.ask(command)
        model = self.model.get(name)
        if model is not None and model.status == "pending":
            taken = model.held if amount is None else amount
            if taken > model.held:
                assert isinstance(outcome, Refusal)
                assert outcome.reason == "over_capture"
            else:
                assert not isinstance(outcome, Refusal)
                self.captured(model, taken, final)
            return
        if model is None or not self.may_be_late(model, amount):
            assert isinstance(outcome, Refusal)
            return
        assert not isinstance(outcome, Refusal)
        assert model.source is not None
        taken = model.freed if amount is None else amount
        self.wallet[model.source] -= taken
        model.captured, model.status = taken, "closed"

    def may_be_late(self, model: Model, amount: int | None) -> bool:
        """Whether what was let go can be captured after all: once, soon, and no more than that."""
        taken = model.freed if amount is None else amount
        return (
            model.status in ("reversed", "expired")
            and not model.captured
            and 0 < taken <= model.freed
            and self.now_us <= model.freed_at_us + 7 * DAY_US
            and self.wallet[model.source or ""] >= taken
        )

    def captured(self, model: Model, taken: int, final: bool) -> None:
        model.held -= taken
        model.captured += taken
        if final:
            self.put(model.source, model.held)
            model.held = 0
        if not model.held:
            model.status = "closed"

    @rule(name=IDS, amount=MAYBE, final=st.booleans())
    def force(self, name: str, amount: int | None, final: bool) -> None:
        command = asked.Capture(A, name, self.name(), amount, final, True, None, None, None, BY)
        outcome = self.ask(command)
        model = self.model.get(name)
        taken = amount if amount is not None else (model.held if model else 0)
        if not taken:
            assert isinstance(outcome, Refusal)
            return
        assert not isinstance(outcome, Refusal)
        if model is None or model.source is None:
            model = self.made_by_force(name, model, taken)
        assert model.source is not None
        of_hold = min(taken, model.held)
        self.beyond(model.source, taken - of_hold)
        model.captured += taken - of_hold
        self.captured(model, of_hold, final)

    def made_by_force(self, name: str, model: Model | None, taken: int) -> Model:
        """An unknown purchase is paid by the fallback, a declined one by what its rules choose."""
        if model is None or not purchase_view(self.account, name).terms.mcc:
            made_at_us = self.now_us if model is None else model.made_at_us
            made = self.model[name] = Model("CASH", "closed", None, made_at_us, amount=taken)
            return made
        terms = purchase_view(self.account, name).terms
        source = self.covering(terms.mcc, taken, terms.card_id)
        model.source = source or WALLET_OF[terms.mcc]
        model.amount += taken
        return model

    def beyond(self, source: str, cents: int) -> None:
        """Money that was not held is taken from what is there, and then on debt."""
        if source == LIMIT:
            self.wallet[source] -= cents
            return
        paid = min(self.wallet[source], cents)
        self.wallet[source] -= paid
        self.owed[source] += cents - paid

    @rule(name=IDS, amount=MAYBE, announce=st.booleans())
    def reverse(self, name: str, amount: int | None, announce: bool) -> None:
        if_unknown = "decline" if announce else None
        outcome = self.ask(asked.Reverse(A, name, self.name(), amount, if_unknown, BY))
        model = self.model.get(name)
        if model is None:
            assert isinstance(outcome, Refusal) != announce
            if announce:
                self.model[name] = Model(None, "announced", None, self.now_us)
            return
        there = {"pending": model.held, "closed": model.left}.get(model.status, 0)
        taken = there if amount is None else amount
        if not there or taken > there:
            assert isinstance(outcome, Refusal)
            return
        assert not isinstance(outcome, Refusal)
        self.put(model.source, taken)
        if model.status == "closed":
            model.back += taken
            model.status = "closed" if model.left else "reversed"
            return
        model.held -= taken
        if not model.held:
            model.status = "closed" if model.captured else "reversed"
            model.freed, model.freed_at_us = (0 if model.captured else taken), self.now_us

    @rule(name=IDS, amount=MAYBE)
    def refund(self, name: str, amount: int | None) -> None:
        outcome = self.ask(asked.Refund(A, name, self.name(), amount, BY))
        model = self.model.get(name)
        taken = (model.left if model else 0) if amount is None else amount
        if model is None or not model.left or taken > model.left:
            assert isinstance(outcome, Refusal)
            return
        assert not isinstance(outcome, Refusal)
        self.put(model.source, taken)
        model.back += taken
        model.refunded += taken

    @rule(wallet=WALLETS, amount=AMOUNTS)
    def credit(self, wallet: str, amount: int) -> None:
        outcome = self.ask(Credit(A, self.name(), wallet, amount, BY))
        assert outcome.created
        self.money_in[wallet] += amount
        self.put(wallet, amount)

    @precondition(lambda self: self.card and len(self.model) > 3)
    @rule()
    def block(self) -> None:
        self.ask(BlockCard(A, K, BlockReason.OTHER, "App", BY))
        self.blocked = True

    @rule(wallet=WALLETS, amount=st.integers(-9000, 9000).filter(bool))
    def adjust(self, wallet: str, amount: int) -> None:
        outcome = self.ask(asked.Adjust(A, self.name(), wallet, amount, "count", BY))
        if self.wallet[wallet] + amount < 0:
            assert isinstance(outcome, Refusal)
            return
        self.money_in[wallet] += amount
        if amount > 0:
            self.put(wallet, amount)
        else:
            self.wallet[wallet] += amount

    @rule(frozen=st.booleans())
    def freeze(self, frozen: bool) -> None:
        status = AccountStatus.FROZEN if frozen else AccountStatus.ACTIVE
        self.ask(asked.SetAccountStatus(A, status, "count", BY))
        self.frozen = frozen

    @rule(hours=st.sampled_from((1, 100, LONGEST_WAIT_HOURS)))
    def wait(self, hours: int) -> None:
        self.pass_us(hours * HOUR_US)
        self.expire()
        self.expired()

    def pass_us(self, micros: int) -> None:
        self.now_us += micros

    def expire(self) -> None:
        """Let the holds go whose time has come."""
        assert ACCOUNTS.overdue is not None
        self.take(*ACCOUNTS.overdue(self.account, CONTEXT, self.now_us))

    def expired(self) -> None:
        """The model's holds go, where the account's have gone at their time."""
        for name, model in self.model.items():
            if model.status != "pending":
                continue
            expires_at_us = purchase_view(self.account, name).expires_at_us
            if expires_at_us is not None:
                assert expires_at_us > self.now_us
                continue
            self.put(model.source, model.held)
            model.freed, model.freed_at_us, model.held = model.held, self.now_us, 0
            model.status = "closed" if model.captured else "expired"

    @invariant()
    def the_books_agree(self) -> None:
        account = self.account
        for wallet in MCC:
            of_wallet = [model for model in self.model.values() if model.source == wallet]
            held = sum(model.held for model in of_wallet)
            assert account.wallets_cents[wallet] == self.wallet[wallet] >= 0
            assert account.held_cents.get(wallet, 0) == held
            assert account.owed_cents.get(wallet, 0) == self.owed[wallet]
            spent = sum(model.left for model in of_wallet)
            there = self.wallet[wallet] + held - self.owed[wallet]
            assert self.money_in[wallet] - spent == there
        if self.card:
            assert account.cards[K].available_cents == self.wallet[LIMIT]

    @invariant()
    def every_purchase_is_the_models(self) -> None:
        for name, model in self.model.items():
            view = purchase_view(self.account, name)
            status = "reversed" if model.status == "announced" else model.status
            assert view.status.value == status
            assert (view.held_cents, view.captured_cents) == (model.held, model.captured)
            assert view.amount_cents == model.amount
            purchase = find_purchase(self.account, name)
            assert purchase is not None
            assert purchase.left_cents == model.left

    @invariant()
    def the_events_alone_tell_the_balances(self) -> None:
        account = self.account
        totals = {wallet: [cents, 0, 0] for wallet, cents in account.opening_cents.items()}
        for change in filter(None, map(wallet_change, self.events)):
            for at, cents in enumerate(change[1:]):
                totals[change.wallet][at] += cents
        for wallet, (available, held, owed) in totals.items():
            assert account.wallets_cents[wallet] == available
            assert account.held_cents.get(wallet, 0) == held
            assert account.owed_cents.get(wallet, 0) == owed

    @invariant()
    def it_comes_back_from_its_bytes(self) -> None:
        written = json.dumps(accounts.pack(self.account))
        again = accounts.unpack(json.loads(written))
        assert json.dumps(accounts.pack(again)) == written
        assert again.next_expiry_us == self.account.next_expiry_us


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestLife = Life.TestCase
