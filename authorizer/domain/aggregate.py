"""What an aggregate is: its commands, its events, its indexes and its form on disk, said once.

Everything that is the same for all aggregates derives from these declarations: the one actor, the
records, the state and its replay, snapshots, digests, verification, the story of an entity.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.customers.state import ERASED
from authorizer.domain.index import Index
from authorizer.domain.messages import Command, Event
from authorizer.domain.outcomes import HOLDS, Decision, Refusal, RefusalKind, erased, unknown
from authorizer.domain.sealing import Sealed, Sealer
from authorizer.domain.tickets.service_levels import ServiceLevels, WorkingTime

_OWN_FIELDS: Final = ("at_us", "by")
"""What every event begins with."""


class Entity(Protocol):
    """The state of one entity of an aggregate."""

    position: int
    """The journal position of the newest event in it; 0 before the first."""

    @property
    def exists(self) -> bool:
        """Whether its first event has happened."""


S = TypeVar("S", bound=Entity)
C = TypeVar("C", bound=Command[Any])
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What every decision may rest on besides the entity and the command."""

    policy: Policy
    service_levels: ServiceLevels
    sealer: Sealer
    indexes: Mapping[Index, Mapping[str, str]]
    """What the aggregates' indexes hold now."""
    join_texts: Callable[[Sequence[str | None]], str]
    """Several texts as one, to be sealed together."""
    window_of: Callable[[str, int], tuple[int, int]]
    """The calendar window (`day`, `week`, `month`, `year`, `lifetime`) that a time lies in: where
    it starts, and where the next one does, in microseconds since 1970 UTC."""
    desk_time: WorkingTime
    """The time in which deadlines of tickets are counted."""
    warning_percent: int = 0
    """How much of a ticket's time has passed when its deadline is warned of; 0: it is not."""

    def look_up(self, index: Index, key: str) -> str | None:
        """The value that an index has for a key."""
        return self.indexes[index].get(key)

    def unsealable(self, customer_id: str) -> Refusal | None:
        """Why no text can be sealed for a customer now; None where it can.

        A decider asks before it seals. Keys are made before it is asked (`Keys.ensure`).
        """
        if self.sealer.has_key(customer_id):
            return None
        if customer_id in self.indexes[ERASED]:
            return erased(customer_id)
        return Refusal(RefusalKind.UNAVAILABLE, f"the key of customer {customer_id!r} is missing")

    def seal_texts(self, customer_id: str, *texts: str | None) -> Sealed:
        """Texts about a customer as one sealed text. KeyError where there is no key."""
        return self.sealer.seal(customer_id, self.join_texts(texts))


Decide = Callable[[S, C, Context, int], Decision]
"""The decision on a command at a time, in microseconds since 1970 UTC; it changes nothing."""
Apply = Callable[[S, E], None]
"""Makes an event part of the state. It refuses nothing: what could be refused was never decided."""
Upgrade = Callable[[list[Any]], list[Any]]
"""The fields of the next version from those of an older one."""


@dataclass(frozen=True, slots=True)
class Handler(Generic[S, C]):
    """A command and the rule that decides it."""

    command: type[C]
    decide: Decide[S, C]
    creates: bool = False
    """Whether it may be asked of an entity that is not there yet."""


@dataclass(frozen=True, slots=True)
class EventKind(Generic[S, E]):
    """An event, its name and version on disk, and how it changes the state."""

    name: str
    event: type[E]
    apply: Apply[S, E]
    version: int = 1
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)
    """By an old version: the fields of the next one."""
    opens: bool = False
    """Whether it is the first event of an entity, and only the first. An aggregate that declares
    none lets its rules see to that."""

    def __post_init__(self) -> None:
        """ValueError for a declaration that can't be meant."""
        if set(self.upgrades) != set(range(1, self.version)):
            raise ValueError(f"{self.name}: every version before {self.version} has an upgrade")
        if self.fields[:2] != _OWN_FIELDS:
            raise ValueError(f"{self.name} begins with the fields {_OWN_FIELDS}")

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the event's fields, in the order of the journal."""
        event: Any = self.event
        names: tuple[str, ...] = event._fields
        return names


@dataclass(frozen=True, slots=True)
class Codec(Generic[S]):
    """A state ⇄ plain values, which JSON can hold: its form in memory at rest and in snapshots."""

    pack: Callable[[S], Sequence[Any]]
    unpack: Callable[[list[Any]], S]
    """The state from the values that `pack` made, after a way through JSON; tuples are lists."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Attributes that are `IdempotencyKeys`, by what snapshots call them. `pack` leaves their
    sealed pages out: these are shared, and never packed again."""
    sealed_pages: Callable[[S], Mapping[str, Sequence[dict[str, str]]]] | None = None
    """The sealed pages that a state has, by what snapshots call them; those that there are."""
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)
    """By a snapshot version: the values of the next one. A change to `pack` needs one."""
    begins_with_id: bool = False
    """Whether the first value is the entity's id: it is kept as its key, and not a second time.
    Upgrades do not see it either."""

    def __post_init__(self) -> None:
        """ValueError for a declaration that can't be meant."""
        if bool(self.pages) != (self.sealed_pages is not None):
            raise ValueError("pages are kept by two members: `pages` and `sealed_pages`")


