"""Values again, of what JSON made of them: named tuples of arrays, told by their type hints."""

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

Revive = Callable[[Any], Any]

_UNBOUNDED: Final = "beyond 64 bits"
AnyInt = Annotated[int, _UNBOUNDED]
"""An integer that may be beyond 64 bits, which JSON holds as text then."""


def reviver(hint: Any) -> Revive:
    """What makes a value with this type hint of what JSON made of one."""
    return _reviver(hint) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _reviver(hint: Any) -> Revive | None:
    """None where JSON leaves the value as it is."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == AnyInt:
        return int
    if origin is Annotated:
        return _reviver(arguments[0])
    if origin in (Union, UnionType):
        return _optional([each for each in arguments if each is not NoneType])
    if origin is tuple:
        return _tuple_of(_reviver(arguments[0]))
    if isinstance(hint, type) and issubclass(hint, tuple):
        return _named(hint)
    return None


def _optional(kinds: list[Any]) -> Revive | None:
    (kind,) = kinds
    revive = _reviver(kind)
    if revive is None:
        return None
    return lambda value: None if value is None else revive(value)


def _tuple_of(revive: Revive | None) -> Revive:
    if revive is None:
        return tuple
    return lambda values: tuple(map(revive, values))


def _named(kind: Any) -> Revive:
    hints = get_type_hints(kind, include_extras=True)
    revivers = [_reviver(hints[name]) for name in kind._fields]
    steps = [(at, revive) for at, revive in enumerate(revivers) if revive is not None]
    make: Revive = kind._make
    if not steps:
        return make

    def revived(fields: list[Any]) -> Any:
        for at, revive in steps:
            fields[at] = revive(fields[at])
        return make(fields)

    return revived
