"""Since when a request could have been read.

The loop reads all sockets that are ready in one round, and does its other work between two rounds.
So what it reads has waited for one round at the most, unless the process stood still, nothing came
for a while, or the connection was not yet accepted. Then the system is asked, which knows when the
last bytes of a connection came in.
"""

from collections.abc import Callable
from typing import Final

DOUBTFUL_NS: Final = 25_000_000
"""A round that takes longer leaves too much in doubt: what it holds up is asked for its age."""


class Arrivals:
    """The rounds in which purchases are read. `call_soon` is the loop's."""

    def __init__(
        self, call_soon: Callable[[Callable[[], None]], object], on_round: Callable[[], object]
    ) -> None:
        """`on_round` is called when a round begins."""
        self._call_soon = call_soon
        self._on_round = on_round
        self._reading = False
        self._began_ns = self._earliest_ns = 0

    def age_ns(self, received_ns: int) -> int:
        """How long what was read at `received_ns`, which is now, may have waited, at the most."""
        if not self._reading:
            self._reading = True
            self._began_ns = received_ns
            self._call_soon(self._over)
            self._on_round()
        return received_ns - self._earliest_ns

    def _over(self) -> None:
        self._reading = False
        self._earliest_ns = self._began_ns
