"""A mapping that grows without a pause: many small dicts instead of one that is made anew.

A dict that gets too small is copied into a larger one, all at once: with a million entries that
takes tens of milliseconds, which is longer than a purchase may wait. Here a 256th of them is copied
at a time.
"""

from collections.abc import Iterator, MutableMapping
from itertools import chain
from typing import Final, TypeVar, overload

_SHARDS: Final = 256
_SHIFT: Final = 40
"""Past the bits of the hash by which a dict chooses the place of an entry."""

V = TypeVar("V")
D = TypeVar("D")


class Shards(MutableMapping[str, V]):
    """A mapping of texts, in no order."""

    __slots__ = ("_shards",)

    def __init__(self) -> None:
        self._shards: list[dict[str, V]] = [{} for _ in range(_SHARDS)]

    def __getitem__(self, key: str) -> V:
        return self._shards[hash(key) >> _SHIFT & _SHARDS - 1][key]

    def __setitem__(self, key: str, value: V) -> None:
        self._shards[hash(key) >> _SHIFT & _SHARDS - 1][key] = value

    def __delitem__(self, key: str) -> None:
        del self._shards[hash(key) >> _SHIFT & _SHARDS - 1][key]

    def __contains__(self, key: object) -> bool:
        return key in self._shards[hash(key) >> _SHIFT & _SHARDS - 1]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._shards)

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V, /) -> V: ...
    @overload
    def get(self, key: str, default: D, /) -> V | D: ...
    def get(self, key: str, default: D | None = None, /) -> V | D | None:
        """The value of a key; `default` where there is none."""
        return self._shards[hash(key) >> _SHIFT & _SHARDS - 1].get(key, default)
