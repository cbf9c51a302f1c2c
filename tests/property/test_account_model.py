"""An account against a naive model of it, over random commands in random order.

The model is plain dictionaries and the sentences of the contract. At every step the account must
answer as the model does, hold the money that the model holds, and be equal to what replaying its
events from the first one makes, and to what comes back from its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.card_changes import change_limit, replace_card
from authorizer.domain.accounts.card_rules import block_card, open_cards, query_limit, unblock_card
from authorizer.domain.accounts.cards import BlockReason, CardStatus
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    OpenAccount,
    OpenCards,
    QueryLimit,
    ReplaceCard,
    UnblockCard,
)
from authorizer.domain.accounts.funds import credit, open_account
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Decision, Done, Refusal, RefusalKind
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.record import decode, encode
from tests.support.builders import ACCOUNT, BY, CUSTOMER, context, deep, merchants, terms

RETENTION_US = 50
DEADLINE_NS = 80
PAGE = 2
WALLET_OF = {"5411": "FOOD", "5811": "MEAL", "5999": "CASH"}
OVERRIDES = {"UBER EATS": "5811", "MERCADO 1": "5411", "LOJA": None}

IDS = st.none() | st.sampled_from("abcd")
CARDS = st.sampled_from(("k1", "k2"))
ANY_CARDS = st.sampled_from(("k1", "k2", "k1", "k2", "n1", "n2"))
"""Those that documents bring, and those that come in their place."""
FINAL = ("roubo", "perda")
AMOUNTS = st.integers(1, 60)


@dataclass
class ModelCard:
    """A card as the contract speaks of it."""

    limit_cents: int
    used_cents: int
    motive: str | None = None
    in_its_place: str | None = None


@dataclass
class Model:
    """What the account should be."""

    wallets: dict[str, int]
    cards: dict[str, ModelCard] = field(default_factory=dict)
    answers: dict[str, tuple[tuple[Any, ...], str, int]] = field(default_factory=dict)
    credits: dict[str, tuple[tuple[Any, ...], int]] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)

    def answer(self, command: Authorize, waited_ns: int, now_us: int) -> tuple[str, bool]:
        """The word for a purchase and whether it is a repeat; moves what the purchase moves."""
        said = (command.amount_cents, command.mcc, command.merchant, command.card_id)
        known = self.answers.get(command.transaction_id or "")
        if known is not None and known[2] >= now_us - RETENTION_US:
            return (known[1], True) if known[0] == said else ("duplicate_mismatch", False)
        word = self.decide(command, waited_ns)
        if command.transaction_id is not None:
            self.answers[command.transaction_id] = (said, word, now_us)
        return word, False

    def decide(self, command: Authorize, waited_ns: int) -> str:
        if waited_ns >= DEADLINE_NS:
            return "too_late"
        card = self.cards.get(command.card_id or "")
        if command.card_id is not None and card is None:
            return "card_not_found"
        if card is not None and (card.motive is not None or card.in_its_place is not None):
            return "card_blocked"
        wallet = WALLET_OF[OVERRIDES[command.merchant] or command.mcc]
        for payer in (wallet, "CASH"):
            if self.wallets.get(payer, 0) >= command.amount_cents:
                self.wallets[payer] -= command.amount_cents
                return "approved"
        if card is not None and card.limit_cents - card.used_cents >= command.amount_cents:
            card.used_cents += command.amount_cents
            return "approved"
        return "insufficient_funds"


class AccountMachine(RuleBasedStateMachine):
    """Drives an account and its model with the same commands."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = patch.object(remembered, "PAGE_ENTRIES", PAGE)
        self._patch.start()
        self.policy = Policy(
            merchants=merchants(*((name, mcc) for name, mcc in OVERRIDES.items() if mcc)),
            deadline_ns=DEADLINE_NS,
            id_retention_us=RETENTION_US,
        )
        self.context = context(self.policy)
        self.account = Account(ACCOUNT)
        self.records: list[bytes] = []
        self.now_us = 1000
        self.came_in = 0
        self.went_out = 0
        self.forgot_us = 0
        self.model = Model({})

    def teardown(self) -> None:
        self._patch.stop()

    def take(self, events: Sequence[Event]) -> None:
        """Let events take place as an actor does: on the journal as bytes, then in the state."""
        for event in events:
            self.records.append(encode(event))
            ACCOUNTS.evolve(self.account, event, len(self.records))

    def settle(self, decision: Decision) -> Done | Refusal:
        """The outcome of a decision that has taken place."""
        assert isinstance(decision.outcome, Done | Refusal)
        assert not (isinstance(decision.outcome, Refusal) and decision.events)
        self.take(decision.events)
        return decision.outcome

    @initialize(food=st.integers(0, 100), meal=st.none() | st.integers(0, 100), cash=AMOUNTS)
    def open(self, food: int, meal: int | None, cash: int) -> None:
        balances = {"FOOD": food, "CASH": cash} | ({} if meal is None else {"MEAL": meal})
        command = OpenAccount(ACCOUNT, balances, None, BY)
        assert self.settle(open_account(self.account, command, self.context, self.now_us)) == Done(
            created=True
        )
        self.model = Model(dict(balances))
        self.came_in = sum(balances.values())

    @rule(passed_us=st.sampled_from((1, 20, 60)))
    def pass_time(self, passed_us: int) -> None:
        self.now_us += passed_us

    @rule(
        transaction_id=IDS,
        amount_cents=AMOUNTS,
        mcc=st.sampled_from(list(WALLET_OF)),
        merchant=st.sampled_from(list(OVERRIDES)),
        card_id=st.none() | st.sampled_from(("k1", "k2", "n1", "n2", "unknown")),
        waited_ns=st.sampled_from((0, 0, 0, DEADLINE_NS - 1, DEADLINE_NS)),
    )
    def buy(
        self,
        transaction_id: str | None,
        amount_cents: int,
        mcc: str,
        merchant: str,
        card_id: str | None,
        waited_ns: int,
    ) -> None:
        command = Authorize(ACCOUNT, transaction_id, amount_cents, mcc, merchant, card_id, 0, BY)
        self._buy(command, waited_ns)

    @rule(transaction_id=st.sampled_from("abcd"), waited_ns=st.sampled_from((0, DEADLINE_NS)))
    def buy_again(self, transaction_id: str, waited_ns: int) -> None:
        said = self.model.answers.get(transaction_id)
        if said is not None:
            amount_cents, mcc, merchant, card_id = said[0]
            command = Authorize(
                ACCOUNT, transaction_id, amount_cents, mcc, merchant, card_id, 0, BY
            )
            self._buy(command, waited_ns)

    def _buy(self, command: Authorize, waited_ns: int) -> None:
        outcome, event = authorize(self.account, command, self.context, self.now_us, waited_ns)
        expected = self.model.answer(command, waited_ns, self.now_us)
        assert (outcome.reason.name_on_wire, outcome.replayed) == expected
        assert (event is None) == outcome.replayed
        if event is not None:
            self.take([event])
        if expected == ("approved", False):
            self.went_out += command.amount_cents

    @rule(
        credit_id=st.sampled_from("xyz"),
        wallet=st.sampled_from(("FOOD", "MEAL", "CASH", "BUS")),
        amount_cents=st.integers(1, 30),
    )
    def credit(self, credit_id: str, wallet: str, amount_cents: int) -> None:
        command = Credit(ACCOUNT, credit_id, wallet, amount_cents, BY)
        outcome = self.settle(credit(self.account, command, self.context, self.now_us))
        known = self.model.credits.get(credit_id)
        if known is not None and known[1] >= self.now_us - RETENTION_US:
            if known[0] == (wallet, amount_cents):
                assert outcome == Done()
            else:
                assert isinstance(outcome, Refusal)
                assert outcome.kind is RefusalKind.CONFLICT
        elif wallet == "BUS":
            assert isinstance(outcome, Refusal)
            assert outcome.kind is RefusalKind.INVALID
        else:
            assert outcome == Done(created=True)
            self.model.credits[credit_id] = ((wallet, amount_cents), self.now_us)
            self.model.wallets[wallet] = self.model.wallets.get(wallet, 0) + amount_cents
            self.came_in += amount_cents

    @rule(card_id=CARDS, limit_cents=st.integers(0, 100), used_cents=st.integers(0, 20))
    def open_card(self, card_id: str, limit_cents: int, used_cents: int) -> None:
        document = terms(card_id, limit_cents + used_cents, used_cents)
        known = self.account.cards.get(card_id)
        command = OpenCards(ACCOUNT, CUSTOMER, (document,), BY)
        outcome = self.settle(open_cards(self.account, command, self.context, self.now_us))
        if known is None:
            assert outcome == Done(created=True)
            self.model.cards[card_id] = ModelCard(limit_cents + used_cents, used_cents)
        elif document in (known.opening, known.terms()):
            assert outcome == Done()
        else:
            assert isinstance(outcome, Refusal)

    @rule(card_id=ANY_CARDS, motive=st.sampled_from(("roubo", "perda", "outro", "em_analise")))
    def block(self, card_id: str, motive: str) -> None:
        command = BlockCard(ACCOUNT, card_id, BlockReason.of(motive), "App", BY)
        outcome = self.settle(block_card(self.account, command, self.context, self.now_us))
        card = self.model.cards.get(card_id)
        if card is None:
            assert isinstance(outcome, Refusal)
            return
        if card.in_its_place is not None:
            assert isinstance(outcome, Refusal)
            return
        assert isinstance(outcome, Done)
        if card.motive != motive and (card.motive not in FINAL or motive in FINAL):
            self.model.history.append("bloqueio")
            card.motive = motive

    @rule(
        card_id=ANY_CARDS,
        new_id=ANY_CARDS,
        motive=st.none() | st.sampled_from(("perda", "outro")),
    )
    def replace(self, card_id: str, new_id: str, motive: str | None) -> None:
        reason = BlockReason.of(motive) if motive else None
        command = ReplaceCard(ACCOUNT, card_id, new_id, reason, "App", None, None, BY)
        outcome = self.settle(replace_card(self.account, command, self.context, self.now_us))
        card = self.model.cards.get(card_id)
        if card is not None and card.in_its_place == new_id:
            assert outcome == Done()
        elif card is None or card.in_its_place is not None or new_id in self.model.cards:
            assert isinstance(outcome, Refusal)
        else:
            assert outcome == Done(created=True)
            self.model.cards[new_id] = ModelCard(card.limit_cents, card.used_cents)
            card.limit_cents = card.used_cents = 0
            card.in_its_place = new_id
            if card.motive not in FINAL or motive in FINAL:
                card.motive = motive or card.motive
            self.model.history.append("substituicao")

    @rule(card_id=ANY_CARDS, limit_cents=st.integers(0, 100), below=st.booleans())
    def change_limit(self, card_id: str, limit_cents: int, below: bool) -> None:
        command = ChangeLimit(ACCOUNT, card_id, limit_cents, below, "App", BY)
        outcome = self.settle(change_limit(self.account, command, self.context, self.now_us))
        card = self.model.cards.get(card_id)
        if card is None or card.in_its_place is not None:
            assert isinstance(outcome, Refusal)
        elif card.limit_cents == limit_cents:
            assert outcome == Done()
        elif limit_cents < card.used_cents and not below:
            assert isinstance(outcome, Refusal)
        else:
            assert outcome == Done(created=True)
            card.limit_cents = limit_cents
            self.model.history.append("alteracao_limite")

    @rule(card_id=ANY_CARDS)
    def unblock(self, card_id: str) -> None:
        command = UnblockCard(ACCOUNT, card_id, "App", "ok", BY)
        outcome = self.settle(unblock_card(self.account, command, self.context, self.now_us))
        card = self.model.cards.get(card_id)
        if card is None or card.in_its_place or card.motive in FINAL:
            assert isinstance(outcome, Refusal)
            return
        assert outcome == Done(created=card.motive is not None)
        if card.motive is not None:
            self.model.history.append("desbloqueio")
        card.motive = None

    @rule(card_id=ANY_CARDS)
    def query(self, card_id: str) -> None:
        command = QueryLimit(ACCOUNT, card_id, "App", BY)
        outcome = self.settle(query_limit(self.account, command, self.context, self.now_us))
        card = self.model.cards.get(card_id)
        if card is None:
            assert isinstance(outcome, Refusal)
            return
        self.model.history.append("consulta_limite")
        told = self.account.operations[-1].available_cents
        assert told == card.limit_cents - card.used_cents

    @rule()
    def open_again(self) -> None:
        command = OpenAccount(ACCOUNT, self.account.opening_cents, None, BY)
        assert self.settle(open_account(self.account, command, self.context, self.now_us)) == Done()

    @precondition(lambda self: self.account.purchase_keys.sealed_pages)
    @rule()
    def forget(self) -> None:
        self.forgot_us = self.now_us - RETENTION_US
        for ids in (self.account.purchase_keys, self.account.credit_keys):
            ids.forget_before(self.forgot_us)

    @rule()
    def sleep_and_wake(self) -> None:
        self.account = self.slept(self.account)

    @staticmethod
    def slept(account: Account) -> Account:
        """The account that comes back from its bytes."""
        store = EntityStore(ACCOUNTS)
        store.put(ACCOUNT, account)
        return store.load(ACCOUNT)

    @invariant()
    def it_holds_the_money_that_the_model_holds(self) -> None:
        assert self.account.wallets_cents == self.model.wallets
        cards = self.account.cards
        assert {
            card_id: (card.limit_total_cents, card.limit_used_cents)
            for card_id, card in cards.items()
        } == {
            card_id: (card.limit_cents, card.used_cents)
            for card_id, card in self.model.cards.items()
        }
        for card_id, expected in self.model.cards.items():
            card = cards[card_id]
            assert card.replaced_by == expected.in_its_place
            if expected.in_its_place is not None:
                assert card.status is CardStatus.CANCELLED
            else:
                assert (card.status is CardStatus.BLOCKED) == (expected.motive is not None)
            assert (card.block_reason and card.block_reason.motivo) == expected.motive
        assert [operation.kind for operation in self.account.operations] == self.model.history

    @invariant()
    def no_money_is_made_or_lost_and_nothing_is_overdrawn(self) -> None:
        assert all(cents >= 0 for cents in self.account.wallets_cents.values())
        limits_used = 0
        for card in self.account.cards.values():
            limits_used += card.limit_used_cents
            if card.replaces is None:
                limits_used -= card.opening.limit_used_cents
        left = sum(self.account.wallets_cents.values()) - limits_used
        assert left == self.came_in - self.went_out

    @invariant()
    def it_remembers_what_the_model_remembers(self) -> None:
        since_us = self.now_us - RETENTION_US
        for transaction_id in "abcd":
            found = self.account.purchase_keys.get(transaction_id, since_us)
            known = self.model.answers.get(transaction_id)
            if known is None or known[2] < since_us:
                assert found is None
            else:
                assert found is not None
                assert (found.answer, found.at_us) == known[1:]

    @invariant()
    def replaying_its_events_makes_it_anew(self) -> None:
        replayed = Account(ACCOUNT)
        for position, record in enumerate(self.records, 1):
            event = decode(record)
            ACCOUNTS.evolve(replayed, event, position)
        alive = self.slept(self.account)
        for ids in (
            replayed.purchase_keys,
            replayed.credit_keys,
            alive.purchase_keys,
            alive.credit_keys,
        ):
            ids.forget_before(self.forgot_us)
        if self.records:
            assert deep(replayed) == deep(alive)

    @invariant()
    def it_comes_back_from_its_bytes_as_it_was(self) -> None:
        if self.account.exists:
            assert deep(self.slept(self.account)) == deep(self.account)


AccountMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, print_blob=True
)
TestAccount = AccountMachine.TestCase
