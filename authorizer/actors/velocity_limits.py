"""Velocity limits: put with what was spent before, which the read models know.

A limit counts from its window's start, so an account's earlier purchases are looked up when it
begins to count. The account goes on meanwhile, and notes what it spends (`SpendingLog`): a look-up
is of use however busy the account is.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeVar

import structlog

from authorizer.actors.calendar import WindowOf
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.entity import EntityActor, Upkeep
from authorizer.domain.accounts.limits import (
    RENEWING,
    TRANSACTION,
    Counted,
    LimitTerms,
    LimitView,
)
from authorizer.domain.accounts.purchase_commands import Explain, PutLimit, ReadLimits, RemoveLimit
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.accounts.velocity import limits_of, limits_to_count
from authorizer.domain.limits.commands import (
    PutGlobalLimit,
    ReadGlobalLimits,
    RemoveGlobalLimit,
)
from authorizer.domain.outcomes import Done, Refusal, RefusalKind, unknown

TRIES: Final = 8
"""How often a look-up is made that the account can't complete: it fell asleep meanwhile, say."""

History = Callable[[str, int], Awaitable[tuple[Counted, ...]]]
"""The purchases of an account since a time that count by now, oldest first."""

T = TypeVar("T")

log = structlog.get_logger()


class NotCountedError(Exception):
    """An account could not begin to count for a limit."""


