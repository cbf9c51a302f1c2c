"""Id → actor. A message activates an entity's actor; where others need room, it is passivated."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from authorizer.actors.entity import EntityActor
from authorizer.persistence.state.population import EntityStore, PackedEntity

_PASSIVATION_TRIES: Final = 8
"""Actors that one activation looks at to make room: more than one, so that a burst subsides."""

A = TypeVar("A", bound=EntityActor[Any])


class BrokenEntityError(Exception):
    """A failed `evolve` has left an entity's state half changed; a snapshot must not hold it."""


class Directory(Generic[A]):
    """The entities of one aggregate: the active ones as actors, the passive ones packed.

    A caller sends its message in the same step of the loop in which it gets the actor: in a later
    one the actor may be passive.
    """

    def __init__(
        self,
        store: EntityStore[Any],
        new_actor: Callable[[str, Any], A],
        max_resident: int,
    ) -> None:
        self._store = store
        self._new_actor = new_actor
        self._max_resident = max_resident
        self._active: OrderedDict[str, A] = OrderedDict()
        """By the time of the last message, the oldest first."""

    def __len__(self) -> int:
        """How many entities exist."""
        return len(self._store)

    def ids(self) -> Sequence[str]:
        """The ids of all entities, in the order of their first events."""
        return self._store.ids

    @property
    def resident(self) -> int:
        """How many are active."""
        return len(self._active)

    def find(self, entity_id: str) -> A | None:
        """The actor of an entity, activated where it is passive; None for an unknown entity."""
        active = self._active
        actor = active.get(entity_id)
        if actor is not None:
            active.move_to_end(entity_id)
            return actor
        return self._activate(entity_id) if entity_id in self._store else None

    def find_or_new(self, entity_id: str) -> A:
        """The actor of an entity, or a new one: the entity exists from its first event on."""
        return self.find(entity_id) or self._activate(entity_id)

    def active(self, entity_id: str) -> A | None:
        """The actor of an active entity, to be read. It may be broken."""
        return self._active.get(entity_id)

    def at_rest(self, entity_id: str) -> Any:
        """The state of a passive entity, to be read."""
        return self._store.load(entity_id)

    def packed(self, entity_id: str) -> PackedEntity:
        """The current state of an entity, packed.

        Raises:
            BrokenEntityError: after a failed `evolve`.
        """
        actor = self._active.get(entity_id)
        if actor is None:
            return self._store.packed(entity_id)
        if actor.broken:
            raise BrokenEntityError(f"{entity_id} is broken since a bug")
        return self._store.pack(actor.state)

    def apply_retention(self, entity_id: str, forget: Callable[[Any], int]) -> int:
        """Have old ids forgotten in a state, active or passive, and return how many went.

        No event tells of it. A passive entity stays passive, and a broken one is left alone.
        """
        actor = self._active.get(entity_id)
        if actor is not None:
            return 0 if actor.broken else forget(actor.state)
        state = self._store.load(entity_id)
        forgotten = forget(state)
        if forgotten:
            self._store.put(entity_id, state)
        return forgotten

    def _activate(self, entity_id: str) -> A:
        if len(self._active) >= self._max_resident:
            self._make_room()
        actor = self._new_actor(entity_id, self._store.load(entity_id))
        self._active[entity_id] = actor
        return actor

    def _make_room(self) -> None:
        """Passivate the actors whose last message is oldest, a few at a time.

        Those with messages stay, which are as bounded as requests in flight; so do broken ones.
        """
        active = self._active
        for _ in range(min(_PASSIVATION_TRIES, len(active) - self._max_resident + 1)):
            entity_id, actor = active.popitem(last=False)
            if actor.broken or not actor.actor_inbox.empty():
                active[entity_id] = actor
            else:
                actor.retire()
                self._store.put(entity_id, actor.state)
