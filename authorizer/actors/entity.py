"""What an account's and a customer's actor have in common: decide, encode, evolve, append."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pykka

from authorizer.actors.clock import Clock
from authorizer.actors.loop_actor import LoopActor
from authorizer.actors.reply import LoopFuture
from authorizer.actors.run_queue import RunQueue
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.aggregates import Event
from authorizer.domain.outcomes import Decision, Refusal, RefusalKind, erased
from authorizer.domain.sealing import Sealer
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.state.population import Entity
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.state import State

S = TypeVar("S", bound=Entity)

OffLoop = Callable[..., Awaitable[Any]]
"""Runs a function that blocks where it does not hold the loop, and awaits its result."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every actor works with. It comes in from outside."""

    policy: Policy
    clock: Clock
    commit: GroupCommit
    run_queue: RunQueue
    state: State
    on_bug: Callable[[str, BaseException], None]
    """Told of every handler that raised: which entity, and why. It must not raise."""
    sealer: Sealer

    def unsealable(self, customer_id: str) -> Refusal | None:
        """Why no personal text can be sealed for a customer now; None where it can.

        Whoever decides asks this before sealing. The desk has keys made before (`Keys.ensure`).
        """
        if self.sealer.has_key(customer_id):
            return None
        if customer_id in self.state.erased:
            return erased(customer_id)
        return Refusal(RefusalKind.UNAVAILABLE, f"the key of customer {customer_id!r} is missing")


async def durable(commit: GroupCommit, position: int) -> None:
    """Return when everything up to a position is on disk."""
    reached = LoopFuture()
    commit.when_durable(position, reached, None)
    await reached


class EntityActor(LoopActor, Generic[S]):
    """One account or customer. Handles one message at a time, in one stretch without an `await`.

    A handler that raises leaves no trace: nothing was appended, and nobody else notices. If it
    raised while the state was changing, the state is worth nothing any more: the entity is
    `broken`, answers that it is unavailable, and is left out of everything until a restart makes
    it anew from the journal, which holds no event of the failed change.
    """

    def __init__(self, entity_id: str, state: S, around: Surroundings) -> None:
        super().__init__(around.run_queue)
        self.entity_id = entity_id
        self.state = state
        self.around = around
        self.broken = False

    def decide(self, command: Any, now_us: int) -> Decision:
        """The decision on a command; changes nothing."""
        raise NotImplementedError

    def evolve(self, event: Any, position: int) -> None:
        """Apply one event to the state."""
        raise NotImplementedError

    def view(self, command: Any) -> Any:
        """What a caller is told of the state once a command holds."""
        raise NotImplementedError

    def unavailable(self, command: Any) -> Any:
        """The answer to a command that a bug kept from being decided."""
        return Refusal(RefusalKind.UNAVAILABLE, "this cannot be answered now")

    def on_receive(self, message: Any) -> Any:
        """Handle one command; the answer is let go when all that it rests on is durable."""
        if self.broken:
            return self.unavailable(message)
        try:
            return self.handle(message)
        except Exception as bug:  # noqa: BLE001 - one entity's bug is that entity's alone
            self.around.on_bug(self.entity_id, bug)
            return self.unavailable(message)

    def handle(self, command: Any) -> Any:
        """Decide a command, make its events part of the state and of the journal, and answer."""
        decision = self.decide(command, self.around.clock.now_us())
        if decision.events:
            self.take_place(decision.events)
        if isinstance(decision.outcome, Refusal):
            return decision.outcome
        return decision.outcome, self.view(command)

    def take_place(self, events: Sequence[Event]) -> None:
        """Let events take place. What can fail comes first: the bytes, then the state."""
        commit = self.around.commit
        records = tuple([encode(event) for event in events])
        position = commit.appended
        try:
            for event in events:
                position += 1
                self.evolve(event, position)
            self.admit(events)
        except Exception:
            self.broken = True
            raise
        commit.append(records)
        self.around.clock.happened(events[-1].at_us)

    def admit(self, events: Sequence[Event]) -> None:
        """Tell whoever keeps an index what came into being."""

    def _reply(self, reply_to: pykka.Future[Any], value: Any) -> None:
        commit = self.around.commit
        position = commit.appended if self.broken else self.state.position
        commit.when_durable(position, reply_to, value)
