"""What takes long to make, and is made when somebody first asks for it."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from authorizer.actors.entity import OffLoop

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """Something that is made once, off the loop, for all who ask; no start waits for it.

    A thread makes it, which shares the interpreter with the loop meanwhile.
    Whoever comes meanwhile waits for the same, and one who goes takes it from nobody. What could
    not be made is tried again for the next who asks.
    """

    def __init__(self, off_loop: OffLoop, make: Callable[[], T]) -> None:
        self._off_loop = off_loop
        self._make = make
        self._made: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """The thing made. Whatever making it raises is raised here."""
        if self._made is None or _has_failed(self._made):
            self._made = asyncio.ensure_future(self._off_loop(self._make))
        return await asyncio.shield(self._made)


def _has_failed(made: asyncio.Future[T]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)
