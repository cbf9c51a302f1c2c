"""All state at one position of the journal, and how a replayed event changes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar, cast

import structlog

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.leaving import (
    closed_purchases,
    in_memory,
    is_over,
    let_go,
    named_purchase,
    recalled,
)
from authorizer.domain.accounts.state import Account, forget_id_pages, forget_ids
from authorizer.domain.aggregate import Aggregate, Apply, Entity, Retention
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT, AGGREGATES, INDEXES
from authorizer.domain.index import Entry, Index
from authorizer.domain.messages import Event
from authorizer.domain.moments import SECOND_US
from authorizer.persistence.archive.protocol import Archive, ArchiveError, Attic
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.purchase_replay import PurchaseReplay
from authorizer.persistence.state.record import event_of, fields_of
from authorizer.persistence.state.shards import Shards

log = structlog.get_logger()

_MAX_UNPACKED: Final = 50_000
S = TypeVar("S", bound=Entity)
T = TypeVar("T")


class IndexEntries(Mapping[str, str]):
    """What an index holds. Entries are never changed nor taken out; their order is stable."""

    __slots__ = ("_values", "keys_in_order")

    def __init__(self) -> None:
        self._values: Shards[str] = Shards()
        self.keys_in_order: list[str] = []

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_in_order)

    def __len__(self) -> int:
        return len(self.keys_in_order)

    def add(self, key: str, value: str) -> None:
        """Add an entry; one that is there stays as it is."""
        if key not in self._values:
            self._values[key] = value
            self.keys_in_order.append(key)


class State:
    """What the events up to some position have made of all aggregates."""

    def __init__(self) -> None:
        self.stores: Mapping[Aggregate[Any], EntityStore[Any]] = {
            aggregate: EntityStore(aggregate) for aggregate in AGGREGATES if not aggregate.is_single
        }
        self.singles: Mapping[Aggregate[Any], Any] = {
            aggregate: aggregate.new(aggregate.plural)
            for aggregate in AGGREGATES
            if aggregate.is_single
        }
        self.indexes: Mapping[Index, IndexEntries] = {index: IndexEntries() for index in INDEXES}
        self.at_us = 0
        """The time of the newest event."""

    def __getitem__(self, aggregate: Aggregate[S]) -> EntityStore[S]:
        """The entities of an aggregate, packed."""
        return self.stores[aggregate]

    def single(self, aggregate: Aggregate[S]) -> S:
        """The one entity of an aggregate of which there is one. It is never packed."""
        return cast(S, self.singles[aggregate])

    def index(self, event: Event) -> None:
        """Keep the indexes: called for every event that has entries, live and on replay."""
        for index, entry_of in INDEXED.get(type(event), ()):
            entry = entry_of(event)
            if entry is not None:
                self.indexes[index].add(*entry)

    def counts(self) -> dict[str, int]:
        """How many there are of what people count."""
        return {
            **{aggregate.plural: len(store) for aggregate, store in self.stores.items()},
            **{each.name: len(self.indexes[each]) for each in INDEXES if each.is_counted},
            **{aggregate.plural: len(single) for aggregate, single in self.singles.items()},
        }


INDEXED: Final[Mapping[type[Any], list[tuple[Index, Callable[[Any], Entry]]]]] = {
    event: [(index, index.entries[event]) for index in INDEXES if event in index.entries]
    for event in {event for index in INDEXES for event in index.entries}
}
"""By the events that have entries in indexes."""


class _Step(NamedTuple):
    """What the replay of an event takes."""

    id_of: Callable[[Any], str]
    apply: Apply[Any, Any]
    unpacked: dict[str, Any]
    """The entities of the aggregate that the replay works on."""
    store: EntityStore[Any] | None
    """None where there is one entity only, which is always among the unpacked."""
    retention: Retention[Any] | None
    is_indexed: bool


class Replay:
    """Applies the journal's events to a state, in order.

    Events that a state already contains, because a snapshot took it later than others, are passed
    over by its position.
    """

    def __init__(
        self,
        state: State,
        id_retention: IdRetention,
        newest_us: int = 0,
        attic: Attic | None = None,
        known_position: int = 0,
    ) -> None:
        """`newest_us` is the time of an event that is surely to come, as late a one as is known.

        Events up to the `known_position` may be in the state already.

        Ids that will be past their retention by then are not kept meanwhile. Closed purchases are
        found in the `attic`, and go there if they have no room; without one all are kept.
        """
        self.state = state
        self._id_retention = id_retention
        self._ids_since_us = newest_us - id_retention.purchases_us
        """Those of credits are younger, or go with the next `finish`."""
        self._newest_us = newest_us
        self._attic = attic
        self._is_refused = False
        """Whether the archive could not be written: then all stays in memory."""
        self._unpacked: dict[Aggregate[Any], dict[str, Any]] = {
            aggregate: {aggregate.plural: state.singles[aggregate]} if aggregate.is_single else {}
            for aggregate in AGGREGATES
        }
        self._purchases = PurchaseReplay(
            self._account, self._ids_since_us, known_position, self._tidy
        )
        self._steps = {event: self._step(event, each) for event, each in AGGREGATE_OF_EVENT.items()}

    def _step(self, event: type[Any], aggregate: Aggregate[Any]) -> _Step:
        return _Step(
            attrgetter(aggregate.id_field) if aggregate.id_field else aggregate.id_of,
            aggregate.apply[event],
            self._unpacked[aggregate],
            self.state.stores.get(aggregate),
            aggregate.retention,
            event in INDEXED,
        )

    def apply_records(self, records: Sequence[bytes], position: int) -> None:
        """Apply the records of the journal of which the first one stands at `position`.

        Raises:
            UnknownRecordError: one of them can't be read.
            NotReplayedError: one does not fit those before it.
        """
        self._purchases.replay(fields_of(records), position, self._apply_values)
        self.state.at_us = max(self.state.at_us, self._purchases.newest_us)

    def _apply_values(self, values: list[Any], position: int) -> None:
        self.state.at_us = max(self.state.at_us, self._purchases.newest_us)
        self.apply(event_of(values), position)

    def apply(self, event: Event, position: int) -> None:
        """Apply the event that the journal holds at `position`."""
        state = self.state
        state.at_us = max(state.at_us, event.at_us)
        id_of, apply, unpacked, store, retention, is_indexed = self._steps[type(event)]
        if is_indexed:
            state.index(event)
        entity_id = id_of(event)
        entity = unpacked.get(entity_id)
        is_new = False
        if entity is None:
            assert store is not None
            entity = self._unpack(unpacked, store, entity_id)
            is_new = type(entity) is Account and not entity.exists
        elif type(entity) is Account:
            self._purchases.bring_in(entity_id)
        if position <= entity.position:
            return
        attic = self._attic
        if attic is not None and attic.archive.has_any and type(entity) is Account:
            _recall(attic.archive, entity, event, position)
        apply(entity, event)
        entity.position = position
        if retention is not None:
            self._tidy(entity, event.at_us)
        if is_new and entity.exists:
            self._pack_opened(entity)

    def _pack_opened(self, account: Account) -> None:
        """Pack an account at once: many may be opened in a row.

        What so many unpacked ones take is not given back to the system: it was a fifth of what a
        million accounts took in the end.
        """
        account_id = account.account_id
        self.state[ACCOUNTS].put(account_id, self._unpacked[ACCOUNTS].pop(account_id))

    def _account(self, account_id: str) -> Account | None:
        """An account, unpacked; None if there is none."""
        unpacked, store = self._unpacked[ACCOUNTS], self.state[ACCOUNTS]
        account: Account | None = unpacked.get(account_id)
        if account is None and account_id in store:
            account = self._unpack(unpacked, store, account_id)
        return account

    def _unpack(self, unpacked: dict[str, Any], store: EntityStore[S], entity_id: str) -> S:
        if len(unpacked) >= _MAX_UNPACKED:
            self.finish()
        entity = unpacked[entity_id] = store.load(entity_id)
        return entity

    def _tidy(self, account: Account, at_us: int) -> None:
        """What comes after an event of a time: ids that are too old or too many go."""
        attic = self._attic
        if attic is not None:
            account.recalled = None
            if is_over(account, attic.room.most):
                self._let_leave(attic, account)
        if at_us < self._ids_since_us:
            forget_ids(account, self._newest_us, self._id_retention)
        else:
            forget_id_pages(account, at_us, self._id_retention)

    def _let_leave(self, attic: Attic, account: Account) -> None:
        before_us = self._known_us() - attic.room.seconds * SECOND_US
        while attic.archive.takes and not self._is_refused:
            closed = closed_purchases(account, before_us, attic.room.most)
            if closed is None:
                return
            try:
                attic.archive.put([closed])
            except ArchiveError as error:
                log.error("purchases stay in memory", problem=str(error))
                self._is_refused = True
                return
            let_go(account, closed)

    def _known_us(self) -> int:
        """The latest time that is known, be it of an event that is still to come."""
        return max(self._newest_us, self.state.at_us, self._purchases.newest_us)

    def finish(self) -> None:
        """Pack whatever the replay unpacked; the state is whole after it."""
        self._purchases.finish()
        newest_us = self._known_us()
        for aggregate, store in self.state.stores.items():
            retention = aggregate.retention
            for entity_id, entity in _taken(self._unpacked[aggregate]):
                if retention is not None:
                    retention.forget_all(entity, newest_us, self._id_retention)
                if self._attic is not None and type(entity) is Account:
                    self._let_leave(self._attic, entity)
                store.put(entity_id, entity)
            if retention is not None:
                store.forget_pages_before(retention.pages_since(newest_us, self._id_retention))


def _taken(unpacked: dict[str, T]) -> Iterator[tuple[str, T]]:
    """Take one after the other out, in order: its memory is free before the next is packed."""
    for name in list(unpacked):
        yield name, unpacked.pop(name)


def _recall(archive: Archive, account: Account, event: Event, position: int) -> None:
    """Bring along the purchase that an event changes, as it was when the event came."""
    name = named_purchase(event)
    if name is None or in_memory(account, name):
        return
    if archive.may_hold(account.account_id, name):
        found = archive.find(account.account_id, name, before=position)
        account.recalled = None if found is None else recalled(name, found.form)
