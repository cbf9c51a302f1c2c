"""Tickets beside a naive model: same answers, same events, same state, also after replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.actors.ticket_file import ticket_file
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import ticket_clock
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, Priority
from authorizer.domain.tickets.state import Ticket, ticket_view
from authorizer.persistence.privacy.personal import join_texts
from authorizer.persistence.state.digest import state_digest
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.record import decode, encode
from authorizer.persistence.state.state import Replay, State
from tests.property.naive_tickets import CLOCK_RUNS, NaiveTicket, shown
from tests.property.ticket_steps import ticket_steps
from tests.support import commands
from tests.support.any_event import unhurried
from tests.support.builders import context
from tests.support.sealing import PlainSealer

PROTOCOL = "20250224000001"
START_US = 1_740_000_000_000_000
CONTEXT = replace(context(sealer=PlainSealer()), join_texts=join_texts)

waits_us = st.sampled_from([0, 1, 60_000_000, 3_600_000_000, 90_000_000_000])
Steps = list[tuple[int, tuple[str, dict[str, Any]]]]


class Life:
    """One ticket, live and in the model, and the records of all that happened to it."""

    def __init__(self, resolved: bool) -> None:
        self.now_us = START_US
        self.ticket = Ticket(PROTOCOL)
        self.records: list[bytes] = []
        command = commands.ticket("c", "s", None, "r" if resolved else None)
        assert not isinstance(self._ask(command), Refusal)
        self.naive = NaiveTicket(PROTOCOL, "c", None, happened=[(START_US, "open", {"text": "s"})])
        if resolved:
            self.naive.happened.append((START_US, "resolve", {"who": "Ana", "text": "r"}))

    def step(self, what: str, how: dict[str, Any]) -> None:
        """Ask both, and hold the answers together."""
        before = len(self.records)
        outcome = self._ask(commands.ticket_step(PROTOCOL, what, how))
        expected = self.naive.ask(what, how, self.now_us)
        if expected is None:
            assert isinstance(outcome, Refusal)
            assert self.naive.status in outcome.detail
        assert len(self.records) - before == (expected or 0)
        self.check()

    def _ask(self, command: Any) -> Any:
        decision = TICKETS.decide(self.ticket, command, CONTEXT, self.now_us)
        for event in decision.events:
            self.records.append(encode(event))
            TICKETS.evolve(self.ticket, event, len(self.records))
        return decision.outcome

    def check(self) -> None:
        """The ticket is the model's, and its clock tells what the model would."""
        file = ticket_file(ticket_view(self.ticket), PlainSealer(), self.now_us)
        assert shown(file) == self.naive.shown()
        waits = [tuple(wait[:2]) for wait in self.ticket.reopening_waits]
        assert waits == self.naive.waits()
        asked = [(each[0], *each[2:]) for each in self.ticket.response_waits]
        assert asked == self.naive.next_responses()
        level = DEFAULT_SERVICE_LEVELS[Priority.of(self.naive.priority)]
        target_us = level.resolution_us
        opened_us = self.naive.times("open")[0]
        assert file.clock.first_response_due_us == opened_us + level.first_response_us
        assert file.clock.resolution_overdue == (self._ran_us() > target_us)
        assert (file.clock.resolution_due_us is not None) == (self.naive.status in CLOCK_RUNS)
        if self.ticket.reopening_waits:
            due_us = self.ticket.reopening_waits[-1].reopened_at_us + level.first_response_us
            assert file.clock.reopening_response_due_us == due_us
        if self.ticket.response_waits:
            due_us = self.ticket.response_waits[-1].asked_at_us + level.next_response_us
            assert file.clock.next_response_due_us == due_us

    def _ran_us(self) -> int:
        ran_us, since_us = self.naive.ran_us()
        return ran_us + (0 if since_us is None else self.now_us - since_us)


@settings(unhurried, max_examples=100)
@given(
    resolved=st.booleans(),
    steps=st.lists(st.tuples(waits_us, ticket_steps), max_size=25),
    naps=st.sets(st.integers(0, 25)),
)
def test_a_ticket_is_what_the_model_says(resolved: bool, steps: Steps, naps: set[int]) -> None:
    """Also when it sleeps in between, and when it is made anew from its records."""
    life = Life(resolved)
    for number, (wait_us, (what, how)) in enumerate(steps):
        life.now_us += wait_us
        life.step(what, how)
        if number in naps:
            store = EntityStore(TICKETS)
            store.put(PROTOCOL, life.ticket)
            life.ticket = store.load(PROTOCOL)
            life.check()
    replayed = State()
    replay = Replay(replayed, Policy().id_retention)
    for position, record in enumerate(life.records, 1):
        replay.apply(decode(record), position)
    replay.finish()
    tickets = replayed[TICKETS]
    assert tickets.packed(PROTOCOL) == tickets.pack(life.ticket)


@settings(unhurried, max_examples=50)
@given(steps=st.lists(ticket_steps, max_size=15), cut=st.integers(0, 40))
def test_a_replay_may_begin_with_a_ticket_that_has_some_of_it(
    steps: list[tuple[str, dict[str, Any]]], cut: int
) -> None:
    """A snapshot took it at any position; what it has already is passed over."""
    life = Life(resolved=False)
    for what, how in steps:
        life.step(what, how)
    digests = set()
    for begun in (0, min(cut, len(life.records))):
        state = State()
        for upto in (life.records[:begun], life.records):
            replay = Replay(state, Policy().id_retention)
            for position, record in enumerate(upto, 1):
                replay.apply(decode(record), position)
            replay.finish()
        digests.add(state_digest(state, 0))
    assert len(digests) == 1


@given(
    targets=st.tuples(st.integers(1, 10**9), st.integers(1, 10**12)),
    look_us=st.integers(0, 10**12),
)
def test_a_ticket_that_nobody_touches_is_late_from_its_targets_on(
    targets: tuple[int, int], look_us: int
) -> None:
    view = ticket_view(Life(resolved=False).ticket)._replace(
        first_response_due_us=START_US + targets[0], resolution_due_us=START_US + targets[1]
    )
    clock = ticket_clock(view, START_US + look_us)
    assert clock.first_response_overdue == (look_us > targets[0])
    assert clock.resolution_overdue == (look_us > targets[1])
