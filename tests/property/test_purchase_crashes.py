"""Purchases live on a machine that dies: what was answered is there, and money is conserved.

`Life`'s operations are put to a real authorizer, over commits, snapshots, sleep, orderly restarts,
killed processes and lost power. Whatever survives is what the model was behind some operation.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any, Final, NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize, OpenCards
from authorizer.domain.accounts.limits import (
    Counted,
    LimitMode,
    LimitScope,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.purchase_commands import ExpireHolds, PutLimit, RemoveLimit
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from authorizer.domain.messages import Event
from authorizer.domain.moments import HOUR_US
from authorizer.domain.outcomes import Refusal
from authorizer.persistence.archive.wholeness import make_whole
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.record import decode
from authorizer.simulation.machine import Task
from authorizer.simulation.memory_disk import MachineDied
from tests.property.test_purchase_life import (
    BY,
    LIMIT,
    LONGEST_WAIT_HOURS,
    A,
    K,
    Life,
    Model,
    TestLife,
)
from tests.support import commands
from tests.support.builders import terms
from tests.support.documents import MCC
from tests.support.machine import Machine, contents
from tests.support.purchases import decided

OTHER: Final = "b"
"""An account that takes the place of the first among those that are awake."""
TRAILING: Final = {"lifetime": None, "PT5H": 5 * HOUR_US, "P3D": 72 * HOUR_US}
RETENTION_DAYS: Final = 366
"""Longer than a life: the model knows nothing of an id that is forgotten and used anew."""
SEEDS = st.none() | st.integers(0, 2**16)
"""What lost power takes with it; None: the process is killed, and no more."""


class Question(NamedTuple):
    """Something that was asked."""

    task: Task
    expected: Any
    rests_on: int
    """The position of the newest event that the answer rests on."""


class MortalLife(Life):
    """One account, whose purchases outlive the machine. A batch is written in a step."""

    on_loop = False

    @initialize(card=st.booleans())
    def begin(self, card: bool) -> None:
        self.machine = Machine(
            segment_bytes=900,
            max_resident_accounts=1,
            snapshots_kept=2,
            id_retention_days=RETENTION_DAYS,
            closed_in_memory_hours=0.0001,
            on_loop=self.on_loop,
        )
        self.machine.start()
        self.questions: list[Question] = []
        self.snapshot: Task | None = None
        self.promised = 0
        self.wallet = {"FOOD": 3000, "MEAL": 3000, "CASH": 2000}
        self.money_in = dict(self.wallet)
        self.owed = dict.fromkeys(self.wallet, 0)
        self.model: dict[str, Model] = {}
        self.limits: dict[str, LimitTerms] = {}
        self.frozen = self.blocked = False
        self.number = 0
        self.ask(commands.opening(OTHER, CASH=1))
        self.ask(commands.opening(A, **self.wallet))
        self.card = K if card else None
        if card:
            self.ask(OpenCards(A, "c", (terms(K, 8000),), BY))
            self.wallet[LIMIT] = 8000
        self.machine.commit()
        self.past: dict[int, dict[str, Any]] = {}
        """The model behind every operation, by the position that the journal had then."""
        self.machine.gated = True

    def teardown(self) -> None:
        self.machine.close()

    # --- what `Life` asks, put to the machine ----------------------------------------------------

    @property
    def now_us(self) -> int:  # type: ignore[override]
        """The time that a decision of now has."""
        return self.machine.running.clock.now_us()

    @property
    def account(self) -> Account:  # type: ignore[override]
        """The account, which wakes if it sleeps, with all that has left memory."""
        actor = self.machine.dispatcher.accounts.find(A)
        assert actor is not None
        if not self.machine.archive.has_any:
            return actor.state
        whole = deepcopy(actor.state)
        make_whole(whole, self.machine.archive, 0)
        return whole

    @property
    def events(self) -> list[Event]:  # type: ignore[override]
        """Everything that is durable."""
        batches = JournalReader(self.machine.disk)
        events = [decode(record) for batch in batches for record in batch.records()]
        return [event for event in events if getattr(event, "account_id", A) == A]

    def ask(self, command: Any) -> Any:
        """What the rules answer; the machine's own answer must be this, once it is durable."""
        if hasattr(command, "received_ns"):
            command = command._replace(received_ns=self.machine.monotonic_ns)
        context = self.machine.running.around.context
        known = self.machine.dispatcher.accounts.find(command.account_id)
        before = Account(command.account_id) if known is None else self.of(command.account_id)
        outcome = ACCOUNTS.decide(before, command, context, self.now_us).outcome
        task = self.machine.ask(self.machine.dispatcher.ask(command))
        actor = self.machine.dispatcher.accounts.find(command.account_id)
        assert actor is not None
        refused = isinstance(outcome, Refusal)
        expected = outcome if refused else (outcome, command.reply(self.of(command.account_id)))
        self.questions.append(Question(task, expected, actor.state.position))
        return outcome

    def of(self, account_id: str) -> Account:
        """An account as it is now."""
        if account_id == A:
            return self.account
        actor = self.machine.dispatcher.accounts.find(account_id)
        assert actor is not None
        return actor.state

    def submit(self, command: Authorize) -> Any:
        command = command._replace(received_ns=self.machine.monotonic_ns)
        context = self.machine.running.around.context
        expected, _ = authorize_by_all_rules(self.account, command, context, self.now_us, 0)
        task = self.machine.ask(decided(self.machine.dispatcher, command))
        self.questions.append(Question(task, expected, self.account.position))
        return expected

    def pass_us(self, micros: int) -> None:
        self.machine.wall_us += micros
        self.machine.monotonic_ns += micros * 1000

    def expire(self) -> None:
        self.ask(ExpireHolds(A))

    # --- limits --------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from("xy"),
        window=st.sampled_from(sorted(TRAILING)),
        most=st.none() | st.integers(0, 15_000),
        count=st.none() | st.integers(0, 6),
        wallet=st.none() | st.sampled_from(list(MCC)),
        mode=st.sampled_from(LimitMode),
    )
    def put_limit(
        self,
        name: str,
        window: str,
        most: int | None,
        count: int | None,
        wallet: str | None,
        mode: LimitMode,
    ) -> None:
        scope = LimitScope(wallets=(wallet,) if wallet else ())
        asked = LimitTerms(window, TRAILING[window], most, count, scope, mode)
        made = sorted(self.model.items(), key=lambda entry: entry[1].made_at_us)
        history = tuple(
            Counted(key, each.made_at_us, each.counted, Spending(each.source or "", "", "", None))
            for key, each in made
            if each.counted
        )
        as_of = self.account.position
        self.ask(PutLimit(A, name, False, asked, history, as_of, self.now_us, BY))
        self.limits[name] = asked

    @precondition(lambda self: self.limits)
    @rule(name=st.sampled_from("xy"))
    def remove_limit(self, name: str) -> None:
        outcome = self.ask(RemoveLimit(A, name, BY))
        assert isinstance(outcome, Refusal) == (name not in self.limits)
        self.limits.pop(name, None)

    def within_limits(self, source: str, amount: int, count: int) -> bool:
        """Counted anew, over all that was bought."""
        for limit in self.limits.values():
            if limit.mode is LimitMode.SHADOW or limit.scope.wallets not in ((), (source,)):
                continue
            used_cents, used_count = self.used(limit)
            if limit.max_amount_cents is not None and used_cents + amount > limit.max_amount_cents:
                return False
            if limit.max_count is not None and count and used_count + count > limit.max_count:
                return False
        return True

    def used(self, limit: LimitTerms) -> tuple[int, int]:
        since_us = 0 if limit.trailing_us is None else self.now_us - limit.trailing_us + 1
        counted = [
            model.counted
            for model in self.model.values()
            if model.made_at_us >= since_us and limit.scope.wallets in ((), (model.source,))
        ]
        return sum(counted), sum(cents > 0 for cents in counted)

    @invariant()
    def limits_count_what_was_bought(self) -> None:
        limits = self.account.limits
        assert limits.keys() == self.limits.keys()
        for name, limit in self.limits.items():
            assert limits[name].terms == limit
            assert limits[name].used(self.now_us) == self.used(limit)

    # --- the machine ---------------------------------------------------------------------------

    @invariant()
    def answers_rest_on_what_is_durable(self) -> None:
        """And are what the rules said; the model is noted for a death to come."""
        for question in self.questions:
            if question.task.done():
                assert question.rests_on <= self.machine.durable
                assert question.task.result() == question.expected
                self.promised = max(self.promised, question.rests_on)
        self.questions = [one for one in self.questions if not one.task.done()]
        self.past[self.machine.appended] = self.remembered()

    def remembered(self) -> dict[str, Any]:
        return deepcopy({name: getattr(self, name) for name in REMEMBERED})

    @invariant()
    def the_events_alone_tell_the_balances(self) -> None:
        if self.machine.durable == self.machine.appended:
            super().the_events_alone_tell_the_balances()

    @rule()
    def sleep(self) -> None:
        """Another account needs the room."""
        self.ask(commands.opening(OTHER, CASH=1))

    @rule()
    def archive(self) -> None:
        """All that is closed leaves memory, once it is durable."""
        self.machine.running.around.crowded(A)
        self.machine.ask(self.machine.running.archiving.work())

    @rule(once=st.booleans())
    def commit(self, once: bool) -> None:
        if once:
            self.machine.commit_once()
            return
        self.machine.commit()
        assert all(one.task.done() for one in self.questions)

    @precondition(lambda self: self.snapshot is None)
    @rule()
    def begin_snapshot(self) -> None:
        self.snapshot = self.machine.snapshot()

    @precondition(lambda self: self.snapshot is not None)
    @rule(steps=st.integers(1, 12))
    def go_on_with_snapshot(self, steps: int) -> None:
        for _ in range(steps):
            self.machine.step()
        self.check_snapshot()

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def finish_snapshot(self) -> None:
        while self.snapshot is not None:
            self.machine.step()
            self.machine.commit()
            self.check_snapshot()

    def check_snapshot(self) -> None:
        if self.snapshot is not None and self.snapshot.done():
            assert self.snapshot.exception() is None
            self.snapshot = None

    # --- death ---------------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        """In order, as SIGTERM does it."""
        self.machine.gated = False
        while self.machine.step() or self.machine.commit_once():
            pass
        self.answers_rest_on_what_is_durable()
        assert self.questions == []
        self.promised = self.machine.appended
        self.machine.stop()
        self.start()

    @rule(seed=SEEDS)
    def die(self, seed: int | None) -> None:
        self.end(seed)
        self.start()

    @rule(steps=st.integers(0, 7), seed=SEEDS)
    def die_amid_work(self, steps: int, seed: int | None) -> None:
        """At some step on the disk, of the journal or of a snapshot."""
        self.machine.memory.die_after(steps)
        with suppress(MachineDied):
            while self.machine.step() or self.machine.commit_once():
                pass
        self.answers_rest_on_what_is_durable()
        self.end(seed)
        self.start()

    def end(self, seed: int | None) -> None:
        if seed is None:
            self.machine.kill()
        else:
            self.machine.lose_power(Random(seed))
        self.questions.clear()

    def start(self) -> None:
        """What survived is the model behind some operation, no older than any answer."""
        self.snapshot = None
        alone, found = self.machine.recover(use_snapshots=False), self.machine.recover()
        position = found.journal.position
        assert self.promised <= position
        assert position in self.past, f"the journal ends at {position}, amid an operation's events"
        assert contents(found.state, archive=self.machine.archive) == contents(alone.state)
        for name, value in deepcopy(self.past[position]).items():
            setattr(self, name, value)
        self.past = {at: model for at, model in self.past.items() if at <= position}
        self.machine.start()
        self.machine.gated = True
        self.expire()
        self.expired()


REMEMBERED: Final = ("wallet", "money_in", "owed", "model", "limits", "frozen", "blocked")
"""What of the model a death takes back."""


class MortalLifeOnLoop(MortalLife):
    """The same, where the loop writes the journal, and only its syncs are steps."""

    on_loop = True


TestMortalLife = MortalLife.TestCase
TestMortalLifeOnLoop = MortalLifeOnLoop.TestCase
TestMortalLife.settings = TestMortalLifeOnLoop.settings = settings(
    max_examples=40,
    stateful_step_count=50,
    # Making a failure smaller can take longer than a run of all tests may.
    phases=[phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
del TestLife


def test_no_id_is_forgotten_within_a_life() -> None:
    """However often a life waits: 50 times a week made an id that stood for another purchase."""
    assert TestMortalLife.settings.stateful_step_count * LONGEST_WAIT_HOURS < RETENTION_DAYS * 24
