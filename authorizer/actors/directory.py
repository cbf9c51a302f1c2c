"""Id → actor. An actor wakes with its first message and sleeps, as bytes, when others need room."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from authorizer.actors.entity import EntityActor
from authorizer.persistence.state.population import EntityStore, PackedEntity

_ROOM_TRIES: Final = 8
"""How many actors are looked at when one more wakes: more than one, so that a burst subsides."""

A = TypeVar("A", bound=EntityActor[Any])


class BrokenEntityError(Exception):
    """An entity's state is worth nothing since a bug; a snapshot must not hold it."""


class Directory(Generic[A]):
    """The actors of one kind that are awake, and the way to those that sleep.

    An actor that is handed out must be sent its message before the loop's next step: a later one
    may find it asleep.
    """

    def __init__(
        self,
        population: EntityStore[Any],
        new_actor: Callable[[str, Any], A],
        max_resident: int,
    ) -> None:
        self._population = population
        self._new_actor = new_actor
        self._max_resident = max_resident
        self._awake: OrderedDict[str, A] = OrderedDict()

    def __len__(self) -> int:
        """How many exist, awake or asleep."""
        return len(self._population)

    def ids(self) -> Sequence[str]:
        """Who exists, awake or asleep, in the order in which they came into being."""
        return self._population.ids

    @property
    def resident(self) -> int:
        """How many are awake."""
        return len(self._awake)

    def find(self, entity_id: str) -> A | None:
        """The actor of an entity that exists; waking it if it sleeps. None if there is none."""
        awake = self._awake
        actor = awake.get(entity_id)
        if actor is not None:
            awake.move_to_end(entity_id)
            return actor
        if entity_id not in self._population:
            return None
        return self._wake(entity_id)

    def find_or_new(self, entity_id: str) -> A:
        """The actor of an entity, which comes into being with its first event."""
        return self.find(entity_id) or self._wake(entity_id)

    def awake(self, entity_id: str) -> A | None:
        """The actor of an entity, if it is awake. It is only looked at, and may be broken."""
        return self._awake.get(entity_id)

    def look(self, entity_id: str) -> PackedEntity:
        """The present state of an entity, as it would sleep.

        Raises:
            BrokenEntityError: its state is worth nothing since a bug.
        """
        actor = self._awake.get(entity_id)
        if actor is None:
            return self._population.packed(entity_id)
        if actor.broken:
            raise BrokenEntityError(f"{entity_id} is broken since a bug")
        return self._population.pack(actor.state)

    def tidy(self, entity_id: str, tidy: Callable[[Any], int]) -> int:
        """Have something done with a state, awake or asleep, that no event tells of.

        `tidy` says how much it has changed, and so does this. A sleeper stays asleep, and a broken
        entity is left alone.
        """
        actor = self._awake.get(entity_id)
        if actor is not None:
            return 0 if actor.broken else tidy(actor.state)
        state = self._population.load(entity_id)
        changed = tidy(state)
        if changed:
            self._population.put(entity_id, state)
        return changed

    def _wake(self, entity_id: str) -> A:
        self._make_room()
        actor = self._new_actor(entity_id, self._population.load(entity_id))
        self._awake[entity_id] = actor
        return actor

    def _make_room(self) -> None:
        """Put those to sleep that were silent longest, a few at a time.

        Those with messages stay, which are as bounded as requests in flight, and so do broken ones.
        """
        awake = self._awake
        for _ in range(min(_ROOM_TRIES, len(awake) - self._max_resident + 1)):
            entity_id, actor = awake.popitem(last=False)
            if actor.broken or not actor.actor_inbox.empty():
                awake[entity_id] = actor
            else:
                actor.retire()
                self._population.put(entity_id, actor.state)
