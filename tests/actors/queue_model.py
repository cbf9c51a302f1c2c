"""A loop, a writer and a disk that take known times, as the admission sees them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from authorizer.actors.admission import DECLINE, Admission
from authorizer.actors.run_queue import MAX_STEP

MS = 1_000_000
DEADLINE_NS = 80 * MS
_IDLE_NS = MS // 10


@dataclass
class Purchase:
    """One that was taken."""

    readable_ns: int
    answered_ns: int = 0

    @property
    def took_ns(self) -> int:
        """From when it could be read to its answer."""
        return self.answered_ns - self.readable_ns


@dataclass
class QueueModel:
    """Turns of a loop: read all, handle a step, release a step, decline as many.

    That a batch is written is seen once in a turn, as the loop sees the kernel's sync. So a batch
    is measured to take longer than the disk did, by up to a turn.
    """

    each_ns: int
    sync_ns: int = MS
    now_ns: int = 0
    taken: list[Purchase] = field(default_factory=list)
    declined: int = 0

    def __post_init__(self) -> None:
        self.admission = Admission(DEADLINE_NS, self._ask_disk_ns)
        self._expected_sync_ns = 0.0
        self._due = 0.0
        self._read_ns = 0
        self._inbox: deque[Purchase] = deque()
        self._gathered: list[Purchase] = []
        self._writing: list[Purchase] = []
        self._began_ns = self._written_ns = 0
        self._durable: deque[Purchase] = deque()
        self._turned_away: deque[int] = deque()

    def _ask_disk_ns(self) -> int:
        running_ns = self.now_ns - self._began_ns
        usual_ns = self._expected_sync_ns
        if not self._writing:
            return int(usual_ns)
        left_ns = usual_ns - running_ns if running_ns < usual_ns else running_ns
        return int(usual_ns + left_ns)

    def run(self, length_ns: int, per_second: Callable[[int], float]) -> None:
        """Let purchases come for some time, at a rate that depends on the time."""
        end_ns = self.now_ns + length_ns
        while self.now_ns < end_ns:
            self.turn(per_second(self.now_ns))

    def turn(self, per_second: float) -> None:
        """One turn of the loop."""
        began_ns = self.now_ns
        self._read(per_second)
        handled = min(len(self._inbox), MAX_STEP)
        for _ in range(handled):
            self._gathered.append(self._inbox.popleft())
        self.now_ns += handled * self.each_ns // 2
        self._commit()
        self._release()
        self._decline()
        if self.now_ns - began_ns < _IDLE_NS:
            self.now_ns = began_ns + _IDLE_NS
        if handled:
            self.admission.stepped(self.now_ns, handled, bool(self._inbox))

    def _read(self, per_second: float) -> None:
        since_ns, self._read_ns = self._read_ns, self.now_ns
        self._due += per_second * (self.now_ns - since_ns) / 1e9
        came, self._due = int(self._due), self._due % 1
        self.admission.look_at_disk()
        for number in range(came):
            readable_ns = since_ns + (self.now_ns - since_ns) * number // came
            age_ns = self.now_ns - readable_ns
            if age_ns > self.admission.room_ns() and self.admission.under_way:
                self.admission.turn_away()
                self._turned_away.append(readable_ns)
                continue
            self.admission.under_way += 1
            self.taken.append(Purchase(readable_ns))
            self._inbox.append(self.taken[-1])

    def _commit(self) -> None:
        if self._writing and self.now_ns >= self._written_ns:
            self._durable.extend(self._writing)
            self._writing = []
            self._expected_sync_ns += (self.now_ns - self._began_ns - self._expected_sync_ns) / 4
        if not self._writing and self._gathered:
            self._writing, self._gathered = self._gathered, []
            self._began_ns, self._written_ns = self.now_ns, self.now_ns + self.sync_ns

    def _release(self) -> None:
        count = min(len(self._durable), MAX_STEP)
        self.now_ns += count * self.each_ns // 2
        for _ in range(count):
            self._durable.popleft().answered_ns = self.now_ns
            self.admission.answered()

    def _decline(self) -> None:
        busy = bool(self._inbox or self._durable)
        count = min(len(self._turned_away), MAX_STEP * (1 if busy else 4))
        self.now_ns += int(count * self.each_ns * DECLINE)
        for _ in range(count):
            self._turned_away.popleft()
        self.declined += count
        self.admission.declined(count)

    def stall(self, length_ns: int) -> None:
        """Stand still; requests go on coming."""
        self.now_ns += length_ns
