"""Since when a request could have been read.

The loop reads all sockets that are ready in one round, and does its other work between two rounds.
So what it reads has waited for one round at the most, unless the process stood still, nothing came
for a while, or the connection was not yet accepted. Then the system is asked, which knows when the
last bytes of a connection came in.
"""

from collections.abc import Callable


class Arrivals:
    """The rounds in which purchases are read. `call_soon` is the loop's."""

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        on_round: Callable[[], object],
        on_end: Callable[[int], object] = lambda _: None,
    ) -> None:
        """`on_round` is called when a round begins; `on_end`, when it is over.

        That is told how long what was read last may have waited.
        """
        self._call_soon = call_soon
        self._on_round = on_round
        self._on_end = on_end
        self._reading = False
        self._began_ns = self._newest_ns = self._earliest_ns = 0

    def age_ns(self, received_ns: int) -> int:
        """How long what was read at `received_ns`, which is now, may have waited, at the most."""
        if not self._reading:
            self._reading = True
            self._began_ns = received_ns
            self._call_soon(self._over)
            self._on_round()
        self._newest_ns = received_ns
        return received_ns - self._earliest_ns

    def _over(self) -> None:
        self._reading = False
        self._on_end(self._newest_ns - self._earliest_ns)
        self._earliest_ns = self._began_ns
