"""Has closed purchases leave memory, once they are old or too many."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog

from authorizer.actors.crowd import Crowd
from authorizer.actors.directory import Directory
from authorizer.actors.entity import ActorContext, OffLoop, Upkeep, durable
from authorizer.actors.recall import Recall
from authorizer.domain.accounts.leaving import (
    MAX_AT_ONCE,
    ClosedPurchases,
    closed_purchases,
    let_go,
    may_leave,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import DAY_US, SECOND_US
from authorizer.persistence.archive.protocol import ArchiveError

MAX_TAKEN: Final = 4096
"""Purchases that the archive takes in one go, give or take those of one account."""
SLICE_SECONDS: Final = 0.0005
"""How long one slice may hold the loop, give or take one account."""
PAUSE_SECONDS: Final = 0.05
SPARE_US: Final = 31 * DAY_US
"""How much longer the archive keeps purchases than they are found."""
AGAIN_SECONDS: Final = 30.0
"""How long nothing is archived after the archive has refused; all stays in memory meanwhile."""

log = structlog.get_logger()


class Archiving:
    """Moves purchases into the archive: looked up, made durable, archived, and only then let go."""

    def __init__(
        self,
        around: ActorContext,
        directory: Directory[Any],
        recall: Recall,
        crowd: Crowd,
        off_loop: OffLoop,
        seconds: Callable[[], float],
    ) -> None:
        """`seconds` is a stopwatch."""
        self._around = around
        self._directory = directory
        self._recall = recall
        self._off_loop = off_loop
        self._seconds = seconds
        self._crowd = crowd
        self.archived = 0
        """How many purchases have left memory."""
        self.failed = False
        """Whether the archive refused the last time."""

    async def run(self) -> None:
        """Archive whatever is noted, for ever."""
        while True:
            await self._crowd.noted()
            try:
                await self.work()
            except Exception as bug:
                self.failed = True
                log.error("a bug while purchases leave memory", exc_info=bug)
            if self._crowd:
                self._crowd.look_again()
            await asyncio.sleep(AGAIN_SECONDS if self.failed else PAUSE_SECONDS)

    async def work(self) -> int:
        """Archive what is noted; how many purchases were let go, or are on their way out.

        While the disk is short all of them stay.
        """
        gone = 0
        while self._crowd and not self._around.disk_room.is_short:
            closed = await self._gather()
            if not closed:
                continue
            await durable(self._around.commit, max(each.position for each in closed))
            try:
                await self._off_loop(self._recall.archive.put, closed)
            except ArchiveError as error:
                self.failed = True
                log.error("purchases stay in memory", problem=str(error))
                for each in closed:
                    self._crowd.note(each.account_id)
                return gone
            self.failed = False
            self._recall.changes += 1
            until = self._seconds() + SLICE_SECONDS
            for each in closed:
                self._let_go(each)
                gone += each.total
                if self._seconds() >= until:
                    await asyncio.sleep(0)
                    until = self._seconds() + SLICE_SECONDS
        return gone

    async def _gather(self) -> list[ClosedPurchases]:
        """What may leave, looked up in slices between which the loop goes on."""
        gathered: list[ClosedPurchases] = []
        count = 0
        until = self._seconds() + SLICE_SECONDS
        while self._crowd and count < MAX_TAKEN:
            closed = self._closed_of(self._crowd.take())
            if closed is not None:
                gathered.append(closed)
                count += closed.total
            if self._seconds() >= until:
                await asyncio.sleep(0)
                until = self._seconds() + SLICE_SECONDS
        return gathered

    async def forget(self) -> None:
        """Have the archive drop what is past its retention, as far as it lies together.

        A recovery goes back a while: what an event changed by then is kept so much longer.
        """
        around = self._around
        if around.disk_room.is_short:  # a database grows before it gets smaller
            return
        since_us = around.clock.newest_us - around.context.policy.id_retention_us - SPARE_US
        try:
            await self._off_loop(self._recall.archive.forget_before, since_us)
        except ArchiveError as error:
            log.error("old purchases stay in the archive", problem=str(error))

    def _closed_of(self, account_id: str) -> ClosedPurchases | None:
        actor = self._directory.active(account_id)
        if actor is not None and actor.broken:
            return None
        account: Account = self._directory.at_rest(account_id) if actor is None else actor.state
        closed = closed_purchases(account, old_before(self._around), self._around.room.most)
        if actor is None and closed is not None and len(closed.purchases) == MAX_AT_ONCE:
            self._directory.find(account_id)  # awake, it is not unpacked again for each few
        return closed

    def _let_go(self, closed: ClosedPurchases) -> None:
        """After all messages that were put before: they were told that the archive has nothing."""
        self.archived += closed.total
        actor = self._directory.active(closed.account_id)
        if actor is not None:
            actor.actor_ref.tell(Upkeep(lambda account: self._go(account, closed)))
        else:
            self._directory.apply_retention(
                closed.account_id, lambda account: self._go(account, closed)
            )

    def _go(self, account: Account, closed: ClosedPurchases) -> int:
        gone = let_go(account, closed)
        if may_leave(account, old_before(self._around), self._around.room.most):
            self._crowd.note(closed.account_id)  # only so many leave at once
        return gone


def old_before(around: ActorContext) -> int:
    """The time before which a purchase's last change makes it old."""
    return around.clock.now_us() - around.room.seconds * SECOND_US
