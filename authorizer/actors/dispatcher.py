"""The dispatcher: which entity a command is for, and whether there is room in its inbox."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from authorizer.actors.directory import Directory
from authorizer.actors.entity import ActorContext, EntityActor, Recalling
from authorizer.actors.recall import UNREADABLE, Recall, purchase_named
from authorizer.actors.reply import LoopFuture, Reply
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    IncrementHold,
    ReadLimits,
)
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account
from authorizer.domain.aggregate import Aggregate
from authorizer.domain.aggregates import AGGREGATE_OF_COMMAND, AGGREGATES
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import Customer
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.messages import Command
from authorizer.domain.outcomes import OUTCOMES, Done, Outcome, Reason, Refusal, RefusalKind
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import Ticket
from authorizer.persistence.archive.protocol import ArchiveError

MAX_RESIDENT_OTHERS: Final = 10_000
"""Entities of every aggregate but the accounts that are awake at most: no purchase waits for
them."""

R = TypeVar("R")
Answer = tuple[Done, R] | Refusal

_FULL: Final = Refusal(
    RefusalKind.OVERLOADED, "too many requests wait for this account or customer"
)
_FULL_TICKET: Final = Refusal(RefusalKind.OVERLOADED, "too many requests wait for this ticket")


LIMITED: Final = frozenset((AuthorizeHold, IncrementHold, ReadLimits))
"""Commands that limits look at, besides purchases of one message."""


class Bounds(NamedTuple):
    """How much there may be at a time."""

    resident: int
    """Accounts that are awake."""
    inbox: int
    """Messages that wait for one entity."""


class Counting(Protocol):
    """Has accounts begin to count for the limits that are for every account."""

    def is_due(self, account: Account) -> bool:
        """Whether there is a limit for which the account has not begun to count."""

    def first(self, account_id: str, then: Callable[[], object]) -> None:
        """Have it begin, then go on; in the order of the calls, and soon in any case."""

    async def wait(self, account: Account) -> None:
        """Have it begin, and return then; soon in any case."""


class Dispatcher:
    """All entities, and the way of a command to the one that decides it."""

    def __init__(self, around: ActorContext, recall: Recall, bounds: Bounds) -> None:
        """Every entity that there is, asleep."""
        self._state = around.state
        self._run_queue = around.run_queue
        self._commit = around.commit
        self._limits = around.state.single(LIMITS)
        self._max_inbox = bounds.inbox
        self.recall = recall
        """Finds purchases that have left memory."""
        self._recalling: set[asyncio.Task[None]] = set()
        self.counting: Counting | None = None
        """Has accounts begin to count for limits that are for all; None: there are none."""
        others = min(bounds.resident, MAX_RESIDENT_OTHERS)
        self.directories: Mapping[Aggregate[Any], Directory[Any]] = {
            aggregate: _directory(
                aggregate, around, bounds.resident if aggregate is ACCOUNTS else others
            )
            for aggregate in AGGREGATES
            if not aggregate.is_single
        }
        """The entities of every aggregate that has many."""
        self._singles: Mapping[Aggregate[Any], EntityActor[Any]] = {
            aggregate: EntityActor(
                aggregate, aggregate.plural, around.state.single(aggregate), around
            )
            for aggregate in AGGREGATES
            if aggregate.is_single
        }
        self.accounts: Directory[EntityActor[Account]] = self.directories[ACCOUNTS]
        self.customers: Directory[EntityActor[Customer]] = self.directories[CUSTOMERS]
        self.tickets: Directory[EntityActor[Ticket]] = self.directories[TICKETS]
        self.merchants = self._singles[MERCHANTS]

    async def ask(self, command: Command[R], entity_id: str | None = None) -> Answer[R]:
        """Ask the entity of a command, and return its answer once all that it rests on is durable.

        `entity_id` names the entity of a command that does not: a ticket's, when it is opened.
        Refused where there is no such entity, or where too many messages wait for it.
        """
        aggregate, actor = self._entity_of(command, entity_id)
        if isinstance(actor, Refusal):
            return actor
        if len(actor.actor_inbox) >= self._max_inbox:
            return _FULL_TICKET if aggregate is TICKETS else _FULL
        if self._limits.terms and type(command) in LIMITED and self.counting is not None:
            await self.counting.wait(actor.state)
        message: Any = command
        named = purchase_named(command) if aggregate is ACCOUNTS else None
        if named is not None and self.recall.may_be_archived(actor.entity_id, named):
            try:
                found = await self.recall.look_up(actor.entity_id, named)
            except ArchiveError:
                return UNREADABLE
            message = command if found is None else Recalling(command, found)
        _, actor = self._entity_of(command, entity_id)  # it may have become passive meanwhile
        assert not isinstance(actor, Refusal)
        return cast(Answer[R], await actor.actor_ref.ask(message, block=False))

    def send(self, command: Command[R]) -> Awaitable[Answer[R]]:
        """Send a command to its entity now, and return what becomes the answer.

        For a caller that keeps what is under way within bounds itself: no inbox is too full.
        """
        _, actor = self._entity_of(command, None)
        if isinstance(actor, Refusal):
            refused = LoopFuture()
            refused.set(actor)
            return refused
        return cast(Awaitable[Answer[R]], actor.actor_ref.ask(command, block=False))

    def ready(self, account_id: str, purchase_id: str) -> EntityActor[Account] | None:
        """The account's actor, if it can be asked about a purchase in this step of the loop.

        None where `ask` has to be awaited: it would refuse, or look something up first.
        """
        actor = self.accounts.find(account_id)
        if actor is None or len(actor.actor_inbox) >= self._max_inbox:
            return None
        counting = self.counting if self._limits.terms else None
        if counting is not None and counting.is_due(actor.state):
            return None
        if self.recall.may_be_archived(account_id, purchase_id):
            return None
        return actor

    def submit(self, command: Authorize, reply: Reply) -> Outcome | None:
        """Queue a purchase; its outcome goes to `reply`. Return it where no account will decide."""
        if self.merchants.broken:
            return OUTCOMES[Reason.UNAVAILABLE]
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return OUTCOMES[Reason.ACCOUNT_NOT_FOUND]
        inbox = actor.actor_inbox
        if inbox.waiting and len(inbox) >= self._max_inbox:
            return OUTCOMES[Reason.OVERLOADED]
        if self._limits.terms and self.counting is not None and self.counting.is_due(actor.state):
            self.counting.first(command.account_id, partial(self._submit, command, reply))
            return None
        if self.recall.archive.has_any:
            self._submit(command, reply)
        else:
            inbox.add(command, reply)
        return None

    def _submit(self, command: Authorize, reply: Reply) -> None:
        """Put a purchase to its account, with what of its id has left memory."""
        if self.recall.may_be_archived(command.account_id, command.transaction_id):
            task = asyncio.get_running_loop().create_task(self._submit_recalling(command, reply))
            self._recalling.add(task)
            task.add_done_callback(self._recalling.discard)
        else:
            self._account(command).ask_for(command, reply)

    async def _submit_recalling(self, command: Authorize, reply: Reply) -> None:
        assert command.transaction_id is not None
        try:
            found = await self.recall.look_up(command.account_id, command.transaction_id)
            message = command if found is None else Recalling(command, found)
            self._account(command).ask_for(message, reply)
        except ArchiveError:  # nothing is decided on an id that may have been answered
            reply.set(OUTCOMES[Reason.UNAVAILABLE])
        except Exception:  # noqa: BLE001 - a bug has an answer too
            reply.set_exception()

    def _account(self, command: Authorize) -> EntityActor[Account]:
        actor = self.accounts.find(command.account_id)
        assert actor is not None, "accounts stay"
        return actor

    def account_of_card(self, card_id: str) -> str | None:
        """The account that a card is on."""
        return self._state.indexes[ACCOUNT_OF_CARD].get(card_id)

    def queued(self) -> int:
        """How many messages wait in all inboxes."""
        return len(self._run_queue)

    def is_busy(self) -> bool:
        """Whether messages wait to be handled, or answers to be let go, by the loop."""
        return len(self._run_queue) > 0 or self._commit.is_releasing

    def _entity_of(
        self, command: Command[Any], entity_id: str | None
    ) -> tuple[Aggregate[Any], EntityActor[Any] | Refusal]:
        aggregate = AGGREGATE_OF_COMMAND[type(command)]
        single = self._singles.get(aggregate)
        if single is not None:
            return aggregate, single
        directory = self.directories[aggregate]
        if entity_id is None:
            entity_id = aggregate.id_of(command)
        if aggregate.handlers[type(command)].creates:
            return aggregate, directory.find_or_new(entity_id)
        return aggregate, directory.find(entity_id) or aggregate.unknown(entity_id)


def _directory(
    aggregate: Aggregate[Any], around: ActorContext, max_resident: int
) -> Directory[EntityActor[Any]]:
    return Directory(
        around.state[aggregate],
        lambda entity_id, state: EntityActor(aggregate, entity_id, state, around),
        max_resident,
    )
