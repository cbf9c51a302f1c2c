"""Everybody of one kind, asleep: accounts or customers as bytes, by their id.

Sleeping state is text and bytes only, which the garbage collector does not follow: a million
accounts cost it nothing. Entries are never taken out, so the order of ids is stable and a snapshot
can walk along it while the population grows.
"""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

from authorizer.domain.accounts.idempotency import IdempotencyKeys, newest_us
from authorizer.persistence.state.shards import Shards
from authorizer.persistence.state.state_codec import Page


class Entity(Protocol):
    """What sleeps: the state of an account or of a customer."""

    position: int

    @property
    def exists(self) -> bool:
        """Whether its first event has happened."""


S = TypeVar("S", bound=Entity)


class PackedEntity(NamedTuple):
    """An entity's state as bytes, and the sealed pages that belong to it, by their owner's name."""

    data: bytes
    pages: dict[str, list[Page]]


class EntityStore(Generic[S]):
    """The sleeping states of one kind, and how to put one to sleep and wake it."""

    def __init__(
        self,
        new: Callable[[str], S],
        encode: Callable[[S], bytes],
        decode: Callable[[bytes], S],
    ) -> None:
        self._new = new
        self._encode = encode
        self._decode = decode
        self._asleep: Shards[bytes] = Shards()
        self._pages: dict[str, dict[str, list[Page]]] = {}
        self.ids: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._asleep

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def wake(self, entity_id: str) -> S:
        """The state of an entity; one that does not exist yet where there is none."""
        data = self._asleep.get(entity_id)
        if data is None:
            return self._new(entity_id)
        state = self._decode(data)
        for owner, pages in self._pages.get(entity_id, {}).items():
            getattr(state, owner).sealed_pages = list(pages)
        return state

    def admit(self, entity_id: str) -> None:
        """Give an entity that now exists its place among the ids; its bytes follow in `sleep`."""
        if entity_id not in self._asleep:
            self._asleep[entity_id] = b""
            self.ids.append(entity_id)

    def sleep(self, entity_id: str, state: S) -> None:
        """Put a state to sleep. One that does not exist leaves no trace."""
        if state.exists:
            self.lay_down(entity_id, self.sleeper(state))

    def sleeper(self, state: S) -> PackedEntity:
        """A state as it would sleep."""
        pages = {}
        for owner in ("remembered", "credits"):
            ids = getattr(state, owner, None)
            if isinstance(ids, IdempotencyKeys) and ids.sealed_pages:
                pages[owner] = list(ids.sealed_pages)
        # orjson gives a shortened buffer, whose cut-off part the allocator never gets to use again:
        # without a copy a sleeping account takes 4 kB more.
        return PackedEntity(bytes(memoryview(self._encode(state))), pages)

    def lay_down(self, entity_id: str, sleeper: PackedEntity) -> None:
        """Take over a state that is bytes already."""
        self.admit(entity_id)
        self._asleep[entity_id] = sleeper.data
        if sleeper.pages:
            self._pages[entity_id] = sleeper.pages
        else:
            self._pages.pop(entity_id, None)

    def asleep(self, entity_id: str) -> PackedEntity:
        """An entity's state as it sleeps; stale while the entity is awake."""
        return PackedEntity(self._asleep[entity_id], self._pages.get(entity_id, {}))

    def forget_pages_before(self, since_us: int) -> None:
        """Drop the sealed pages of sleepers in which every answer is older than `since_us`."""
        for by_owner in self._pages.values():
            for owner, pages in by_owner.items():
                by_owner[owner] = [page for page in pages if newest_us(page) >= since_us]

    def add_page(self, entity_id: str, owner: str, page: Page) -> None:
        """Add a sealed page to a sleeping entity, behind those it has."""
        self._pages.setdefault(entity_id, {}).setdefault(owner, []).append(page)
