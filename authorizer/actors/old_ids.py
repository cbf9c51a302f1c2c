"""Old ids are forgotten, and old purchases leave memory, also of accounts that stay passive."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.actors.archiving import Archiving, old_before
from authorizer.actors.directory import Directory
from authorizer.actors.entity import ActorContext
from authorizer.domain.accounts.leaving import may_leave
from authorizer.domain.accounts.state import Account, forget_ids
from authorizer.domain.moments import SECOND_US

SLICE_SECONDS: Final = 0.0005
"""How long one slice may hold the loop, give or take one account."""
PAUSE_SECONDS: Final = 0.025
ROUNDS_A_RETENTION: Final = 24
"""So an id stays for a twenty-fourth of the retention too long, at most."""
ROUNDS_IN_ROOM: Final = 4
"""And a closed purchase stays in memory a quarter longer than it should, at most."""


class Round(NamedTuple):
    """The result of one walk along all accounts."""

    accounts: int
    ids: int
    """How many ids were forgotten."""


class OldIds:
    """Walks along all accounts, active and passive, in slices between which the loop goes on.

    No rule looks at the ids that it takes away, so it is no event, and decides nothing.
    """

    def __init__(
        self,
        around: ActorContext,
        directory: Directory[Any],
        archiving: Archiving,
        seconds: Callable[[], float],
    ) -> None:
        self._around = around
        self._directory = directory
        self._archiving = archiving
        self._seconds = seconds
        self.rounds = 0
        """How many rounds were walked."""
        self.forgotten = 0
        """How many ids were forgotten in them."""

    async def run(self, after_round: Callable[[Round], None]) -> None:
        """Walk round after round, the first one at once."""
        policy = self._around.context.policy
        retention_seconds = min(policy.id_retention) / SECOND_US / ROUNDS_A_RETENTION
        pause_seconds = min(retention_seconds, self._around.room.seconds / ROUNDS_IN_ROOM)
        while True:
            started = self._seconds()
            walked = await self.round()
            self.rounds += 1
            self.forgotten += walked.ids
            after_round(walked)
            await self._archiving.forget()
            left = pause_seconds - (self._seconds() - started)
            await asyncio.sleep(max(PAUSE_SECONDS, left))

    async def round(self) -> Round:
        """Walk along the accounts that exist at its beginning."""
        ids = self._directory.ids()
        count, forgotten = len(ids), 0
        at = 0
        while at < count:
            until = self._seconds() + SLICE_SECONDS
            while at < count:
                forgotten += self._directory.apply_retention(ids[at], self._forget)
                at += 1
                if self._seconds() >= until:
                    break
            await asyncio.sleep(PAUSE_SECONDS)
        return Round(count, forgotten)

    def _forget(self, account: Account) -> int:
        around = self._around
        forgotten = forget_ids(account, around.clock.newest_us, around.context.policy.id_retention)
        if may_leave(account, old_before(around), around.room.most):
            around.crowded(account.account_id)
        return forgotten