class VelocityLimits:
    """Puts, reads and takes away limits."""

    def __init__(
        self, dispatcher: Dispatcher, clock: Clock, window_of: WindowOf, history: History
    ) -> None:
        self._dispatcher = dispatcher
        self._window_of = window_of
        self._clock = clock
        self._history = history

    async def of_account(self, account_id: str) -> tuple[LimitView, ...] | Refusal:
        """An account's own limits, then those for every account, as far as it has used them."""
        of_all = await self.of_all()
        if isinstance(of_all, Refusal):
            return of_all
        now_us = self._clock.now_us()
        answer = await self._dispatcher.ask(ReadLimits(account_id, now_us, of_all))
        if isinstance(answer, Refusal):
            return answer
        return tuple(self._renewing(view, now_us) for view in answer[1])

    def _renewing(self, view: LimitView, now_us: int) -> LimitView:
        """A limit with when it renews, where no purchase has seen the window that has begun."""
        window, is_told = view.terms.window, view.renews_at_us is not None
        if is_told or view.used_cents is None or window not in RENEWING:
            return view
        return view._replace(renews_at_us=self._window_of(window, now_us)[1])

    async def one(self, account_id: str, name: str) -> LimitView | Refusal:
        """One of an account's own limits."""
        found = await self.of_account(account_id)
        if isinstance(found, Refusal):
            return found
        named = (limit for limit in found if limit.name == name and not limit.is_global)
        return next(named, None) or unknown("limit", name)

    async def put(
        self, account_id: str, name: str, terms: LimitTerms, by: str, is_global: bool = False
    ) -> Answer[LimitView]:
        """Put a limit on an account, with what was spent in its window before."""
        for _ in range(TRIES):
            actor = self._dispatcher.accounts.find(account_id)
            now_us = self._clock.now_us()
            put = PutLimit(account_id, name, is_global, terms, (), None, now_us, by)
            since_us = self._since_us(terms, now_us)
            if actor is None or since_us is None or actor.state.status is AccountStatus.CLOSED:
                answer = await self._dispatcher.ask(put)  # it is refused, or nothing was before
            elif _counts_like(actor.state, put):
                answer = await self._dispatcher.ask(put._replace(as_of=actor.state.position))
            else:
                answer = await self._put_looking_back(actor, put, since_us)
            if not (isinstance(answer, Refusal) and answer.kind is RefusalKind.CHANGED):
                return answer
        return Refusal(RefusalKind.OVERLOADED, f"account {account_id!r} is too busy for a limit")

    async def _put_looking_back(
        self, actor: EntityActor[Account], put: PutLimit, since_us: int
    ) -> Answer[LimitView]:
        """Put a limit with what the account has spent, which notes what it spends meanwhile."""
        position = await actor.actor_ref.ask(Upkeep(Account.begin_spending_log), block=False)
        if isinstance(position, Refusal):  # it is broken
            return position
        try:
            history = await self._history(put.account_id, since_us)
            return await self._dispatcher.ask(put._replace(history=history, as_of=position))
        finally:
            if self._dispatcher.accounts.active(put.account_id) is actor:  # it may have slept
                end = partial(Account.end_spending_log, position=position)
                actor.actor_ref.tell(Upkeep(end))

    def _since_us(self, terms: LimitTerms, now_us: int) -> int | None:
        """Since when earlier purchases may count; None where none does."""
        if terms.window == TRANSACTION:
            return None
        if terms.trailing_us is not None:
            return now_us - terms.trailing_us
        return self._window_of(terms.window, now_us)[0]

    async def remove(self, account_id: str, name: str, by: str) -> Answer[None]:
        """Take one of an account's own limits away."""
        return await self._dispatcher.ask(RemoveLimit(account_id, name, by))

    async def of_all(self) -> Mapping[str, LimitTerms] | Refusal:
        """The limits for every account."""
        answer = await self._dispatcher.ask(ReadGlobalLimits())
        return answer if isinstance(answer, Refusal) else answer[1]

    async def one_of_all(self, name: str) -> LimitTerms | Refusal:
        """A limit for every account."""
        found = await self.of_all()
        if isinstance(found, Refusal):
            return found
        return found.get(name) or unknown("limit", name)

    async def begin(self, account_id: str, name: str, terms: LimitTerms) -> None:
        """Have an account begin to count for a limit for every account, if it has not."""
        actor = self._dispatcher.accounts.find(account_id)
        if actor is None:
            return
        counted = actor.state.global_limits.get(name)
        if counted is None or not counted.terms.counts_like(terms):
            answer = await self.put(account_id, name, terms, "limits", is_global=True)
            if isinstance(answer, Refusal):
                raise NotCountedError(answer.detail)

    async def explain(self, command: Explain) -> Answer[None]:
        """Say how a purchase would be decided now; nothing is journaled.

        What the account would count of limits for every account, had it begun to, is looked up.
        Where that fails, the limit is one that is `counting`.
        """
        of_all = await self.of_all()
        if isinstance(of_all, Refusal):
            return of_all
        for _ in range(TRIES):
            actor = self._dispatcher.accounts.find(command.account_id)
            if actor is None or not limits_to_count(actor.state, of_all):
                break
            position = actor.state.position
            histories = await self._histories(actor.state, of_all)
            asked = command._replace(histories=histories, as_of=position)
            answer = await self._dispatcher.ask(asked)
            if not (isinstance(answer, Refusal) and answer.kind is RefusalKind.CHANGED):
                return answer
        return await self._dispatcher.ask(command)

    async def _histories(
        self, account: Account, of_all: Mapping[str, LimitTerms]
    ) -> dict[str, tuple[Counted, ...]]:
        """By limit, the earlier purchases of an account that has not begun to count for it."""
        found: dict[str, tuple[Counted, ...]] = {}
        for name, terms in of_all.items():
            part = account.global_limits.get(name)
            if part is not None and part.terms.counts_like(terms):
                continue
            since_us = self._since_us(terms, self._clock.now_us())
            try:
                found[name] = await self._earlier(account.account_id, since_us)
            except Exception as error:  # noqa: BLE001 - the read models may be away in many ways
                log.warning(
                    "a dry run without a limit's count",
                    account=account.account_id,
                    limit=name,
                    problem=str(error),
                )
        return found

    async def _earlier(self, account_id: str, since_us: int | None) -> tuple[Counted, ...]:
        return () if since_us is None else await self._history(account_id, since_us)

    async def put_for_all(self, name: str, terms: LimitTerms, by: str) -> Done | Refusal:
        """Put a limit on every account; each begins to count with its next purchase."""
        answer = await self._dispatcher.ask(PutGlobalLimit(name, terms, by))
        return answer if isinstance(answer, Refusal) else answer[0]

    async def remove_for_all(self, name: str, by: str) -> Done | Refusal:
        """Take a limit away from every account."""
        answer = await self._dispatcher.ask(RemoveGlobalLimit(name, by))
        return answer if isinstance(answer, Refusal) else answer[0]


def _counts_like(account: Account, put: PutLimit) -> bool:
    """Whether the account counts already what a limit is to count: only its ceilings change."""
    known = limits_of(account, put.is_global).get(put.name)
    return known is not None and known.terms.counts_like(put.terms)
