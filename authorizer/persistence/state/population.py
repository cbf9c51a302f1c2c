"""The states of all entities of one aggregate, packed: bytes, by their id.

Packed state is text and bytes only, which the garbage collector does not follow: a million accounts
cost it nothing. Entries are never taken out, so the order of ids is stable and a snapshot can walk
along it while the store grows.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

import orjson

from authorizer.domain.accounts.idempotency import newest_us
from authorizer.domain.aggregate import Aggregate, Codec, Entity
from authorizer.persistence.state.shards import Shards

S = TypeVar("S", bound=Entity)

Page = dict[str, str]
"""A sealed page of idempotency keys; it never changes."""


class PackedEntity(NamedTuple):
    """An entity's state as bytes, and the sealed pages that belong to it, by their name on disk."""

    data: bytes
    pages: dict[str, list[Page]]


def to_be_kept(data: bytes) -> bytes:
    """A copy of what orjson has made, for bytes that stay.

    It gives a shortened buffer, whose cut-off part the allocator never gets to use again: as it is,
    a packed account takes 4 kB more.
    """
    return bytes(memoryview(data))


class EntityStore(Generic[S]):
    """The packed states of an aggregate's entities, and how to pack and unpack one."""

    def __init__(self, aggregate: Aggregate[S]) -> None:
        codec = aggregate.codec
        assert isinstance(codec, Codec), aggregate.name
        self._new = aggregate.new
        self._codec = codec
        self._packed: Shards[bytes] = Shards()
        self._pages: dict[str, dict[str, list[Page]]] = {}
        self.ids: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def load(self, entity_id: str) -> S:
        """The state of an entity; one that does not exist yet where there is none."""
        data = self._packed.get(entity_id)
        if not data:
            return self._new(entity_id)
        codec = self._codec
        values = orjson.loads(data)
        if codec.begins_with_id:
            values.insert(0, entity_id)
        state = codec.unpack(values)
        if entity_id in self._pages:
            for name, pages in self._pages[entity_id].items():
                getattr(state, codec.pages[name]).sealed_pages = tuple(pages)
        return state

    def register(self, entity_id: str) -> None:
        """Give an entity that now exists its place among the ids; its bytes follow in `put`."""
        if entity_id not in self._packed:
            self._packed[entity_id] = b""
            self.ids.append(entity_id)

    def put(self, entity_id: str, state: S) -> None:
        """Pack a state and keep it. One that does not exist leaves no trace."""
        if state.exists:
            self.put_packed(entity_id, self.pack(state))

    def pack(self, state: S) -> PackedEntity:
        """A state as it would be kept."""
        sealed = self._codec.sealed_pages
        pages = {} if sealed is None else {name: list(of) for name, of in sealed(state).items()}
        return PackedEntity(to_be_kept(self.encode(state)), pages)

    def encode(self, state: S) -> bytes:
        """A state as bytes, without its sealed pages."""
        values = self._codec.pack(state)
        return orjson.dumps(values[1:] if self._codec.begins_with_id else values)

    def put_packed(self, entity_id: str, packed: PackedEntity) -> None:
        """Keep a state that is packed already."""
        self.register(entity_id)
        self._packed[entity_id] = packed.data
        if packed.pages:
            self._pages[entity_id] = packed.pages
        elif entity_id in self._pages:
            del self._pages[entity_id]

    def packed(self, entity_id: str) -> PackedEntity:
        """An entity's state as it is kept; stale while an actor has the entity."""
        return PackedEntity(self._packed[entity_id], self._pages.get(entity_id, {}))

    def forget_pages_before(self, since_us: Mapping[str, int]) -> None:
        """Drop the kept sealed pages in which every answer is older than a time, by their name."""
        for by_name in self._pages.values():
            for name, pages in by_name.items():
                by_name[name] = [page for page in pages if newest_us(page) >= since_us[name]]

    def add_page(self, entity_id: str, name: str, page: Page) -> None:
        """Add a sealed page to a kept entity, behind those it has."""
        self._pages.setdefault(entity_id, {}).setdefault(name, []).append(page)
