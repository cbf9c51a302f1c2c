"""Has each account begin to count for the limits that are for every account.

It begins with the account's next purchase, which waits for the look-up of what was spent before,
but not long: past half of its deadline it is decided without the limit, whose count then begins a
little later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from typing_extensions import override

from authorizer.actors.disk_room import DiskRoom
from authorizer.actors.dispatcher import Counting
from authorizer.domain.accounts.limits import LimitTerms
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.accounts.velocity import limits_to_count
from authorizer.domain.limits.state import GlobalLimits

PATIENCE: Final = 0.5
"""How much of a purchase's deadline it may wait."""
AGAIN_SECONDS: Final = 5.0
"""How long an account is let alone after a look-up that failed."""

Begin = Callable[[str, str, LimitTerms], Awaitable[object]]
"""Begins the count of an account for a limit, by its name and terms; it may raise anything."""

log = structlog.get_logger()


class GlobalCounting(Counting):
    """The accounts that are beginning to count, and what waits for them."""

    def __init__(
        self, limits: GlobalLimits, begin: Begin, disk_room: DiskRoom, deadline_s: float
    ) -> None:
        """Nobody begins while the disk is short: a purchase would wait in vain."""
        self._limits = limits
        self._patience_s = PATIENCE * deadline_s
        self._disk_room = disk_room
        self._begin = begin
        self._waiting: dict[str, list[Callable[[], object]]] = {}
        self._patience: dict[str, asyncio.TimerHandle] = {}
        """What ends the wait of each."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._let_alone: dict[str, Mapping[str, LimitTerms]] = {}
        """Accounts whose last look-up failed, with the limits that there were."""

    @override
    def is_due(self, account: Account) -> bool:
        return bool(
            self._limits.terms
            and (account.account_id in self._waiting or self._is_to_begin(account))
            and account.account_id not in self._let_alone
        )

    def _is_to_begin(self, account: Account) -> bool:
        may_begin = not self._disk_room.is_short and account.status is not AccountStatus.CLOSED
        return may_begin and limits_to_count(account, self._limits.terms)

    @override
    def first(self, account_id: str, then: Callable[[], object]) -> None:
        waiting = self._waiting.get(account_id)
        if waiting is not None:
            waiting.append(then)
            return
        self._waiting[account_id] = [then]
        loop = asyncio.get_running_loop()
        self._patience[account_id] = loop.call_later(self._patience_s, self._go_on, account_id)
        if account_id not in self._tasks:
            self._tasks[account_id] = loop.create_task(self._count(account_id))

    @override
    async def wait(self, account: Account) -> None:
        if self.is_due(account):
            begun = asyncio.Event()
            self.first(account.account_id, begun.set)
            await begun.wait()

    async def _count(self, account_id: str) -> None:
        failed = False
        try:
            for name, terms in list(self._limits.terms.items()):
                failed |= not await self._has_begun(account_id, name, terms)
        finally:
            if failed:
                self._let_alone[account_id] = self._limits.terms
                loop = asyncio.get_running_loop()
                loop.call_later(AGAIN_SECONDS, self._let_alone.pop, account_id, None)
            del self._tasks[account_id]
            self._go_on(account_id)

    async def _has_begun(self, account_id: str, name: str, terms: LimitTerms) -> bool:
        """Whether an account counts for a limit now; one that does not keeps no other from it."""
        try:
            await self._begin(account_id, name, terms)
        except Exception as error:  # noqa: BLE001 - the read models may be away in many ways
            log.warning(
                "a limit is not counted yet", account=account_id, limit=name, problem=str(error)
            )
            return False
        return True

    def _go_on(self, account_id: str) -> None:
        patience = self._patience.pop(account_id, None)
        if patience is not None:
            patience.cancel()
        for then in self._waiting.pop(account_id, ()):
            then()
