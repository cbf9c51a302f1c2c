"""Parts of a state that are made when something first goes into them: most accounts have none.

An account wakes for nearly every purchase where there are more than stay awake. To make all that an
account may have took two fifths of the time of unpacking a plain one, and half of its memory.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, Self, TypeVar, overload

T = TypeVar("T")


class HasParts(Protocol):
    """A state that may have parts."""

    parts: dict[str, Any] | None
    """Those that it has, by their names; None before the first."""


class Part(Generic[T]):
    """One of them, as the class of the state declares it.

    The attribute is made where there is none, to be changed. Who only reads asks `of`.
    """

    __slots__ = ("_make", "_name", "_none")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Final = make
        self._none: Final = make()
        self._name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, state: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, state: HasParts, owner: type[Any]) -> T: ...
    def __get__(self, state: HasParts | None, owner: type[Any]) -> Self | T:
        if state is None:
            return self
        parts = state.parts
        if parts is None:
            parts = state.parts = {}
        elif self._name in parts:
            known: T = parts[self._name]
            return known
        made = parts[self._name] = self._make()
        return made

    def __set__(self, state: HasParts, value: T) -> None:
        if state.parts is None:
            state.parts = {}
        state.parts[self._name] = value

    def of(self, state: HasParts) -> T:
        """The part of a state, to be read and not to be changed: an empty one where it has none."""
        parts = state.parts
        if parts is None:
            return self._none
        found: T = parts.get(self._name, self._none)
        return found
