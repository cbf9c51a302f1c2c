"""What goes into the rules and what comes out of them: commands and events."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

R_co = TypeVar("R_co", covariant=True)


class Command(Protocol[R_co]):
    """A request to one entity: a named tuple of plain values."""

    def reply(self, state: Any, /) -> R_co:
        """The answer, made of the entity's state once the command holds."""


class Event(Protocol):
    """A fact about one entity that the journal keeps: a named tuple of plain values.

    The order of the fields is the order in the journal; a change to it is a new version of the
    event (`EventKind.upgrades`).
    """

    @property
    def at_us(self) -> int:
        """The time, in microseconds since 1970 UTC."""

    @property
    def by(self) -> str:
        """Who asked for it."""

    def __iter__(self) -> Iterator[Any]:
        """The fields in order."""
