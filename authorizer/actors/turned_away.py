"""Purchases that were not taken, until they are declined.

Where the loop rests, or waits for the disk only, declines go at once. While it has purchases to
answer they take turns with those: as many declines as purchases, so that neither a flood of
requests nor clients that ask again and again take the time of those that were taken. Declines that
have waited for longer than twice the deadline take more turns: twice as many after twice as long.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from authorizer.actors.admission import Admission
from authorizer.actors.run_queue import MAX_STEP

PATIENCE: Final = 2
"""For how many deadlines declines wait before they take more turns."""
MOST_TURNS: Final = 4.0
"""Declines for each purchase, where they have waited for much too long."""


class Waiting(Protocol):
    """A purchase that waits for its decline."""

    received_ns: int
    """When it could first be read (monotonic)."""


class TurnedAway:
    """The queue of the declines, first come, first served."""

    def __init__(
        self,
        decline: Callable[[Any, int], object],
        call_soon: Callable[[Callable[[], None]], object],
        is_busy: Callable[[], bool],
        admission: Admission,
        monotonic_ns: Callable[[], int],
    ) -> None:
        """`decline` is given the time, too; `is_busy` is whether the loop has other work."""
        self._decline = decline
        self._call_soon = call_soon
        self._is_busy = is_busy
        self._admission = admission
        self._monotonic_ns = monotonic_ns
        self._patience_ns = max(1, PATIENCE * admission.deadline_ns)
        self._waiting: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Have a purchase declined in a later step of the loop."""
        self._admission.turn_away()
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            self._call_soon(self._step)

    def _step(self) -> None:
        waiting, admission = self._waiting, self._admission
        now_ns = self._monotonic_ns()
        waited_ns = now_ns - waiting[0].received_ns
        turns = min(MOST_TURNS, max(1.0, waited_ns / self._patience_ns))
        admission.declines_between = turns
        if not self._is_busy():
            turns = MOST_TURNS
        count = min(len(waiting), int(turns * MAX_STEP))
        for _ in range(count):
            self._decline(waiting.popleft(), now_ns)
        admission.declined(count)
        if waiting:
            self._call_soon(self._step)
