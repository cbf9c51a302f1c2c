"""An authorizer at work on the running event loop, in a simulated world, with a journal in memory.

Nothing is durable before the test says so: `commit()` writes what has gathered, as the writer's
thread would. The clocks stand still until the test moves them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from authorizer.actors.directory import Directory
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    Credit,
    OpenAccount,
    OpenCards,
    ReadAccount,
)
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.policy import ID_RETENTION
from authorizer.domain.accounts.state import Account, AccountView
from authorizer.domain.aggregate import Aggregate
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Outcome, Refusal
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.journal.place import BEGINNING
from authorizer.persistence.journal.segments import Batch
from authorizer.persistence.state.record import decode
from authorizer.persistence.state.recovery import recover
from authorizer.persistence.state.state import Replay, State
from authorizer.runtime.running import run
from authorizer.settings.model import Settings
from authorizer.simulation.world import Simulation, inline
from tests.support.builders import BY, deep
from tests.support.purchases import decided

T = TypeVar("T")

START_NS = 1_700_000_000_000_000_000
STEPS = 40
"""Steps of the loop within which everything that can happen without a commit has happened."""


class Journaled:
    """What of the journal is durable."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    @property
    def records(self) -> list[bytes]:
        return [record for batch in self._read() for record in batch.records()]

    @property
    def batches(self) -> list[int]:
        """How many records each batch has."""
        return [batch.header.records for batch in self._read()]

    def events(self) -> list[Event]:
        """What happened."""
        return [decode(record) for record in self.records]

    def _read(self) -> Iterator[Batch]:
        return self._journal.batches(BEGINNING, self._journal.position)


class House(Simulation):
    """An authorizer on the loop of the test, whose hands are on commit and clocks."""

    def __init__(self, max_resident: int = 1000, max_inbox: int = 10_000, **settings: Any) -> None:
        super().__init__()
        self.wall_ns, self.monotonic_ns = START_NS, 0
        self.bugs: list[tuple[str, BaseException]] = []
        kept = MemoryJournal()
        self.journal = Journaled(kept)
        self.world = self.make_world(lambda _: kept, inline)
        self._context = run(
            Settings(max_resident_accounts=max_resident, max_inbox=max_inbox, **settings),
            self.world,
            recover(self.disk),
            on_bug=lambda entity_id, bug: self.bugs.append((entity_id, bug)),
        )
        self.running = running = _at_once(self._context.__aenter__())
        self.actors, self.dispatcher = running.actors, running.actors.dispatcher
        self.commits, self.clock = running.commit, running.clock
        self.around, self.vault = running.around, running.vault
        self.archiving = running.archiving
        self.state = running.recovered.state

    @property
    def appended(self) -> int:
        """The position of the newest event, durable or not."""
        return self.commits.appended

    def commit(self) -> bool:
        """Make durable what has gathered. Its answers go in the next step of the loop."""
        assert self.writer is not None
        return self.writer.step()

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
        return replayed(self.journal.events(), kept=self.around.context.policy.id_retention)


def handlers_of(aggregate: Aggregate[Any]) -> Any:
    """The table by which commands are decided, which nobody changes but a test."""
    return aggregate.handlers


def applies_of(aggregate: Aggregate[Any]) -> Any:
    """The table by which events are applied, which nobody changes but a test."""
    return aggregate.apply


def replayed(
    events: Sequence[Event],
    state: State | None = None,
    from_position: int = 0,
    kept: IdRetention = ID_RETENTION,
) -> State:
    """The state that these events make, those up to a position left out."""
    state = State() if state is None else state
    replay = Replay(state, kept)
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
        **{aggregate.plural: deep(single) for aggregate, single in state.singles.items()},
    }


def _everybody(population: Any, directory: Directory[Any] | None) -> dict[str, Any]:
    found = {}
    for entity_id in population.ids:
        actor = directory._active.get(entity_id) if directory is not None else None
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


def _at_once(beginning: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that has nothing to wait for."""
    try:
        beginning.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits for something")
