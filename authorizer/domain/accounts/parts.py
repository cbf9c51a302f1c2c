"""Parts of a state that are made when somebody first asks for them: most accounts never have them.

An account wakes for nearly every purchase where there are more than stay awake. To make all that an
account may have took most of that, and more than half of its memory.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, Self, TypeVar, overload

T = TypeVar("T")


class HasParts(Protocol):
    """A state that may have parts."""

    parts: dict[str, Any] | None
    """Those that were made, by their names; None where none was."""


class Part(Generic[T]):
    """One of them, as the class of the state declares it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Final = make
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

    def made(self, state: HasParts) -> T | None:
        """The part of a state, if somebody asked for it before."""
        return None if state.parts is None else state.parts.get(self._name)
