"""The customer search: an index in memory, built after the start and kept up to date.

The loop's thread calls these methods. The index itself is read and changed off the loop, one piece
of work at a time, in order.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import orjson

from authorizer.actors.directory import BrokenEntityError
from authorizer.actors.entity import ActorContext, OffLoop, durable
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.person_search import Criterion, Found
from authorizer.domain.customers.state import unpack as unpack_customer
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.domain.sealing import Sealer
from authorizer.persistence.privacy.customer_index import CustomerIndex
from authorizer.persistence.privacy.personal import unpack
from authorizer.persistence.state.population import PackedEntity

SLICE_CUSTOMERS: Final = 100
"""Customers whose texts are opened in one piece of work: it holds the interpreter for a few ms."""
MAX_WAITING: Final = 200
"""Searches that wait at a time; one more is refused."""
PATIENCE_SECONDS: Final = 10.0
"""How long a search may take; it is refused then."""

_BUSY: Final = Refusal(RefusalKind.OVERLOADED, "too many searches wait")
_NOT_YET: Final = Refusal(RefusalKind.OVERLOADED, "the search is being made ready")

T = TypeVar("T")


class Customers(Protocol):
    """All customers, active or passive."""

    def ids(self) -> Sequence[str]:
        """Their ids. New ones come in at the end."""

    def packed(self, entity_id: str) -> PackedEntity:
        """The current state of one, packed. BrokenEntityError after a failed `evolve`."""


class Built(NamedTuple):
    """Counts of a finished build."""

    customers: int
    keyless: int
    """Customers whose key is missing although they were not erased."""


class CustomerSearch:
    """Finds customers by name, CPF, phone and e-mail."""

    def __init__(self, around: ActorContext, customers: Customers, off_loop: OffLoop) -> None:
        self._commit = around.commit
        self._sealer = around.context.sealer
        self._customers = customers
        self._off_loop = off_loop
        self._one_at_a_time = asyncio.Lock()
        self._changed: dict[str, None] = {}
        self._index: CustomerIndex | None = None
        self._building: asyncio.Task[Built] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._waiting = 0

    @property
    def is_ready(self) -> bool:
        """Whether the index is built. Until then a search waits for it."""
        return self._index is not None

    def build(self) -> "asyncio.Task[Built]":
        """Start to build the index, once. Before that no memory is spent on it."""
        if self._building is None:
            self._building = asyncio.get_running_loop().create_task(self._build())
        return self._building

    def changed(self, customer_id: str) -> None:
        """Note that a customer changed: the next search takes it in."""
        if self._building is None:
            return
        self._changed[customer_id] = None
        behind = len(self._changed) >= SLICE_CUSTOMERS and self._index is not None
        if behind and (self._catching_up is None or self._catching_up.done()):
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())

    async def find(
        self, criteria: tuple[Criterion, ...], after: Found | None, limit: int
    ) -> list[Found] | Refusal:
        """The first `limit` customers after `after` that meet all criteria, in order of name.

        All that the answer rests on is durable when it returns. Refused where too many searches
        wait, or where the index is not ready within `PATIENCE_SECONDS`.
        """
        if self._waiting >= MAX_WAITING:
            return _BUSY
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.shield(self.build())
                await self._catch_up()
                found = await self._alone(self._find(criteria, after, limit))
        except TimeoutError:
            return _NOT_YET
        finally:
            self._waiting -= 1
        await durable(self._commit, self._commit.appended)
        return found

    async def _build(self) -> Built:
        index = CustomerIndex()
        keyless = 0
        ids = self._customers.ids()
        count = len(ids)
        for begin in range(0, count, SLICE_CUSTOMERS):
            end = min(begin + SLICE_CUSTOMERS, count)
            sleepers = self._look(ids[begin:end])
            keyless += await self._off_loop(_load, index, self._sealer, sleepers)
        await self._off_loop(index.loaded)
        self._index = index
        return Built(count, keyless)

    async def _catch_up(self) -> None:
        """Take in the customers that changed, a slice at a time."""
        while self._changed:
            await self._alone(self._put_slice())

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        """Do one piece of work on the index, to its end even where the caller is cancelled.

        Else the next piece would begin while a thread is still at work on this one, and the changes
        that this one took would be lost.
        """
        try:
            await self._one_at_a_time.acquire()
        except asyncio.CancelledError:
            work.close()
            raise
        piece = asyncio.get_running_loop().create_task(work)
        piece.add_done_callback(lambda _: self._one_at_a_time.release())
        return await asyncio.shield(piece)

    async def _find(
        self, criteria: tuple[Criterion, ...], after: Found | None, limit: int
    ) -> list[Found]:
        assert self._index is not None
        found: list[Found] = await self._off_loop(self._index.find, criteria, after, limit)
        return found

    async def _put_slice(self) -> None:
        ids = list(islice(self._changed, SLICE_CUSTOMERS))
        sleepers = self._look(ids)
        for customer_id in ids:
            del self._changed[customer_id]
        assert self._index is not None
        await self._off_loop(_put, self._index, self._sealer, sleepers)

    def _look(self, ids: Iterable[str]) -> list[bytes]:
        found = []
        for customer_id in ids:
            with suppress(BrokenEntityError):
                found.append(self._customers.packed(customer_id).data)
        return [data for data in found if data]


def _load(index: CustomerIndex, sealer: Sealer, sleepers: list[bytes]) -> int:
    """Load people, and return how many of them can't be read although they were not erased."""
    people = list(_people(sealer, sleepers))
    index.load((customer_id, person) for customer_id, person, _ in people if person is not None)
    return sum(person is None and not erased for _, person, erased in people)


def _put(index: CustomerIndex, sealer: Sealer, sleepers: list[bytes]) -> None:
    index.put((customer_id, person) for customer_id, person, _ in _people(sealer, sleepers))


def _people(sealer: Sealer, sleepers: Iterable[bytes]) -> Iterable[tuple[str, Person | None, bool]]:
    for data in sleepers:
        customer = unpack_customer(orjson.loads(data))
        text = None
        if not customer.erased:
            text = sealer.open(customer.customer_id, customer.personal)
        person = unpack(text) if text is not None else None
        yield customer.customer_id, person, customer.erased
