"""The actor of an entity: decide, encode, evolve, append, answer once all of it is durable."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar

from authorizer.actors.clock import Clock
from authorizer.actors.disk_room import NO_ROOM, DiskRoom
from authorizer.actors.life_counts import LifeCounts
from authorizer.actors.loop_actor import LoopActor
from authorizer.actors.reply import LoopFuture, Reply
from authorizer.actors.run_queue import RunQueue
from authorizer.actors.timers import Timers
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.leaving import is_over
from authorizer.domain.accounts.purchase_commands import ExpireHolds
from authorizer.domain.accounts.purchases import authorize, authorize_by_all_rules
from authorizer.domain.accounts.room import Room
from authorizer.domain.accounts.short_way import authorize_shortly
from authorizer.domain.accounts.state import Account, Recalled, forget_id_pages
from authorizer.domain.aggregate import Aggregate, Context, Entity
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import (
    OUTCOMES,
    Decision,
    Outcome,
    Reason,
    Refusal,
    RefusalKind,
)
from authorizer.domain.settings.commands import ChangePolicy
from authorizer.domain.tickets.commands import EscalateTicket
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.state import State

S = TypeVar("S", bound=Entity)

FIRST: Final = frozenset((ChangePolicy, ExpireHolds, EscalateTicket))
"""Nobody outside asks for these. Whoever sends them knows of the disk, and on one that is short
sends them before anybody else has a turn again."""


class Recalling(NamedTuple):
    """A command with the purchase that it names, which had left memory."""

    command: Any
    recalled: Recalled


class Upkeep(NamedTuple):
    """Has an entity do what is no command: its state says the same afterwards."""

    do: Callable[[Any], object]


OffLoop = Callable[..., Awaitable[Any]]
"""Runs a function that blocks where it does not hold the loop, and awaits its result."""


@dataclass(frozen=True, slots=True)
class ActorContext:
    """What every actor works with. It comes in from outside."""

    context: Context
    clock: Clock
    commit: GroupCommit
    run_queue: RunQueue
    state: State
    on_bug: Callable[[str, BaseException], None]
    """Told of every handler that raised: which entity, and why. It must not raise."""
    timers: Timers
    """Told when something of an account is due by itself."""
    ticket_timers: Timers
    """The same of tickets."""
    crowded: Callable[[str], None]
    """Told of an account with more closed purchases than should be in memory."""
    room: Room
    """How much of closed purchases stays in memory."""
    lives: LifeCounts = field(default_factory=LifeCounts)
    """Told of every decision on a purchase of several messages, and of what it changed."""

    def timers_of(self, aggregate: Aggregate[Any]) -> Timers:
        """Who is told when something of an entity is due by itself."""
        return self.timers if aggregate is ACCOUNTS else self.ticket_timers

    disk_room: DiskRoom = field(default_factory=DiskRoom)
    """While the disk is short nothing is appended: what would have events is unavailable."""


async def durable(commit: GroupCommit, position: int) -> None:
    """Return when everything up to a position is on disk."""
    reached = LoopFuture()
    commit.when_durable(position, reached, None)
    await reached


class EntityActor(LoopActor, Generic[S]):
    """One entity of an aggregate, and the only one that changes its state.

    It handles one message at a time, in one stretch without an `await`. A handler that raises
    leaves no trace: nothing was appended, and other entities go on. If it raised while the state
    was changing, the state is worth nothing any more: the entity is `broken`, answers that it is
    unavailable, and is left out of everything until a restart makes it anew from the journal, which
    holds no event of the failed change.
    """

    def __init__(
        self, aggregate: Aggregate[S], entity_id: str, state: S, around: ActorContext
    ) -> None:
        super().__init__(around.run_queue)
        self.aggregate = aggregate
        self.entity_id = entity_id
        self.state = state
        self.around = around
        self.broken = False

    def on_receive(self, message: Any) -> Any:
        """Handle one command; the answer is let go when all that it rests on is durable."""
        if self.broken:
            return self._unavailable(message)
        if type(message) is Authorize:
            return self._authorize(message)  # type: ignore[misc] # only accounts are asked
        if type(message) is Recalling:
            return self._recall(message)  # type: ignore[misc] # likewise
        if type(message) is Upkeep:
            return message.do(self.state)
        try:
            return self._handle_command(message)
        except Exception as bug:  # noqa: BLE001 - one entity's bug is that entity's alone
            self.around.on_bug(self.entity_id, bug)
            return self._unavailable(message)

    def _recall(self: "EntityActor[Account]", message: Recalling) -> Any:
        """Handle a command while the purchase that it names can be found."""
        self.state.recalled = message.recalled
        try:
            return self.on_receive(message.command)
        finally:
            self.state.recalled = None

    def _handle_command(self, command: Any) -> Any:
        """Decide a command, make its events part of the state and of the journal, and answer."""
        around = self.around
        now_us = around.clock.now_us()
        may_append = not around.disk_room.is_short or type(command) in FIRST
        if may_append:
            self._catch_up(now_us)
        received_ns = getattr(command, "received_ns", None)
        if received_ns is not None:
            command = command._replace(waited_ns=around.clock.monotonic_ns() - received_ns)
        decision = self.aggregate.decide(self.state, command, around.context, now_us)
        if decision.events and not may_append:
            decision = Decision(NO_ROOM)  # what would be refused without events is told as ever
        if decision.events:
            self._append_events(decision.events)
        around.lives.decided(command, decision)
        if isinstance(decision.outcome, Refusal):
            return decision.outcome
        return decision.outcome, command.reply(self.state)

    def _catch_up(self, now_us: int) -> None:
        """Let happen what is overdue, before anything else is decided."""
        overdue = self.aggregate.overdue
        if overdue is not None and (events := overdue(self.state, self.around.context, now_us)):
            self._append_events(events)

    def _append_events(self, events: Sequence[Event]) -> None:
        """Encode, evolve, index, append, in this order: a failure has appended nothing."""
        commit = self.around.commit
        records = tuple([encode(event) for event in events])
        position = commit.appended
        try:
            for event in events:
                position += 1
                self.aggregate.evolve(self.state, event, position)
            self._register(events)
        except Exception:
            self.broken = True
            raise
        commit.append(records)
        self.around.clock.happened(events[-1].at_us)
        if self.aggregate.next_due is not None:
            timers = self.around.timers_of(self.aggregate)
            timers.note(self.entity_id, self.aggregate.next_due(self.state, self.around.context))
            self.around.lives.happened(events)

    def _register(self, events: Sequence[Event]) -> None:
        """Give the entity its place among those that exist, and keep the indexes."""
        aggregate, state = self.aggregate, self.around.state
        if not aggregate.is_single:
            state[aggregate].register(self.entity_id)
        for event in events:
            state.index(event)
        if aggregate.retention is not None:
            kept = self.around.context.policy.id_retention
            aggregate.retention.forget_pages(self.state, events[-1].at_us, kept)
            if aggregate.retention.is_over(self.state, self.around.room.most):
                self.around.crowded(self.entity_id)

    def _authorize(self: "EntityActor[Account]", command: Authorize) -> Outcome:
        """Decide one purchase: what `_handle_command` does, in a shorter way.

        A purchase has one event at most, which brings no entity into being and is in no index.
        """
        around, state = self.around, self.state
        clock, context = around.clock, around.context
        try:
            now_us, waited_ns = clock.now_us(), clock.monotonic_ns() - command.received_ns
            if state.special or context.policy.global_limits.terms:
                verdict = authorize_shortly(state, command, context, now_us, waited_ns)
                if verdict is None:
                    return self._authorize_by_all_rules(command)
                outcome, event = verdict
            else:
                outcome, event = authorize(state, command, context, now_us, waited_ns)
            if event is None:
                return outcome
            if around.disk_room.is_short:
                return OUTCOMES[Reason.UNAVAILABLE]
            commit = around.commit
            records = (encode(event),)
            try:
                self.aggregate.apply[type(event)](state, event)
                state.position = commit.appended + 1
            except Exception:
                self.broken = True
                raise
            commit.append(records)
            clock.happened(event.at_us)
            if event.transaction_id is not None:
                forget_id_pages(state, event.at_us, context.policy.id_retention)
                if state.purchase_keys.has_just_sealed() and is_over(state, around.room.most):
                    around.crowded(self.entity_id)
        except Exception as bug:  # noqa: BLE001 - one account's bug is that account's alone
            around.on_bug(self.entity_id, bug)
            return OUTCOMES[Reason.UNAVAILABLE]
        return outcome

    def _authorize_by_all_rules(self: "EntityActor[Account]", command: Authorize) -> Outcome:
        """Decide one purchase on an account that has holds, limits, controls or a status."""
        around = self.around
        now_us = around.clock.now_us()
        is_short = around.disk_room.is_short
        if not is_short:
            self._catch_up(now_us)
        outcome, events = authorize_by_all_rules(
            self.state,
            command,
            around.context,
            now_us,
            around.clock.monotonic_ns() - command.received_ns,
        )
        if events and is_short:
            return OUTCOMES[Reason.UNAVAILABLE]
        if events:
            self._append_events(events)
        return outcome

    def _unavailable(self, command: Any) -> Any:
        """The answer to a command that a bug kept from being decided."""
        if type(command) is Recalling:
            command = command.command
        if type(command) is Authorize:
            return OUTCOMES[Reason.UNAVAILABLE]
        return Refusal(RefusalKind.UNAVAILABLE, "this cannot be answered now")

    def _reply(self, reply_to: Reply, value: Any) -> None:
        commit = self.around.commit
        position = commit.appended if self.broken else self.state.position
        commit.when_durable(position, reply_to, value)
