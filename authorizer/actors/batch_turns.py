"""Batches take turns, and what one does of the loop's time at a stretch is bounded.

A batch has its turn for some thousand lines. Within it the loop goes on with everything else after
every `SLICE_NS`: one slice a step, however many batches there are. A purchase that comes alone
waits for three steps at the most, from being read to being answered, so for three slices.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final

from authorizer.actors.admission import Admission

SLICE_NS: Final = 500_000
"""How long a batch goes on before the loop does everything else that is due, and then goes on."""
AGAIN_SECONDS: Final = 0.001
"""After so long a batch looks again whether there is room for it."""


class Turns:
    """Whose turn it is: first come, first served."""

    def __init__(
        self,
        admission: Admission,
        monotonic_ns: Callable[[], int],
        flush: Callable[[], object],
        yield_core: Callable[[], object],
    ) -> None:
        """What is called at the end of every slice: `flush` has what was appended written.

        `yield_core` lets others run on this core. The kernel's threads that sync the journal are
        bound to it, and would get it when the scheduler takes it from a loop that never sleeps: all
        answers would wait for that.
        """
        self.admission = admission
        self.monotonic_ns = monotonic_ns
        self.flush = flush
        self.yield_core = yield_core
        self.lock = asyncio.Lock()
        self.slices = 0
        """How many there were."""


class Turn:
    """The turn of a batch: `async with Turn(turns) as turn`."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.began_ns = 0
        """When the slice began (monotonic)."""
        self.has_room = True
        """Whether what is decided in this slice can be answered in time."""

    async def __aenter__(self) -> "Turn":
        await self._turns.lock.acquire()
        try:
            await self._begin()
        except BaseException:
            self._turns.lock.release()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns.lock.release()
        self._turns.flush()

    def is_over(self) -> bool:
        """Whether the slice has taken its time."""
        return self._turns.monotonic_ns() - self.began_ns >= SLICE_NS

    async def pause(self) -> None:
        """Let the loop do all else that is due, and begin the next slice."""
        self._turns.flush()
        self._turns.yield_core()
        await asyncio.sleep(0)
        await self._begin()

    async def _begin(self) -> None:
        """Begin a slice once there is room beside the purchases that come alone.

        There is none while one that came now would be answered too late. That is waited for, but no
        longer than a purchase may wait: what is decided after that is declined.
        """
        turns, admission = self._turns, self._turns.admission
        turns.slices += 1
        since_ns = turns.monotonic_ns()
        self.has_room = True
        admission.look_at_disk()
        while admission.under_way and admission.room_ns() < 0:
            if turns.monotonic_ns() - since_ns >= admission.deadline_ns:
                self.has_room = False
                break
            await asyncio.sleep(AGAIN_SECONDS)
            admission.look_at_disk()
        self.began_ns = turns.monotonic_ns()