@dataclass(frozen=True, slots=True)
class TableCodec(Generic[S]):
    """The form in snapshots of an aggregate of which there is one: several entries, in order."""

    parts: Callable[[S], Sequence[Sequence[Any]]]
    add: Callable[[S, list[Any]], None]
    """Take one part in, after a way through JSON."""
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)
    """By a snapshot version: the values of a part of the next one."""


@dataclass(frozen=True, slots=True)
class Retention(Generic[S]):
    """How an entity gets smaller, of ids that no rule looks at, say. No event: it decides nothing.

    How long ids are kept is configured, so `apply` can't know it.
    """

    forget_pages: Callable[[S, int, IdRetention], None]
    """Drop pages of ids past their retention at a time, where that is due; cheap enough for each
    event."""
    forget_all: Callable[[S, int, IdRetention], int]
    """Drop every id that is past it, and say how many went."""
    pages_since: Callable[[int, IdRetention], Mapping[str, int]]
    """By what snapshots call pages of ids: from when on an id is not past it."""
    is_over: Callable[[S, int], bool]
    """Whether more is in memory than should be, by how much may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate(Generic[S]):
    """One kind of entity: who decides, what happens, and how it is kept."""

    name: str
    """What people and digests call one of them."""
    id_field: str | None
    """The field of its events and commands that names the entity; None where there is one only."""
    new: Callable[[str], S]
    """The state of an entity that does not exist yet, by its id."""
    codec: Codec[S] | TableCodec[S]
    snapshot_kind: int
    """What snapshots call its entries."""
    commands: tuple[Handler[S, Any], ...]
    events: tuple[EventKind[S, Any], ...]
    indexes: tuple[Index, ...] = ()
    retention: Retention[S] | None = None
    overdue: Callable[[S, Context, int], Sequence[Event]] | None = None
    """What happens by itself by a time, and so comes before any command: holds that run out."""
    next_due: Callable[[S, Context], int | None] | None = None
    """When something happens by itself next, in microseconds since 1970 UTC; None: never."""
    handlers: Mapping[type[Any], Handler[S, Any]] = field(init=False, repr=False)
    """By the type of the command."""
    apply: Mapping[type[Any], Apply[S, Any]] = field(init=False, repr=False)
    """By the type of the event."""

    def __post_init__(self) -> None:
        """Make the tables. ValueError for a declaration that can't be meant."""
        object.__setattr__(self, "handlers", {each.command: each for each in self.commands})
        object.__setattr__(self, "apply", _applies(self.events))
        if len(self.handlers) < len(self.commands) or len(self.apply) < len(self.events):
            raise ValueError(f"{self.name}: a command or an event is declared twice")
        if self.is_single != isinstance(self.codec, TableCodec):
            raise ValueError(f"{self.name}: an aggregate of which there is one has a TableCodec")
        for kind in self.events:
            if self.id_field is not None and self.id_field not in kind.fields:
                raise ValueError(f"{kind.name} has no {self.id_field}")
        for index in self.indexes:
            if not index.entries.keys() <= self.apply.keys():
                raise ValueError(f"{index.name}: an event of another aggregate")

    @property
    def plural(self) -> str:
        """What people call all of them."""
        return f"{self.name}s"

    @property
    def is_single(self) -> bool:
        """Whether there is only one entity, which exists from the beginning."""
        return self.id_field is None

    def id_of(self, message: Any) -> str:
        """The entity that a command, an event or a state is about."""
        if self.id_field is None:
            return self.plural
        entity_id: str = getattr(message, self.id_field)
        return entity_id

    def unknown(self, entity_id: str) -> Refusal:
        """The answer where there is no such entity."""
        return unknown(self.name, entity_id)

    def decide(self, state: S, command: Command[Any], context: Context, now_us: int) -> Decision:
        """The decision on a command; it changes nothing. KeyError for a command of another one."""
        handler = self.handlers[type(command)]
        if not (handler.creates or state.exists):
            return Decision(self.unknown(self.id_of(state)))
        return handler.decide(state, command, context, now_us)

    def evolve(self, state: S, event: Event, position: int) -> None:
        """Apply an event that the journal holds at `position`: the only way a state changes.

        Live and on replay. KeyError for an event of another aggregate.
        """
        self.apply[type(event)](state, event)
        state.position = position


def _applies(kinds: tuple[EventKind[S, Any], ...]) -> dict[type[Any], Apply[S, Any]]:
    is_checked = any(kind.opens for kind in kinds)
    return {kind.event: _checked(kind) if is_checked else kind.apply for kind in kinds}


def _checked(kind: EventKind[S, Any]) -> Apply[S, Any]:
    """An `apply` that raises ValueError for a first event of what is there, or a later of none."""

    def apply(state: S, event: Any) -> None:
        if state.exists == kind.opens:
            raise ValueError(f"{kind.name} does not fit what is there")
        kind.apply(state, event)

    return apply


def read(_: Any, __: Any, ___: Context, ____: int) -> Decision:
    """Change nothing: the reply describes the entity as it stands."""
    return HOLDS
