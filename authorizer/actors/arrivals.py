"""When a purchase that was just read could first be read.

The loop reads all sockets that are ready in one round, and does its other work between two rounds.
So what it reads has waited for one round at the most, unless the process stood still, nothing came
for a while, or the connection was not yet accepted. Then the system is asked, which knows when the
last bytes of a connection came in.
"""

from collections.abc import Callable
from typing import Protocol

from authorizer.actors.admission import DOUBTFUL_NS, Admission


class Source(Protocol):
    """A connection that purchases are read from."""

    @property
    def is_new(self) -> bool:
        """Whether nothing was read from it before: it may have waited to be accepted."""

    def unread_ns(self) -> int:
        """How long ago its last bytes came in, as the system knows it."""


class Arrivals:
    """The rounds in which purchases are read. `call_soon` is the loop's.

    The admission looks at the disk once a round. `waited` is told how long purchases have waited
    at the most, of each round and of each purchase that the system was asked about.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        admission: Admission,
        waited: Callable[[int], object],
    ) -> None:
        self._call_soon = call_soon
        self._admission = admission
        self._waited = waited
        self.is_reading = False
        """Whether a round is under way."""
        self._began_ns = self._newest_ns = self._earliest_ns = 0

    def since_ns(self, source: Source, read_ns: int) -> int:
        """When the bytes that were read from a source at `read_ns`, which is now, came in.

        At the earliest, where the system was not asked.
        """
        if not self.is_reading:
            self.is_reading = True
            self._began_ns = read_ns
            self._call_soon(self._over)
            self._admission.look_at_disk()
        self._newest_ns = read_ns
        since_ns = self._earliest_ns
        if source.is_new or (
            read_ns - since_ns > DOUBTFUL_NS and self._admission.room_ns() > 0  # else it is late
        ):
            unread_ns = source.unread_ns()
            self._waited(unread_ns)
            since_ns = read_ns - unread_ns
        return since_ns

    def _over(self) -> None:
        self.is_reading = False
        waited_ns = self._newest_ns - self._earliest_ns
        if waited_ns <= DOUBTFUL_NS:  # the system was asked about any that waited longer
            self._waited(waited_ns)
        self._earliest_ns = self._began_ns
