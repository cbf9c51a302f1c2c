"""The actors at work on the running event loop, with a journal in memory.

Nothing is durable before the test says so: `commit()` writes what has gathered, as the writer's
thread would. The clocks stand still until the test moves them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from authorizer.actors.assembly import assemble
from authorizer.actors.clock import Clock
from authorizer.actors.directory import Directory
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.entity import Surroundings
from authorizer.actors.run_queue import RunQueue
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    Credit,
    OpenAccount,
    OpenCards,
    ReadAccount,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account, AccountView
from authorizer.domain.aggregate import Aggregate, Context
from authorizer.domain.customers.commands import RegisterCustomer
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Outcome, Refusal
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS
from authorizer.persistence.journal.frame import GENESIS
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.privacy.personal import join_texts
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.record import decode
from authorizer.persistence.state.state import Replay, State
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.builders import BY, deep
from tests.support.purchases import decided

T = TypeVar("T")

START_NS = 1_700_000_000_000_000_000
STEPS = 40
"""Steps of the loop within which everything that can happen without a commit has happened."""


class MemoryJournal:
    """A journal that keeps its records in a list."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.batches: list[int] = []

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        """See `Journal`."""
        assert first_position == len(self.records) + 1
        self.records += records
        self.batches.append(len(records))
        return len(self.records).to_bytes(32, "big")

    def close(self) -> None:
        """See `Journal`."""

    def events(self) -> list[Event]:
        """What happened, as far as it is durable."""
        return [decode(record) for record in self.records]


class House:
    """The actors, and the hands of the test on commit and clocks."""

    def __init__(
        self,
        max_resident: int = 1000,
        max_inbox: int = 10_000,
        **policy: Any,
    ) -> None:
        self.wall_ns = START_NS
        self.monotonic_ns = 0
        self.bugs: list[tuple[str, BaseException]] = []
        self.journal = MemoryJournal()
        self.state = State()
        self.vault = Vault(MemoryDisk(), "keys")
        self.commits = GroupCommit(
            self.journal, 0, GENESIS, _at_once, _raise, lambda: self.monotonic_ns / 1e9
        )
        self.clock = Clock(lambda: self.wall_ns, lambda: self.monotonic_ns)
        self.around = Surroundings(
            Context(
                Policy(merchants=self.state.single(MERCHANTS), **policy),
                DEFAULT_SERVICE_LEVELS,
                self.vault,
                self.state.indexes,
                join_texts,
            ),
            self.clock,
            self.commits,
            RunQueue(asyncio.get_running_loop().call_soon, self.commits.flush),
            self.state,
            lambda entity_id, bug: self.bugs.append((entity_id, bug)),
        )
        self.actors = assemble(self.around, self.vault, inline, _raise, max_resident, max_inbox)
        self.dispatcher = self.actors.dispatcher

    def let_pass(self, time_ns: int) -> None:
        """Let time pass, on both clocks."""
        self.wall_ns += time_ns
        self.monotonic_ns += time_ns

    @property
    def appended(self) -> int:
        """The position of the newest event, durable or not."""
        return self.commits.appended

    def commit(self) -> bool:
        """Make durable what has gathered, and let its answers go."""
        return self.commits.commit_gathered()

    async def settle(self) -> None:
        """Let everything happen that can happen without a commit."""
        for _ in range(STEPS):
            await asyncio.sleep(0)

    async def done(self, asked: Awaitable[T]) -> T:
        """An answer, with all the commits that it needs."""
        task = begun(asked)
        for _ in range(STEPS):
            await self.settle()
            if task.done():
                break
            self.commit()
        return task.result()

    async def buy(self, account_id: str, amount_cents: int = 1_00, **fields: Any) -> Outcome:
        """A purchase, answered."""
        return await self.done(self.purchase(account_id, amount_cents, **fields))

    def purchase(
        self, account_id: str, amount_cents: int = 1_00, **fields: Any
    ) -> Coroutine[Any, Any, Outcome]:
        """A purchase; it is on its way once somebody awaits it."""
        command = Authorize(
            account_id, None, amount_cents, "5999", "LOJA X", None, self.monotonic_ns, BY
        )
        return self._purchase(command._replace(**fields))

    async def _purchase(self, command: Authorize) -> Outcome:
        return await decided(self.dispatcher, command)

    async def open(self, account_id: str, **wallets_cents: int) -> None:
        """An account that exists, durably; CASH 100.00 where no wallet is named."""
        command = OpenAccount(account_id, wallets_cents or {"CASH": 100_00}, None, BY)
        answer = await self.done(self.dispatcher.ask(command))
        assert not isinstance(answer, Refusal), answer

    async def open_card(self, account_id: str, card: CardTerms, customer_id: str = "cust") -> None:
        """A card that exists, durably."""
        answer = await self.done(
            self.dispatcher.ask(OpenCards(account_id, customer_id, (card,), BY))
        )
        assert not isinstance(answer, Refusal), answer

    async def credit(self, account_id: str, credit_id: str, amount_cents: int) -> Any:
        """A credit, answered."""
        command = Credit(account_id, credit_id, "CASH", amount_cents, BY)
        return await self.done(self.dispatcher.ask(command))

    async def block(self, account_id: str, card_id: str, motive: str = "outro") -> Any:
        """A block, answered."""
        command = BlockCard(account_id, card_id, BlockReason.of(motive), "App", BY)
        return await self.done(self.dispatcher.ask(command))

    async def read(self, account_id: str) -> Answer[AccountView]:
        """An account as it stands, or why it is not told."""
        return await self.done(self.dispatcher.ask(ReadAccount(account_id)))

    async def cash(self, account_id: str) -> int:
        """The centavos in the CASH wallet."""
        answer = await self.read(account_id)
        assert not isinstance(answer, Refusal), answer
        return answer[1].wallets_cents["CASH"]

    def replayed(self) -> State:
        """The state that the durable journal makes, from its first event on."""
        return replayed(self.journal.events())


