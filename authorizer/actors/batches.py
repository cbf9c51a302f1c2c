"""Batches of purchases: each is decided as it would be alone, in the order of the lines.

The lines of a batch come in windows. Those of a window on one account are decided together, in
their order; lines on different accounts in any order. A window's answers rest on everything that
was appended until then.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from authorizer.actors.batch_shares import (
    UNAVAILABLE,
    Decisions,
    Window,
)
from authorizer.actors.batch_turns import Turn, Turns
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.entity import ActorContext, EntityActor, Recalling
from authorizer.actors.purchases import Purchases
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.persistence.archive.protocol import ArchiveError
from authorizer.persistence.journal.group_commit import Waiter

MAX_BATCHES: Final = 32
"""Batches under way at a time; one more is refused."""
MAX_SHARE: Final = 32
"""Purchases of one account that are decided between two looks at the time."""
_ASIDE_AT_ONCE: Final = 16
"""Accounts whose purchases wait for something at a time."""
_OVERLOADED: Final = OUTCOMES[Reason.OVERLOADED]
_NO_ACCOUNT: Final = OUTCOMES[Reason.ACCOUNT_NOT_FOUND]


class _Answers:
    """The answers of a window, on their way: counted when they are durable."""

    __slots__ = ("_batches", "_outcomes", "_waiter")

    def __init__(self, batches: "Batches", outcomes: Sequence[Outcome], waiter: Waiter) -> None:
        self._batches = batches
        self._outcomes = outcomes
        self._waiter = waiter

    def set(self, value: bytes, /) -> None:
        """Count, and hand on."""
        self._batches.answered(self._outcomes)
        self._waiter.set(value)


class Batches:
    """Takes batches, and has their purchases decided."""

    def __init__(
        self,
        purchases: Purchases,
        dispatcher: Dispatcher,
        around: ActorContext,
        yield_core: Callable[[], object],
    ) -> None:
        self._purchases = purchases
        self._dispatcher = dispatcher
        self._around = around
        self._clock, self._commit = around.clock, around.commit
        self.on_bug = purchases.on_bug
        self.turns = Turns(
            purchases.admission, self._clock.monotonic_ns, self._commit.flush, yield_core
        )
        self.under_way = 0
        """Batches that are not answered to the end."""
        self.begun = 0
        """Batches that were taken since the start."""
        self.refused = 0
        """Batches that were one too many, since the start."""
        self.lines = 0
        """Lines that were answered since the start."""

    def begin(self) -> bool:
        """Take a batch, unless there are too many. One that was taken must `end`."""
        if self.under_way >= MAX_BATCHES:
            self.refused += 1
            return False
        self.under_way += 1
        self.begun += 1
        return True

    def end(self) -> None:
        """A batch is answered to the end, or its client has left."""
        self.under_way -= 1

    def answered(self, outcomes: Sequence[Outcome]) -> None:
        """Count lines that have their answers."""
        self.lines += len(outcomes)
        counts = self._purchases.counts.outcomes
        for outcome, count in Counter(outcomes).items():
            counts[outcome] = counts.get(outcome, 0) + count

    def when_durable(self, outcomes: Sequence[Outcome], waiter: Waiter, answers: bytes) -> None:
        """Give the waiter these answers once all that is appended is on disk."""
        waiting = _Answers(self, outcomes, waiter)
        self._commit.when_durable(self._commit.appended, waiting, answers)

    async def decide(self, window: Window, by: str, turn: Turn) -> list[Outcome]:
        """Decide the purchases of a window; their outcomes."""
        decisions, aside = Decisions(self._around, window, by), dict[str, list[int]]()
        find = self._dispatcher.accounts.find
        refused, may_wait = self._begin(decisions, turn)
        try:
            for account_id, share in window.parts(MAX_SHARE):
                if turn.is_over():
                    decisions.end()
                    await turn.pause()
                    refused, may_wait = self._begin(decisions, turn)
                actor = find(account_id)
                if actor is None or refused is not None:
                    decisions.answer(share, refused or _NO_ACCOUNT)
                elif may_wait and (account_id in aside or self._has_to_wait(actor, share, window)):
                    aside.setdefault(account_id, []).extend(share)
                else:
                    decisions.decide(actor, share)
        finally:
            decisions.end()
        if aside:
            await self._decide_aside(window, aside, by, turn, decisions)
        return decisions.outcomes

    def _begin(self, decisions: Decisions, turn: Turn) -> tuple[Outcome | None, bool]:
        """Begin a slice: what all is answered if nothing is decided, and whether any may wait."""
        decisions.begin(turn.began_ns)
        dispatcher = self._dispatcher
        refused = None
        if not turn.has_room:
            refused = _OVERLOADED
        elif dispatcher.merchants.broken:
            refused = UNAVAILABLE
        limits = self._around.context.policy.global_limits.terms
        return refused, bool(limits) or dispatcher.recall.archive.has_any

    def _has_to_wait(
        self, actor: EntityActor[Account], share: Sequence[int], window: Window
    ) -> bool:
        """Whether a share waits for its account to count, or for what has left memory."""
        dispatcher = self._dispatcher
        if dispatcher.counting is not None and dispatcher.counting.is_due(actor.state):
            return True
        recall, account_id = dispatcher.recall, actor.entity_id
        return recall.archive.has_any and any(
            recall.may_be_archived(account_id, window.purchases.ids[place]) for place in share
        )

    async def _decide_aside(
        self,
        window: Window,
        aside: Mapping[str, Sequence[int]],
        by: str,
        turn: Turn,
        decisions: Decisions,
    ) -> None:
        """Decide what has to wait for something: account beside account, each in its order."""
        room = asyncio.Semaphore(_ASIDE_AT_ONCE)

        async def one(account_id: str, places: Sequence[int]) -> None:
            async with room:
                for place in places:
                    if turn.is_over():
                        await turn.pause()
                    outcome = _OVERLOADED
                    if turn.has_room:
                        now_ns = self._clock.monotonic_ns()
                        command = window.purchases.command(place, account_id, by, now_ns)
                        outcome = await self._decide_waiting(command)
                    decisions.answer((place,), outcome)

        await asyncio.gather(*[one(account_id, places) for account_id, places in aside.items()])

    async def _decide_waiting(self, command: Authorize) -> Outcome:
        """Decide a purchase after what it has to wait for; its time counts from now on."""
        dispatcher, account_id = self._dispatcher, command.account_id
        message: object = command
        try:
            if dispatcher.counting is not None:
                await dispatcher.counting.wait(self._account(account_id).state)
            key = command.transaction_id
            if key is not None and dispatcher.recall.may_be_archived(account_id, key):
                found = await dispatcher.recall.look_up(account_id, key)
                message = command if found is None else Recalling(command, found)
            outcome: Outcome = self._account(account_id).on_receive(message)
        except ArchiveError:  # nothing is decided on an id that may have been answered
            return UNAVAILABLE
        except Exception as bug:  # noqa: BLE001 - a bug has an answer too
            self.on_bug(bug)
            return UNAVAILABLE
        return outcome

    def _account(self, account_id: str) -> EntityActor[Account]:
        actor = self._dispatcher.accounts.find(account_id)
        assert actor is not None, "accounts stay"
        return actor
