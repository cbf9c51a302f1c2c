"""Batches of purchases: each is decided as it would be alone, in the order of the lines.

The lines of a batch come in windows. Those of a window on one account are decided together, in
their order; lines on different accounts in any order. A window's answers rest on everything that
was appended until then.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from authorizer.actors.batch_shares import (
    UNAVAILABLE,
    BatchPurchase,
    Share,
    Window,
    as_command,
    decide_share,
)
from authorizer.actors.batch_turns import Turn, Turns
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.entity import EntityActor, Recalling
from authorizer.actors.purchases import Purchases
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.persistence.archive.protocol import ArchiveError
from authorizer.persistence.journal.group_commit import GroupCommit, Waiter

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
        self, purchases: Purchases, dispatcher: Dispatcher, clock: Clock, commit: GroupCommit
    ) -> None:
        self._purchases = purchases
        self.on_bug = purchases.on_bug
        self._dispatcher = dispatcher
        self._clock = clock
        self._commit = commit
        self.turns = Turns(purchases.admission, clock.monotonic_ns, commit.flush)
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

    async def decide(self, window: Window, by: str, turn: Turn) -> None:
        """Decide the purchases of a window."""
        purchases, aside = window.purchases, list[tuple[str, Sequence[int]]]()
        outcomes = window.outcomes = [UNAVAILABLE] * len(purchases)
        for account_id, all_places in window.shares.items():
            for at in range(0, len(all_places), MAX_SHARE):
                places = all_places[at : at + MAX_SHARE]
                share = Share([purchases[place] for place in places], by, turn.began_ns)
                decided = self._decide_now(account_id, share, turn)
                if decided is None:
                    aside.append((account_id, all_places[at:]))
                    break
                for place, outcome in zip(places, decided, strict=True):
                    outcomes[place] = outcome
                if turn.is_over():
                    await turn.pause()
        if aside:
            await self._decide_aside(window, aside, by, turn)

    def _decide_now(self, account_id: str, share: Share, turn: Turn) -> Sequence[Outcome] | None:
        """The outcomes of a share; None where something has to be waited for first."""
        count = len(share.purchases)
        if not turn.has_room:
            return [_OVERLOADED] * count
        dispatcher = self._dispatcher
        if dispatcher.merchants.broken:
            return [UNAVAILABLE] * count
        actor = dispatcher.accounts.find(account_id)
        if actor is None:
            return [_NO_ACCOUNT] * count
        if dispatcher.counting is not None and dispatcher.counting.is_due(actor.state):
            return None
        recall = dispatcher.recall
        if recall.archive.has_any and any(
            recall.may_be_archived(account_id, purchase[1]) for purchase in share.purchases
        ):
            return None
        try:
            return decide_share(actor, share)
        except Exception as bug:  # noqa: BLE001 - the other accounts go on
            self.on_bug(bug)
            return [UNAVAILABLE] * count

    async def _decide_aside(
        self,
        window: Window,
        aside: Sequence[tuple[str, Sequence[int]]],
        by: str,
        turn: Turn,
    ) -> None:
        """Decide what has to wait for something: account beside account, each in its order."""
        room = asyncio.Semaphore(_ASIDE_AT_ONCE)

        async def one(account_id: str, places: Sequence[int]) -> None:
            async with room:
                for place in places:
                    if turn.is_over():
                        await turn.pause()
                    window.outcomes[place] = (
                        await self._decide_waiting(account_id, window.purchases[place], by)
                        if turn.has_room
                        else _OVERLOADED
                    )

        await asyncio.gather(*[one(account_id, places) for account_id, places in aside])

    async def _decide_waiting(self, account_id: str, purchase: BatchPurchase, by: str) -> Outcome:
        """Decide a purchase after what it has to wait for; its time counts from now on."""
        dispatcher = self._dispatcher
        command = as_command(purchase, by, self._clock.monotonic_ns())
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