def handlers_of(aggregate: Aggregate[Any]) -> Any:
    """The table by which commands are decided, which nobody changes but a test."""
    return aggregate.handlers


def applies_of(aggregate: Aggregate[Any]) -> Any:
    """The table by which events are applied, which nobody changes but a test."""
    return aggregate.apply


def registration(customer_id: str, account_id: str, **fields: Any) -> RegisterCustomer:
    """A customer document, cards apart."""
    command = RegisterCustomer(
        customer_id, account_id, True, "Maria", "12345678900", None, None, (), (), BY
    )
    return command._replace(**fields)


def replayed(events: Sequence[Event], state: State | None = None, from_position: int = 0) -> State:
    """The state that these events make, those up to a position left out."""
    state = State() if state is None else state
    replay = Replay(state, Policy().id_retention_us)
    for position, event in enumerate(events, 1):
        if position > from_position:
            replay.apply(event, position)
    replay.finish()
    return state


def everything(state: State, awake: Dispatcher | None = None) -> dict[str, Any]:
    """All of a state as plain values; what is awake is taken from its actor."""
    return {
        **{
            each.plural: _everybody(store, awake.directories[each] if awake else None)
            for each, store in state.stores.items()
        },
        **{index.name: dict(entries) for index, entries in state.indexes.items()},
        "merchants": (state.single(MERCHANTS).entries(), state.single(MERCHANTS).position),
    }


def _everybody(population: Any, directory: Directory[Any] | None) -> dict[str, Any]:
    found = {}
    for entity_id in population.ids:
        actor = directory._awake.get(entity_id) if directory is not None else None
        found[entity_id] = deep(actor.state if actor is not None else population.load(entity_id))
    return found


def awake_account(house: House, account_id: str) -> Account:
    """The living state of an account, seen from inside."""
    actor = house.dispatcher.accounts.find(account_id)
    assert actor is not None
    return actor.state


def begun(asked: Awaitable[T]) -> asyncio.Task[T]:
    """A task that awaits an answer."""

    async def wait() -> T:
        return await asked

    return asyncio.get_running_loop().create_task(wait())


async def inline(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def _at_once(callback: Callable[..., object], *arguments: Any) -> None:
    callback(*arguments)


def _raise(error: BaseException) -> None:
    raise error
