"""The order in which the actors on the event loop have their turns."""

import itertools
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

MAX_STEP: Final = 128
"""Messages that one step of the loop handles: a millisecond or two."""


class Handler(Protocol):
    """An actor, as the run queue sees it."""

    def handle_next(self) -> None:
        """Handle the oldest message in its inbox, if there is one."""


class RunQueue:
    """The actors whose inboxes hold messages, in the order the messages came: one entry for each.

    A step of the loop handles the messages that came before it, up to `MAX_STEP`; so sockets are
    read and answers written in between, however many wait. `call_soon` is the loop's; a simulation
    passes its own and decides the order of steps. `drained` is called at the end of a step, and
    `stepped` is told how many messages it handled, and whether it left some.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        drained: Callable[[], object] = lambda: None,
        stepped: Callable[[int, bool], object] = lambda _handled, _more: None,
    ) -> None:
        self._call_soon = call_soon
        self._drained = drained
        self._stepped = stepped
        self._ready: deque[Handler] = deque()
        self._scheduled = False
        self.numbers = itertools.count(1)
        """The numbers of the actors that are asked for a name."""

    def add(self, actor: Handler) -> None:
        """Have an actor handle one message more."""
        self._ready.append(actor)
        if not self._scheduled:
            self._scheduled = True
            self._call_soon(self._step)

    def __len__(self) -> int:
        return len(self._ready)

    def _step(self) -> None:
        ready = self._ready
        handled = min(len(ready), MAX_STEP)
        for _ in range(handled):
            ready.popleft().handle_next()
        if ready:
            self._call_soon(self._step)
        else:
            self._scheduled = False
        self._drained()
        self._stepped(handled, self._scheduled)
