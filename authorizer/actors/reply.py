"""Where the answer to a message goes."""

import asyncio
import sys
from collections.abc import Callable, Generator
from typing import Any, Protocol

import pykka
from typing_extensions import override

from authorizer.persistence.journal.group_commit import Waiter


class Reply(Waiter, Protocol):
    """The receiver of one answer: a value, or the exception that a handler raised.

    Exactly one of the two methods is called, once. Neither may raise.
    """

    def set_exception(self, exc_info: Any = None) -> None:
        """Take the exception: the one being handled, or this one."""


class WouldBlockError(RuntimeError):
    """The loop was asked to wait for something that only the loop can bring about."""


class LoopFuture(pykka.Future[Any]):
    """A reply that is awaited; `get` gives what is there and never blocks."""

    _get_hook = None

    _done = False
    _value: Any = None
    _exception: BaseException | None = None
    _waiters: tuple[asyncio.Future[None], ...] = ()

    def __init__(self) -> None:
        """Set nothing: the base class's fields are for hooks, and ours have defaults."""

    @override
    def set(self, value: Any = None) -> None:
        if self._done or self._get_hook is not None:
            raise RuntimeError("the future has its result already")
        self._done = True
        self._value = value
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    @override
    def set_exception(self, exc_info: Any = None) -> None:
        _, exception, _ = exc_info or sys.exc_info()
        self._exception = exception
        self.set(None)

    @override
    def set_get_hook(self, func: Callable[[float | None], Any]) -> None:
        if self._done:
            raise RuntimeError("the future has its result already")
        super().__init__()
        super().set_get_hook(func)

    @override
    def get(self, *, timeout: float | None = None) -> Any:
        """The value, or raise the exception.

        Raises:
            WouldBlockError: neither is there yet. Waiting here would stop the loop for good.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._done:
            raise WouldBlockError("a reply on the loop is awaited, not waited for")
        if self._exception is not None:
            raise self._exception
        return self._value

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._done and self._get_hook is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters += (waiter,)
            yield from waiter
        while True:
            try:
                return self.get()
            except WouldBlockError:  # a hook looks at another future: again in the next step
                yield
